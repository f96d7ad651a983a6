"""What users may hold and use, kept in records that all processes share (`policies.allowance`).

Whoever cannot be counted is not let in; whoever is in stays, should the store be away for a while.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from service.metrics.logs import logger
from service.policies.allowance import Allowance, Live, Record, Standing
from service.stores.ports import Documents, StoreError, StoreUnavailableError

BEAT_S: Final = 20.0
_CONFLICTS: Final = 10
_log = logger("service.allowances")


class Allowances:
    """The records of all users, as far as this process changes them."""

    def __init__(
        self, allowance: Allowance, documents: Documents, *, wall_clock: Callable[[], float]
    ) -> None:
        self._allowance = allowance
        self._documents = documents
        self._wall_clock = wall_clock

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to count."""
        return self._allowance.is_limited

    async def seconds_until_more(self, user_id: str) -> int | None:
        """How long a user who has used up the day has to wait; None: they may talk. Raises StoreError."""
        if not self._allowance.day_s:
            return None
        record, _ = await self._read(user_id)
        if not self._allowance.is_spent(record, self._day()):
            return None
        return max(1, round(self._midnight() - self._wall_clock()))

    async def enter(self, user_id: str, session: str) -> frozenset[str]:
        """A session begins; the sessions of this user that give way to it. Raises StoreError."""
        if not self.is_limited:
            return frozenset()
        gone: frozenset[str] = frozenset()

        def change(record: Record) -> Record:
            nonlocal gone
            after = self._allowance.enter(record, session, day=self._day(), now=self._wall_clock())
            gone = frozenset(record.live) - frozenset(after.live)
            return after

        await self._change(user_id, change)
        return gone

    async def beat(self, user_id: str, used_s: Mapping[str, float]) -> Mapping[str, Standing]:
        """What sessions of a user have used since the last time; where each stands. Raises StoreError."""
        standings: dict[str, Standing] = {}
        if not self.is_limited:
            return standings

        def change(record: Record) -> Record:
            for session, seconds in used_s.items():
                record, standings[session] = self._allowance.beat(
                    record, session, used_s=seconds, day=self._day(), now=self._wall_clock()
                )
            return record

        await self._change(user_id, change)
        return standings

    async def leave(self, user_id: str, session: str, *, used_s: float) -> None:
        """A session ended. A store that is away forgets it by itself, after a while."""
        if not self.is_limited:
            return
        try:
            await self._change(
                user_id,
                lambda record: self._allowance.leave(record, session, used_s=used_s, day=self._day()),
            )
        except StoreError as error:
            _log.warning("the end of a session was not counted", reason=str(error))

    async def _change(self, user_id: str, change: Callable[[Record], Record]) -> None:
        for _ in range(_CONFLICTS):
            record, version = await self._read(user_id)
            body = orjson.dumps(
                {**asdict(change(record)), "live": {k: asdict(v) for k, v in change(record).live.items()}}
            )
            expires_at = self._needed_until()
            if await self._documents.swap(_name(user_id), version, body, expires_at=expires_at):
                return
            await asyncio.sleep(0)
        raise StoreUnavailableError("the record of a user changed all the time")

    async def _read(self, user_id: str) -> tuple[Record, int]:
        version, body = await self._documents.read(_name(user_id))
        return _record(body), version

    def _needed_until(self) -> float:
        """The day's minutes count until midnight, what lives for as long as it says so; nothing is kept for longer."""
        now = self._wall_clock()
        midnight = self._midnight() if self._allowance.day_s else now
        return max(midnight, now + self._allowance.lease_s)

    def _midnight(self) -> float:
        now = datetime.fromtimestamp(self._wall_clock(), UTC)
        return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def _day(self) -> str:
        return datetime.fromtimestamp(self._wall_clock(), UTC).date().isoformat()


def _name(user_id: str) -> str:
    return f"allowance/{sha256(user_id.encode()).hexdigest()}"


def _record(body: bytes | None) -> Record:
    if body is None:
        return Record()
    try:
        kept: dict[str, Any] = orjson.loads(body)
        live = {name: Live(**held) for name, held in kept["live"].items()}
        return Record(day=kept["day"], used_s=kept["used_s"], live=live)
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.exception("the record of a user could not be read")
        return Record()
