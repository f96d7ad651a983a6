"""The model streams this process holds of the account's, and who waits for one.

One round after the other: what is held and wanted goes into the ledger that all processes share (`policies.quota`), and
what is granted is handed out in the order of arrival. Giving back is cheap and needs no answer. A store that is away
changes nothing for those who have a stream, and gives none to anybody else.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from service.metrics.logs import logger
from service.policies.quota import Demand, Granted, Ledger, Quota, Share
from service.stores.ports import Documents, StoreError

_NAME: Final = "streams"
_BEAT_S: Final = 8.0
_WAITING_BEAT_S: Final = 1.0
_CONFLICTS: Final = 8
_KEPT_S: Final = 3_600.0
_log = logger("service.places")


class Places(Protocol):
    """Streams to be had, one at a time."""

    async def place(self, *, urgent: bool, on_position: Callable[[int], None]) -> None:
        """Wait for a stream for a conversation; `on_position` hears how many are in front, and oneself."""

    def leave(self) -> None:
        """Give it back."""

    async def extra(self) -> bool:
        """A second stream for a conversation that has one; False: not now."""

    def leave_extra(self) -> None:
        """Give it back."""


class Unlimited:
    """As many as anybody wants."""

    async def place(self, *, urgent: bool, on_position: Callable[[int], None]) -> None:
        """At once."""

    def leave(self) -> None:
        """Nobody counts."""

    async def extra(self) -> bool:
        """At once."""
        return True

    def leave_extra(self) -> None:
        """Nobody counts."""


@dataclass(eq=False, slots=True, kw_only=True)
class _Waiter:
    since: float
    on_position: Callable[[int], None]
    granted: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    position: int = 0


class SharedPlaces:
    """The streams of one quota, shared by all processes."""

    def __init__(
        self, quota: Quota, documents: Documents, *, task: str, wall_clock: Callable[[], float]
    ) -> None:
        """`task` names this process in the ledger."""
        self._quota = quota
        self._documents = documents
        self._task = task
        self._wall_clock = wall_clock
        self._places = 0
        self._extra = 0
        self._new: list[_Waiter] = []
        self._urgent: list[_Waiter] = []
        self._seconds: list[_Waiter] = []
        self._changed = asyncio.Event()

    async def place(self, *, urgent: bool, on_position: Callable[[int], None]) -> None:
        """See the port."""
        await self._wait(self._urgent if urgent else self._new, on_position, self.leave)

    def leave(self) -> None:
        """See the port."""
        self._places -= 1
        self._changed.set()

    async def extra(self) -> bool:
        """See the port."""
        return await self._wait(self._seconds, lambda _: None, self.leave_extra)

    def leave_extra(self) -> None:
        """See the port."""
        self._extra -= 1
        self._changed.set()

    async def run(self) -> None:
        """Settle again and again, until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self._settle()
            except StoreError as error:
                _log.warning("the ledger of streams cannot be had", reason=str(error))
                # Conversations that go on do not end for want of a count.
                self._extra += _grant(self._seconds, [*self._seconds])
            except Exception:  # noqa: BLE001 - without rounds nobody would ever get a stream again
                _log.exception("settling the ledger of streams failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(_WAITING_BEAT_S if self._new or self._urgent else _BEAT_S):
                    await self._changed.wait()

    async def _wait(
        self, line: list[_Waiter], on_position: Callable[[int], None], give_back: Callable[[], None]
    ) -> bool:
        waiter = _Waiter(since=self._wall_clock(), on_position=on_position)
        line.append(waiter)
        self._changed.set()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            if waiter in line:
                line.remove(waiter)
            elif waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.result():
                give_back()
            raise

    async def _settle(self) -> None:
        for _ in range(_CONFLICTS):
            version, body = await self._documents.read(_NAME)
            demand = Demand(
                places=self._places,
                extra=self._extra,
                urgent=len(self._urgent),
                extra_wanted=len(self._seconds),
                waiting=[waiter.since for waiter in self._new],
            )
            lines = [*self._urgent], [*self._seconds], [*self._new]
            now = self._wall_clock()
            ledger, granted = self._quota.settle(_decode(body), self._task, demand, now)
            if await self._documents.swap(_NAME, version, _encode(ledger), expires_at=now + _KEPT_S):
                self._hand_out(granted, *lines)
                return
        self._changed.set()

    def _hand_out(
        self, granted: Granted, urgent: list[_Waiter], seconds: list[_Waiter], new: list[_Waiter]
    ) -> None:
        """Whoever left the line meanwhile gives back with the next round."""
        self._places += _grant(self._urgent, urgent[: granted.urgent]) + _grant(
            self._new, new[: granted.places]
        )
        self._extra += _grant(self._seconds, seconds[: granted.extra])
        self._refuse_seconds()
        for waiter, position in zip(new[granted.places :], granted.positions, strict=True):
            if waiter.position != position and not waiter.granted.done():
                waiter.position = position
                waiter.on_position(position)

    def _refuse_seconds(self) -> None:
        """Nobody waits for a second stream: there is time to ask again."""
        line, self._seconds = self._seconds, []
        for waiter in line:
            if not waiter.granted.done():
                waiter.granted.set_result(False)


def _grant(line: list[_Waiter], first: list[_Waiter]) -> int:
    there = [waiter for waiter in first if waiter in line and not waiter.granted.done()]
    for waiter in there:
        line.remove(waiter)
        waiter.granted.set_result(True)
    return len(there)


def _encode(ledger: Ledger) -> bytes:
    return orjson.dumps(
        {
            task: {
                "until": share.until,
                "places": share.places,
                "extra": share.extra,
                "waiting": list(share.waiting),
            }
            for task, share in ledger.items()
        }
    )


def _decode(body: bytes | None) -> Ledger:
    """The ledger; one that cannot be read is begun anew, and every task writes its share again within seconds."""
    try:
        document: dict[str, Any] = orjson.loads(body or b"{}")
        return {task: Share(**share) for task, share in document.items()}
    except (ValueError, TypeError, AttributeError):
        _log.exception("the ledger of streams could not be read")
        return {}
