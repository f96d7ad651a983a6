"""`python -m benchmarks.seen`: what it costs a session to be seen, as a ratio within one run.

Sessions take turns, frame for frame the same: one as it is deployed (its frames' arrivals noted, one in 64 timed), one with all of that taken out; and a third one has the flight recorder as well, which is off by default. A round is one second of full duplex; the medians over many short rounds are
compared, so that what else the machine does falls on both. The path is the service's own: no kernel, no TLS, which a
session in production pays on top, so the share printed here is the largest it can be.
"""

import asyncio
import logging
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import structlog

from benchmarks.frame_path import Step, plain, way_in_and_out
from service.driver import Driver
from service.errors import VoiceError
from service.metrics.recorder import RecordedSession, Recorder
from service.metrics.recording import mask_with
from service.session.arrivals import Arrivals
from service.session.events import ModelEvent
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.wire import client, sonic_output

_ROUNDS: Final = 400
_FRAMES: Final = 31
_PIECES: Final = 25

type NewSession = Callable[[SessionTerms, float], Session]


class _Deaf(Arrivals):
    """Takes note of nothing."""

    def note(self, captured_at_ms: float, now: float) -> None:
        """Not this time."""


class _Unseen(Driver):
    """A driver as it would be without measuring anything."""

    def on_binary(self, frame: bytes) -> None:
        """As in the driver, and nothing else."""
        try:
            message = client.decode_binary(frame, self._subprotocol)
        except VoiceError as error:
            self.on_fault(error)
        else:
            self._feed(message)

    def stream_said(self, stream_id: int, payload: bytes) -> None:
        """As in the driver, and nothing else."""
        self._feed(ModelEvent(stream_id=stream_id, event=sonic_output.decode(payload)))


def _unseen(terms: SessionTerms, now: float) -> Session:
    session = plain(terms, now)
    session._core.upstream.arrivals = _Deaf()  # noqa: SLF001 - the part that is taken out
    return session


def _seen(terms: SessionTerms, now: float) -> Session:
    recorder = Recorder(terms, now=now, began_at_ms=0, mask=mask_with(b"secret"), most_bytes=1 << 30)
    return RecordedSession(terms, recorder, now=now, chance=lambda: 0.5)


def _second(way_in: Step, way_out: Step) -> float:
    """CPU seconds of one second of full duplex."""
    began = time.process_time()
    for at in range(_FRAMES):
        way_in()
        if at < _PIECES:
            way_out()
    return time.process_time() - began


async def added(kind: type[Driver], new_session: NewSession, rounds: int) -> tuple[float, float]:
    """Milliseconds of CPU a second that a session of this kind takes more than one that nobody sees, and what that takes."""
    async with way_in_and_out(kind, new_session) as seen, way_in_and_out(_Unseen, _unseen) as unseen:
        costs: tuple[list[float], list[float]] = ([], [])
        for at in range(rounds):
            order = ((0, seen), (1, unseen)) if at % 2 else ((1, unseen), (0, seen))
            for which, (way_in, way_out) in order:
                costs[which].append(_second(way_in, way_out))
    on_ms, off_ms = (statistics.median(each) * 1_000 for each in costs)
    return on_ms - off_ms, off_ms


def main() -> int:
    """Print what each costs, in itself and as a share of the bare path."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for name, new_session in (("measured", plain), ("measured and recorded", _seen)):
        more_ms, bare_ms = asyncio.run(added(Driver, new_session, _ROUNDS))
        share = 100 * more_ms / bare_ms
        print(f"{name}: {more_ms:+.3f} ms/s a session, {share:+.1f} % of the bare path's {bare_ms:.3f} ms/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
