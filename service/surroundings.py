"""What a driver is given: the session that it drives, and what all sessions of a process share."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.allowances import Allowances
from service.places import Places, Unlimited
from service.policies.allowance import Allowance
from service.policies.pressure import Pressure
from service.session.effects import Effect
from service.session.events import Event
from service.session.lane import Lane
from service.stores.memory import MemoryDocuments
from service.stores.ports import ConversationStore
from service.tools.registry import Registry
from service.transports.ports import ModelTransport


class SessionCore(Protocol):
    """What a driver drives: `service.session`, or a stand-in of a test."""

    @property
    def deadline(self) -> float | None:
        """The next instant at which `tick` must be called; None when the session is over."""

    @property
    def lane(self) -> Lane | None:
        """The short way for frames of audio, which needs no event; None: there is none."""

    def can_resume(self, token: str, last_seq: int) -> bool:
        """Whether whoever shows this token, having got so far, takes the session up without a gap."""

    def receive(self, event: Event, now: float) -> Sequence[Effect]:
        """Something happened."""

    def tick(self, now: float) -> Sequence[Effect]:
        """The deadline has come."""


def _unlimited() -> Allowances:
    return Allowances(Allowance(), MemoryDocuments(lambda: 0.0), wall_clock=lambda: 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every session of this process shares."""

    model: ModelTransport
    tools: Registry
    clock: Callable[[], float]
    close_timeout_s: float
    places: Places = field(default_factory=Unlimited)
    allowances: Allowances = field(default_factory=_unlimited)
    store: ConversationStore | None = None
    store_timeout_s: float = 3.0
    stopwatch: Callable[[], float] = time.perf_counter
    """Finer than the clock, which stands still while one event is dealt with."""
    pressure: Pressure = field(default_factory=Pressure)
