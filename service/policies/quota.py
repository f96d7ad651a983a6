"""Who gets one of the account's model streams, of which there are few?

All tasks keep one ledger: how many streams each of them holds, and since when who waits there. Every change is made
here, by one task at a time; a task that says nothing any more loses what it held.

New conversations get the larger share. The rest is kept for those that go on: a stream that takes over from another
needs two for a moment, and a conversation that lost its task must not queue behind strangers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one task holds, and who waits there; instants are on the wall clock."""

    until: float
    """When it loses all of that, unless it says more."""
    places: int = 0
    """Streams of conversations, one each."""
    extra: int = 0
    """Second streams of conversations."""
    waiting: Sequence[float] = ()
    """Since when each waits, the longest first."""

    @property
    def streams(self) -> int:
        """All of them."""
        return self.places + self.extra


type Ledger = Mapping[str, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one task holds and wants."""

    places: int
    extra: int
    urgent: int = 0
    """Conversations that go on, and wait for a place."""
    extra_wanted: int = 0
    waiting: Sequence[float] = ()
    """New conversations, by their arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What it gets in addition; `positions` of those who still wait, in the order of `waiting`."""

    urgent: int = 0
    extra: int = 0
    places: int = 0
    positions: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many there are."""

    streams: int
    """Of the account in its Region."""
    reserve_share: float = 0.2
    lease_s: float = 30.0
    """How long a task keeps what it holds without saying so."""
    most_waiting: int = 200
    """Of one task, in the ledger; those behind them are counted when these are gone."""

    @property
    def for_new(self) -> int:
        """Up to here a new conversation gets a stream."""
        return max(1, int(self.streams * (1 - self.reserve_share)))

    def settle(self, ledger: Ledger, task: str, demand: Demand, now: float) -> tuple[Ledger, Granted]:
        """The ledger with this task's new share, and what it gets."""
        others = {name: share for name, share in ledger.items() if name != task and share.until > now}
        used = sum(share.streams for share in others.values()) + demand.places + demand.extra
        urgent = min(demand.urgent, max(0, self.streams - used))
        extra = min(demand.extra_wanted, max(0, self.streams - used - urgent))
        free = max(0, self.for_new - used - urgent - extra)
        elsewhere = sorted((at, name) for name, share in others.items() for at in share.waiting)
        ranks = [
            index + sum(other < (at, task) for other in elsewhere) for index, at in enumerate(demand.waiting)
        ]
        places = sum(rank < free for rank in ranks)
        granted = Granted(
            urgent=urgent,
            extra=extra,
            places=places,
            positions=[rank - places + 1 for rank in ranks[places:]],
        )
        mine = Share(
            until=now + self.lease_s,
            places=demand.places + urgent + places,
            extra=demand.extra + extra,
            waiting=tuple(demand.waiting[places : places + self.most_waiting]),
        )
        return {**others, task: mine}, granted
