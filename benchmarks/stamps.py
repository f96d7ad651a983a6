"""Send times carried inside audio, and the delays read from them.

A stamped piece of PCM begins with eight bytes of mark and eight bytes of the sender's monotonic clock. All processes
of a benchmark share one machine, and with it that clock.
"""

import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

_MARK: Final = b"\x7fSTAMP\x7f\x01"
_STAMP: Final = struct.Struct("<8sq")
STAMP_BYTES: Final = _STAMP.size
# Delays beyond this are all the same: far too late.
_SLOTS_MS: Final = 2000
_SLOTS_PER_MS: Final = 50


# A timer of the event loop has a grain of a millisecond; what is later than that was kept from sending.
_GRAIN_NS: Final = 2_000_000


def stamp(due_at: float | None = None) -> bytes:
    """The instant of sending; `due_at` instead, on the same clock in seconds, when the sender came too late for it.

    So a sender that stands still, or waits for a slow receiver, hides no delay: coordinated omission is counted.
    """
    now_ns = time.monotonic_ns()
    if due_at is not None and now_ns - (due_ns := int(due_at * 1e9)) > _GRAIN_NS:
        now_ns = due_ns
    return _STAMP.pack(_MARK, now_ns)


def delay_ms(pcm: bytes, *, offset: int = 0) -> float | None:
    """How long ago this piece was stamped; None if it was not."""
    if len(pcm) - offset < STAMP_BYTES or not pcm.startswith(_MARK, offset):
        return None
    return (time.monotonic_ns() - int(_STAMP.unpack_from(pcm, offset)[1])) / 1e6


@dataclass(slots=True)
class Delays:
    """Many delays in little memory: counts in steps of a fiftieth of a millisecond."""

    counts: list[int] = field(default_factory=lambda: [0] * (_SLOTS_MS * _SLOTS_PER_MS + 1))

    def add(self, delay: float) -> None:
        self.counts[min(_SLOTS_MS * _SLOTS_PER_MS, max(0, int(delay * _SLOTS_PER_MS)))] += 1

    def clear(self) -> None:
        self.counts = [0] * len(self.counts)

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The delay in ms that this share of all stayed under; None if there were none."""
        below, total = 0, self.total
        for slot, count in enumerate(self.counts):
            below += count
            if below and below >= share * total:
                return (slot + 1) / _SLOTS_PER_MS
        return None

    def as_json(self) -> Mapping[str, Sequence[int]]:
        return {
            "slots": [slot for slot, count in enumerate(self.counts) if count],
            "counts": [c for c in self.counts if c],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        delays = cls()
        for slot, count in zip(document["slots"], document["counts"], strict=True):
            delays.counts[slot] = count
        return delays
