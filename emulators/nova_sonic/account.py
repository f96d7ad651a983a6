"""The AWS account the emulator plays: who may call, how many streams at once, and what was counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

DEFAULT_ACCESS_KEY: Final = "AKIDEMULATOR0EXAMPLE"
DEFAULT_SECRET: Final = "emulator-secret-access-key-example"  # noqa: S105 - public by design, it opens nothing but this emulator
DEFAULT_QUOTA: Final = 20
"""Concurrent streams of one account and Region, the default of the real quota."""

QUOTA_MESSAGE: Final = "Too many requests, please wait before trying again."


@dataclass(slots=True)
class Counters:
    """What happened since the start; every field is in `GET /status`."""

    connections: int = 0
    streams_opened: int = 0
    streams_refused: int = 0
    streams_peak: int = 0
    events_in: int = 0
    events_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    signatures_refused: int = 0
    chunks_refused: int = 0
    faults_fired: int = 0
    exceptions: Counter[str] = field(default_factory=Counter)
    """Exceptions answered, before and inside streams, by name."""

    def as_json(self) -> Mapping[str, object]:
        # asdict() would rebuild the Counter from pairs, and so count the pairs.
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


class Account:
    """Access keys, the quota on concurrent streams, and the counters."""

    def __init__(self, *, credentials: Mapping[str, str], quota: int = DEFAULT_QUOTA) -> None:
        self.credentials = dict(credentials)
        self.quota = quota
        self.counters = Counters()
        self._open_streams = 0

    @property
    def open_streams(self) -> int:
        return self._open_streams

    def take_stream(self) -> bool:
        """Occupy one stream of the quota; false when all are taken."""
        if self._open_streams >= self.quota:
            return False
        self._open_streams += 1
        self.counters.streams_opened += 1
        self.counters.streams_peak = max(self.counters.streams_peak, self._open_streams)
        return True

    def give_back_stream(self) -> None:
        """Release what `take_stream` occupied."""
        self._open_streams -= 1
