"""The short way through a session for a frame of audio that changes nothing but sums.

Nearly every frame is one: the session stands in the middle of a conversation, and the frame is the next in its row.
Such a frame moves what the events `Audio` and `ModelEvent` would have moved, without an event or an effect being made
for it. Whatever is not plain is declined untouched, and takes the way of everything else.

A frame that was taken here lets no timer come sooner than the one that is armed: the keep-alive of the frames before is
due within a few seconds, and what a frame may newly bring about (the model found deaf) is due later than that. So
whoever drives the session need not ask for `deadline` after it.
"""

from typing import Final

from service.session.client_side import ACK_EVERY_S
from service.session.core import Core
from service.session.effects import State
from service.session.upstream import Phase
from service.wire.sonic_input import AudioBlock

_SEQUENCES: Final = 2**32
_BYTES_PER_SAMPLE: Final = 2


def _is_awake(core: Core) -> bool:
    """Whether the keep-alive comes before the acknowledgement that a first frame since the last one brings about."""
    fed_until = core.upstream.fed_until
    return fed_until + core.terms.keep_alive.grace_s <= core.acked_at + ACK_EVERY_S


class Lane:
    """See the module."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def stream_id(self) -> int:
        """The stream that hears what `hear` took."""
        return self._core.upstream.stream_id

    def hear(self, sequence: int, captured_at_ms: float, pcm: bytes, now: float) -> AudioBlock | None:
        """A frame of the client's: the block in which to send it to the model; None when it was not taken."""
        core = self._core
        upstream = core.upstream
        state = core.state
        turn = core.turn
        size = len(pcm)
        if (
            sequence != core.next_sequence
            or now - core.acked_at >= ACK_EVERY_S
            or (core.unacked is None and not _is_awake(core))
            or not core.counts.kinds
            or core.leaving is not None
            or not size
            or (state is State.LISTENING and turn is None)
            or state is State.CONNECTING
            or state is State.OVER
            or not upstream.hears_at_once(now)
        ):
            return None
        terms = core.terms
        audio_s = size / (_BYTES_PER_SAMPLE * terms.input_rate_hz)
        # Refused tokens stay where they are: the long way is refused them again, and says so.
        if not core.audio_bucket.take(max(audio_s, terms.rates.shortest_frame_s), now):
            return None
        core.next_sequence = (sequence + 1) % _SEQUENCES
        core.counts.frames += 1
        if state is State.LISTENING and turn is not None:
            turn.audio_s += audio_s
            turn.last_audio_at = now
            if core.hearing.listen(pcm, now):
                turn.is_loud = True
        core.unacked = sequence
        upstream.arrivals.note(captured_at_ms, now)
        return upstream.heard_at_once(pcm, audio_s, terms, now)

    def speak(self, stream_id: int, content_id: str, pcm: bytes, now: float) -> tuple[int, int] | None:
        """A piece of the running reply: its reply and position; None when it was not taken."""
        core = self._core
        upstream = core.upstream
        reply = core.reply
        if (
            core.state is not State.SPEAKING
            or reply is None
            or stream_id != upstream.stream_id
            or reply.is_complete
            or core.leaving is not None
            or content_id not in reply.blocks
            or not core.counts.kinds
            or not pcm
            or (upstream.phase is not Phase.LIVE and upstream.phase is not Phase.ENDED)
            or core.discard.takes(content_id)
        ):
            return None
        core.hearing.reacted()
        core.counts.pieces += 1
        core.owed_since = now
        return reply.response_id, reply.add(pcm, now)
