"""`python -m service.replay FILE`: a recorded session happens again, offline, and says what it was.

The session is the product's own: given the same events at the same instants and the same chance, it goes through the
same states, or this says where it did not.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from service.metrics.recorder import FORMAT
from service.metrics.recording import decode
from service.policies.prices import usd
from service.session.effects import Effect, SendToClient, State, TurnEnded
from service.session.events import Event, ModelEvent
from service.session.machine import Session
from service.wire.client import Audio
from service.wire.server import Error, Stage, Transcript
from service.wire.sonic_output import AudioOutput

_IMPOSSIBLE: Final = 2
_BAR: Final = 40


class NoRecordingError(ValueError):
    """Raised with the sentence that says why a file cannot be replayed."""


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What came out."""

    session_id: str
    began_at_ms: int
    states: list[tuple[float, str]] = field(default_factory=list)
    recorded_states: list[tuple[float, str]] = field(default_factory=list)
    said: list[tuple[float, Transcript]] = field(default_factory=list)
    turns: list[tuple[float, TurnEnded]] = field(default_factory=list)
    errors: list[tuple[float, Error]] = field(default_factory=list)
    is_truncated: bool = False

    @property
    def is_same(self) -> bool:
        """Whether it went through the states it went through then."""
        return self.states == self.recorded_states


def replay(document: bytes) -> Replayed:
    """Let it happen again; raises NoRecordingError."""
    try:
        lines = [orjson.loads(line) for line in document.splitlines() if line]
        head, *rest = lines
        terms = decode(_of_this_format(head)["terms"])
        draws = iter([line[1] for line in rest if line[0] == "j"])
        replayed = Replayed(session_id=terms.session_id, began_at_ms=head["beganAtMs"])
        began = float(head["now"])
        session = Session(terms, now=began, jitter=lambda: next(draws, 0.5))
        for line in rest:
            _step(session, line, began, replayed)
    except NoRecordingError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise NoRecordingError(f"this is no recording of a session: {error}") from error
    return replayed


def _of_this_format(head: dict[str, Any]) -> dict[str, Any]:
    if head["format"] != FORMAT:
        raise NoRecordingError(f"the recording has format {head['format']!r}; this reads {FORMAT}")
    return head


def _step(session: Session, line: Sequence[Any], began: float, replayed: Replayed) -> None:
    match line:
        case ["s", at, state]:
            replayed.recorded_states.append((round(at - began, 6), state))
        case ["t", at]:
            _note(session, session.tick(at), at - began, replayed)
        case ["truncated"]:
            replayed.is_truncated = True
        case ["j", _] | ["f", *_]:
            pass  # chance is drawn where it is needed; figures are found out anew
        case [_, at, *_]:
            _note(session, session.receive(_event(line), at), at - began, replayed)
        case _:
            raise NoRecordingError(f"a recording has no line like {str(line)[:64]}")


def _event(line: Sequence[Any]) -> Event:
    match line:
        case ["a", _, size, sequence, captured, end, _]:
            return Audio(
                pcm=bytes(size),
                end_of_utterance=bool(end),
                sequence=None if sequence < 0 else sequence,
                captured_at_ms=captured,
            )
        case ["m", _, stream_id, content_id, size, _]:
            return ModelEvent(stream_id=stream_id, event=AudioOutput(content_id=content_id, pcm=bytes(size)))
        case ["e", _, raw]:
            event: Event = decode(raw)
            return event
        case _:
            raise NoRecordingError(f"a recording has no line like {str(line)[:64]}")


def _note(session: Session, effects: Sequence[Effect], at_s: float, replayed: Replayed) -> None:
    before = replayed.states[-1][1] if replayed.states else State.CONNECTING.value
    if session.state.value != before:
        replayed.states.append((round(at_s, 6), session.state.value))
    for effect in effects:
        match effect:
            case SendToClient(message=Transcript() as transcript):
                replayed.said.append((at_s, transcript))
            case SendToClient(message=Error() as error):
                replayed.errors.append((at_s, error))
            case TurnEnded():
                replayed.turns.append((at_s, effect))
            case _:
                pass


def report(replayed: Replayed) -> Iterator[str]:
    """What a person wants to read of it."""
    yield f"session {replayed.session_id}"
    yield "the same states as recorded" if replayed.is_same else "OTHER STATES THAN RECORDED"
    if replayed.is_truncated:
        yield "the recording ended before the session did"
    happened: list[tuple[float, list[str]]] = []
    for at_s, said in replayed.said:
        if said.stage is not Stage.PLANNED:
            happened.append((at_s, [f"turn {said.turn} {said.role.value}: {said.text}"]))
    happened += [(at_s, [f"error {error.code.value}: {error.message}"]) for at_s, error in replayed.errors]
    happened += [(at_s, _turn_lines(turn)) for at_s, turn in replayed.turns]
    for at_s, lines in sorted(happened, key=lambda one: one[0]):
        for number, line in enumerate(lines):
            yield f"{at_s:9.3f} s  {line}" if number == 0 else f"{'':13}{line}"
    total = sum(turn.cost_nano_usd for _, turn in replayed.turns)
    yield f"{len(replayed.turns)} turns, US$ {usd(total):.6f}"


def _turn_lines(turn: TurnEnded) -> list[str]:
    lines = [f"turn {turn.turn} {turn.outcome.value}, US$ {usd(turn.cost_nano_usd):.6f}"]
    if turn.waterfall is not None:
        total = turn.waterfall.total_ms or 1.0
        for name, ms in turn.waterfall.parts.items():
            bar = "#" * round(_BAR * ms / total)
            lines.append(f"{name.removesuffix('_ms').replace('_', ' '):14}{ms:8.1f} ms  {bar}")
        lines.append(f"{'total':14}{turn.waterfall.total_ms:8.1f} ms")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it went as recorded, 1 when not, 2 when the file is no recording."""
    parser = argparse.ArgumentParser(prog="python -m service.replay", description=__doc__)
    parser.add_argument("file", type=Path, help="a recording, as downloaded from /api/recordings")
    try:
        replayed = replay(parser.parse_args(arguments).file.read_bytes())
    except (NoRecordingError, OSError) as error:
        sys.stderr.write(f"service.replay: {error}\n")
        return _IMPOSSIBLE
    for line in report(replayed):
        sys.stdout.write(f"{line}\n")
    return 0 if replayed.is_same else 1


if __name__ == "__main__":
    sys.exit(main())
