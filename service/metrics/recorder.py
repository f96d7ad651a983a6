"""The flight recorder: a session that writes down everything that happens to it, compressed and bounded.

The last recordings of a process are kept in its memory. When one has grown to its bound it ends there and says so:
what is kept is the beginning, from which alone it can be replayed.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from service.metrics.recording import Mask, encode, sparing
from service.session.effects import Effect, State, TurnEnded
from service.session.events import Event, ModelEvent
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.wire.client import Audio
from service.wire.sonic_output import AudioOutput

FORMAT: Final = 1
_CHUNK_LINES: Final = 1_000
_LEVEL_EVERY: Final = 3
_LEVEL_SAMPLES: Final = 24


class Recorder:
    """Lines of one session: a head, then what happened, in order."""

    def __init__(
        self,
        terms: SessionTerms,
        *,
        now: float,
        began_at_ms: int,
        mask: Mask,
        most_bytes: int,
        user_id: str = "",
    ) -> None:
        """`user_id` is whose session it is; it is not written down."""
        self.session_id = terms.session_id
        self.user_id = user_id
        self.began_at_ms = began_at_ms
        self.is_truncated = False
        # Whether a tool is one of ours decides what happens.
        self._mask = sparing({tool.name for tool in terms.tools}, mask)
        self._most_bytes = most_bytes
        self._compress = zlib.compressobj(1)
        self._done = bytearray()
        self._lines: list[str] = []
        self._frames = 0
        head = {"format": FORMAT, "beganAtMs": began_at_ms, "now": now, "terms": encode(terms, self._mask)}
        self._lines.append(orjson.dumps(head).decode())

    def event(self, event: Event, now: float) -> None:
        """Something happened."""
        if self.is_truncated:
            return
        if isinstance(event, Audio):
            self._frames += 1
            level = _level(event.pcm) if not self._frames % _LEVEL_EVERY else -1
            sequence = -1 if event.sequence is None else event.sequence
            captured = event.captured_at_ms
            self._line(
                f'["a",{now!r},{len(event.pcm)},{sequence},{"null" if captured is None else repr(captured)},'
                f"{int(event.end_of_utterance)},{level}]"
            )
        elif isinstance(event, ModelEvent) and isinstance(event.event, AudioOutput):
            pcm = event.event.pcm
            content = orjson.dumps(event.event.content_id).decode()
            self._line(f'["m",{now!r},{event.stream_id},{content},{len(pcm)},{_level(pcm)}]')
        else:
            self._line(orjson.dumps(["e", now, encode(event, self._mask)]).decode())

    def tick(self, now: float) -> None:
        """The deadline came."""
        self._line(f'["t",{now!r}]')

    def draw(self, value: float) -> float:
        """Chance said this."""
        self._line(f'["j",{value!r}]')
        return value

    def state(self, state: State, now: float) -> None:
        """The session is now in this state."""
        self._line(f'["s",{now!r},"{state.value}"]')

    def turn(self, turn: TurnEnded, now: float) -> None:
        """A turn is over: what it took and cost, for whoever reads the recording without replaying it."""
        waterfall = None
        if turn.waterfall is not None:
            waterfall = {**turn.waterfall.parts, "total_ms": turn.waterfall.total_ms}
        figures = {"outcome": turn.outcome.value, "cost_nano_usd": turn.cost_nano_usd, "waterfall": waterfall}
        self._line(orjson.dumps(["f", now, turn.turn, figures]).decode())

    def _line(self, line: str) -> None:
        if self.is_truncated:
            return
        self._lines.append(line)
        if len(self._lines) >= _CHUNK_LINES:
            self._pack()

    def _pack(self) -> None:
        lines, self._lines = self._lines, []
        self._done += self._compress.compress("\n".join([*lines, ""]).encode())
        if len(self._done) > self._most_bytes:
            self.is_truncated = True

    def document(self) -> bytes:
        """Everything so far, as lines of JSON; recording goes on."""
        self._pack()
        packer = self._compress.copy()
        text = zlib.decompress(bytes(self._done) + packer.flush())
        return text + b'["truncated"]\n' if self.is_truncated else text


def _level(pcm: bytes) -> int:
    """The peak of a few samples, 0 to 32767: enough to draw a waveform and too little to hear anything."""
    if len(pcm) < 2:
        return 0
    samples = memoryview(pcm).cast("h")[:: max(1, len(pcm) // 2 // _LEVEL_SAMPLES)].tolist()
    return min(32_767, max(*samples, -min(samples)))


class RecordedSession(Session):
    """A session that is recorded; for whoever drives it there is no difference."""

    def __init__(
        self, terms: SessionTerms, recorder: Recorder, *, now: float, chance: Callable[[], float]
    ) -> None:
        super().__init__(terms, now=now, jitter=lambda: recorder.draw(chance()))
        self._recorder = recorder
        self._recorded_state = self.state

    @property
    def lane(self) -> None:
        """Everything is written down, so everything is an event."""

    def receive(self, event: Event, now: float) -> Sequence[Effect]:
        """See `Session`."""
        self._recorder.event(event, now)
        return self._seen(super().receive(event, now), now)

    def tick(self, now: float) -> Sequence[Effect]:
        """See `Session`."""
        self._recorder.tick(now)
        return self._seen(super().tick(now), now)

    def _seen(self, effects: Sequence[Effect], now: float) -> Sequence[Effect]:
        if self.state is not self._recorded_state:
            self._recorded_state = self.state
            self._recorder.state(self._recorded_state, now)
        for effect in effects:
            if type(effect) is TurnEnded:
                self._recorder.turn(effect, now)
        return effects


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recording in a list."""

    session_id: str
    began_at_ms: int
    is_truncated: bool


class Recordings:
    """The newest recordings of this process, by session."""

    def __init__(
        self,
        *,
        most: int,
        most_bytes: int,
        new_mask: Callable[[], Mask],
        wall_clock: Callable[[], float],
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._new_mask = new_mask
        self._wall_clock = wall_clock
        self._recorders: OrderedDict[str, Recorder] = OrderedDict()

    def session(
        self, terms: SessionTerms, *, user_id: str, now: float, chance: Callable[[], float]
    ) -> Session:
        """A session, recorded if recordings are kept at all."""
        if not self._most:
            return Session(terms, now=now, jitter=chance)
        recorder = Recorder(
            terms,
            now=now,
            began_at_ms=round(self._wall_clock() * 1_000),
            mask=self._new_mask(),
            most_bytes=self._most_bytes,
            user_id=user_id,
        )
        self._recorders[terms.session_id] = recorder
        while len(self._recorders) > self._most:
            self._recorders.popitem(last=False)
        return RecordedSession(terms, recorder, now=now, chance=chance)

    def forget(self, user_id: str) -> None:
        """Nothing that this user did can be seen again; a session that still goes on is not kept either."""
        for session_id in [one.session_id for one in self._recorders.values() if one.user_id == user_id]:
            del self._recorders[session_id]

    def kept(self) -> Sequence[Kept]:
        """What there is, the newest first."""
        return [
            Kept(session_id=one.session_id, began_at_ms=one.began_at_ms, is_truncated=one.is_truncated)
            for one in reversed(self._recorders.values())
        ]

    def document(self, session_id: str) -> bytes | None:
        """A recording; None when it is not here."""
        recorder = self._recorders.get(session_id)
        return None if recorder is None else recorder.document()
