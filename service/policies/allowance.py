"""How many sessions may a user hold at once, and for how long may they talk in a day?

One small record a user, shared by all tasks. The newest session wins: the oldest gives way when there are too many.
Sessions say now and then that they still live; one that says nothing any more is not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One session; instants are on the wall clock."""

    since: float
    until: float
    """When it is not counted any more, unless it says that it lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one user holds, and has used on one day."""

    day: str = ""
    used_s: float = 0.0
    live: Mapping[str, Live] = field(default_factory=lambda: MappingProxyType({}))


class Standing(Enum):
    """What a session that says it lives is told."""

    GOES_ON = "it goes on"
    GAVE_WAY = "a newer session of this user took its place"
    SPENT = "the user has talked for as long as one may in a day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Of every user; 0: no limit."""

    sessions: int = 0
    day_s: float = 0.0
    lease_s: float = 60.0

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to count."""
        return self.sessions > 0 or self.day_s > 0

    def is_spent(self, record: Record, day: str) -> bool:
        """Whether the user may talk no more on this day."""
        return self.day_s > 0 and record.day == day and record.used_s >= self.day_s

    def enter(self, record: Record, session: str, *, day: str, now: float) -> Record:
        """The record with one more session, and without the oldest if there are too many."""
        live = {name: held for name, held in record.live.items() if held.until > now and name != session}
        while self.sessions and len(live) >= self.sessions:
            del live[min(live, key=lambda name: (live[name].since, name))]
        live[session] = Live(since=now, until=now + self.lease_s)
        return replace(_on(record, day), live=live)

    def beat(
        self, record: Record, session: str, *, used_s: float, day: str, now: float
    ) -> tuple[Record, Standing]:
        """The record with what a session has used since the last time, and where the session stands."""
        record = _on(record, day)
        record = replace(record, used_s=record.used_s + used_s)
        held = record.live.get(session)
        if held is None and self.sessions and len(record.live) >= self.sessions:
            return record, Standing.GAVE_WAY
        since = now if held is None else held.since
        live = {**record.live, session: Live(since=since, until=now + self.lease_s)}
        standing = Standing.SPENT if self.is_spent(record, day) else Standing.GOES_ON
        return replace(record, live=live), standing

    def leave(self, record: Record, session: str, *, used_s: float, day: str) -> Record:
        """The record without a session that ended."""
        record = _on(record, day)
        live = {name: held for name, held in record.live.items() if name != session}
        return replace(record, used_s=record.used_s + used_s, live=live)


def _on(record: Record, day: str) -> Record:
    """A new day begins with nothing used."""
    return record if record.day == day else replace(record, day=day, used_s=0.0)
