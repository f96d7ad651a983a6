"""Coming back after a lost connection (docs/protocol.md, "Coming back"): what to show, what to send again, when to try."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from talk.protocol import FRAME_BYTES, INPUT_RATE_HZ, Ack, FromServer, Ready, Transcript, Turn

KEPT_S: Final = 5.0
_KEPT_FRAMES: Final = round(KEPT_S * INPUT_RATE_HZ * 2 / FRAME_BYTES)
# A close with one of these was no decision of the service; it is as if the network had gone.
LOST: Final = frozenset({None, 1006, 1012})
_GO_ELSEWHERE: Final = 4503
_GOING_AWAY: Final = "going_away"
_SEQUENCES: Final = 2**32


@dataclass(slots=True, kw_only=True)
class _Written:
    """Words that were typed, until their turn is over."""

    text: str
    turn: int | None = None
    """Its number, once the service has told that it has read them."""
    saved_as: int
    """The lowest number that their turn can have."""


@dataclass(slots=True, kw_only=True)
class Resumption:
    """What a client must remember to come back. Pure."""

    session_id: str | None = None
    token: str | None = None
    last_seq: int = 0
    _unacknowledged: deque[tuple[int, str | bytes]] = field(
        default_factory=lambda: deque(maxlen=_KEPT_FRAMES)
    )
    _written: list[_Written] = field(default_factory=list)
    _last_turn: int = 0
    """The newest turn that was heard of."""

    def sent(self, sequence: int, frame: str | bytes) -> None:
        """A frame went out, or would have; `sequence` counts on without end."""
        self._unacknowledged.append((sequence, frame))

    def typed(self, text: str) -> None:
        """Words went out, or would have."""
        self._written.append(_Written(text=text, saved_as=self._last_turn + 1))

    def heard(self, message: FromServer, seq: int | None) -> None:
        """The server said something."""
        if seq is not None:
            self.last_seq = seq
        match message:
            case Ready(session_id=session_id, resume_token=token):
                self.session_id, self.token = session_id, token
                self._go_on(message)
            case Ack(sequence=sequence):
                self._acknowledge(sequence)
            case Transcript(turn=turn, role="user", text=text):
                self._last_turn = max(self._last_turn, turn)
                self._read(text, turn)
            case Turn(turn=turn):
                self._last_turn = max(self._last_turn, turn)
                self._written = [written for written in self._written if written.turn != turn]
            case _:
                pass

    def _read(self, text: str, turn: int) -> None:
        for written in self._written:
            if written.turn is None and written.text == text:
                written.turn = turn
                return

    def _go_on(self, ready: Ready) -> None:
        """Another process knows of no turn that was not saved, whatever the lost one had told of it."""
        if ready.resumed:
            return
        self._last_turn = ready.last_turn
        self._written = [
            _Written(text=written.text, saved_as=ready.last_turn + 1)
            for written in self._written
            if (written.turn or written.saved_as) > ready.last_turn
        ]

    def _acknowledge(self, sequence: int) -> None:
        while self._unacknowledged:
            # On the wire the number wraps.
            ahead = (self._unacknowledged[0][0] - sequence) % _SEQUENCES
            if 0 < ahead < _SEQUENCES // 2:
                return
            self._unacknowledged.popleft()

    def may_come_back(self, close_code: int | None, reason: str | None = None) -> bool:
        """Whether there is a session to take up again, here or where a process that leaves sends its clients."""
        return (close_code in LOST or is_sent_on(close_code, reason)) and self.token is not None

    def claim(self, played: tuple[int, int] | None) -> dict[str, Any]:
        """`start.resume`; `played` is a reply and how many ms of it were heard."""
        claim: dict[str, Any] = {
            "sessionId": self.session_id,
            "resumeToken": self.token,
            "lastSeq": self.last_seq,
        }
        if played is not None:
            claim["played"] = {"responseId": played[0], "positionMs": played[1]}
        return claim

    def frames_to_repeat(self, after: int) -> Sequence[tuple[int, str | bytes]]:
        """The newest audio that nobody has confirmed, behind this frame, each piece with its number."""
        return [(sequence, frame) for sequence, frame in self._unacknowledged if sequence > after]

    def texts_to_repeat(self) -> Sequence[str]:
        """What was typed and never told as read; the service tells that before `ready`, so that nothing is said twice."""
        return [written.text for written in self._written if written.turn is None]


def is_sent_on(close_code: int | None, reason: str | None) -> bool:
    """Whether a process that leaves sends its clients to another one, each at a moment that it has chosen itself."""
    return close_code == _GO_ELSEWHERE and reason == _GOING_AWAY


def waits_s(
    draw: float,
    *,
    is_expected: bool = False,
    first_s: float = 0.5,
    longest_s: float = 15.0,
    patience_s: float = 60.0,
) -> Iterator[float]:
    """How long to wait before each try; `draw`, from 0 to 1, spreads clients that lost their connections together.

    Who `is_expected` was spread already, and tries at once.
    """
    ceiling_s, waited_s = first_s, 0.0
    if is_expected:
        yield 0.0
    while waited_s < patience_s:
        yield ceiling_s * draw
        # What a try itself takes is not counted; a draw of nothing must not mean tries without end.
        waited_s += max(ceiling_s * draw, first_s)
        ceiling_s = min(longest_s, ceiling_s * 2)
