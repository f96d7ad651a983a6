"""Tell a conversation as it happens: in lines for people, or in one JSON document a line for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, TextIO

from talk import protocol
from talk.record import Answer, Asked, Conversation, Happening, TurnOver
from talk.recording import Recording

_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_TIMINGS: Final[Mapping[str, str]] = {
    "endpointingMs": "endpointing",
    "timeToFirstAudioMs": "time to first audio",
    "replyMs": "reply",
}


class Lines:
    """A line for each happening; what the assistant only plans to say is dim where the screen can do that."""

    def __init__(self, screen: TextIO, *, dim: bool) -> None:
        self._screen = screen
        self._dim = dim

    def tell(self, at_s: float, happening: Happening) -> None:
        text = self._text(happening)
        if text is not None:
            self._screen.write(f"{at_s:7.2f} s  {text}\n")
            self._screen.flush()

    def _text(self, happening: Happening) -> str | None:
        match happening:
            case Asked(answer=answer):
                return f"question {answer.number}: {_describe(answer)}"
            case TurnOver(answer=answer, turn=turn):
                return _turn_text(answer, turn)
            case protocol.Transcript(role="assistant", stage="planned", text=text):
                return f"{_DIM}assistant: {text}{_PLAIN}" if self._dim else f"assistant plans: {text}"
            case protocol.Transcript(role=role, text=text):
                return f"{'you' if role == 'user' else role}: {text}"
            case protocol.ReplyAudio():
                return "first audio of the reply"
            case _:
                return _notice(happening)

    def finish(self, conversation: Conversation) -> None:
        if conversation.failure:
            self._screen.write(f"talk: {conversation.failure}\n")
        for answer in conversation.answers:
            if not answer.has_begun():
                self._screen.write(f"talk: question {answer.number} got no audible reply\n")


def _notice(message: Happening) -> str | None:
    text = None  # usage is for programs, and of a turn TurnOver tells more
    match message:
        case protocol.Ready():
            text = f"connected: {message.model}, {message.language}, voice {message.voice}"
        case protocol.State(state=state):
            text = state
        case protocol.Interrupted(cause=cause):
            text = f"interrupted ({cause})"
        case protocol.Tool(name=name, status=status):
            text = f"tool {name} {status}"
        case protocol.GoAway(reason=reason, deadline_ms=deadline_ms):
            text = f"the service will close in {deadline_ms / 1000:.0f} s: {reason}"
        case protocol.Error(code=code, message=why, correlation_id=correlation_id):
            text = f"error {code}: {why} (correlation id {correlation_id})"
        case _:
            pass
    return text


def _describe(answer: Answer) -> str:
    question = answer.question
    if not isinstance(question, Recording):
        return question.name
    silent = "; NOBODY SPEAKS IN IT" if question.silent else ""
    return f"{question.name} ({question.description}{silent})"


def _turn_text(answer: Answer, turn: protocol.Turn) -> str:
    facts = [f"turn {turn.turn} {turn.outcome}"]
    if turn.closed_by:
        facts[0] += f", closed by {turn.closed_by}"
    if answer.time_to_first_audio_ms is not None:
        facts.append(f"end of speech to first audio {answer.time_to_first_audio_ms} ms here")
    known = [
        f"{name} {turn.timings[key]} ms"
        for key, name in _TIMINGS.items()
        if turn.timings.get(key) is not None
    ]
    if known:
        facts.append(f"service: {', '.join(known)}")
    return "; ".join(facts)


class JsonLines:
    """One JSON document a line: `atMs`, `type` and the fields of the happening; the last one is of type `result`."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def tell(self, at_s: float, happening: Happening) -> None:
        name = type(happening).__name__
        fields: dict[str, Any]
        match happening:
            case Asked(answer=answer):
                fields = {"question": answer.number, "name": answer.question.name}
            case TurnOver():
                return  # the Turn itself was told, and the result holds the rest
            case protocol.ReplyAudio(response_id=response_id):
                name, fields = "FirstAudio", {"responseId": response_id}
            case _:
                fields = {protocol.camel(key): value for key, value in asdict(happening).items()}
        self._write({"atMs": round(at_s * 1000), "type": name[0].lower() + name[1:], **fields})

    def finish(self, conversation: Conversation) -> None:
        self._write(
            {
                "type": "result",
                "heardReplies": conversation.heard_replies,
                "failure": conversation.failure,
                "closeCode": conversation.close_code,
                "answers": [
                    {
                        "question": answer.question.name,
                        "heard": answer.heard(),
                        "spoken": answer.spoken(),
                        "outcomes": [turn.outcome for turn in answer.turns.values() if turn],
                        "timeToFirstAudioMs": answer.time_to_first_audio_ms,
                        "timings": [dict(turn.timings) for turn in answer.turns.values() if turn],
                    }
                    for answer in conversation.answers
                ],
            }
        )

    def _write(self, document: Mapping[str, Any]) -> None:
        self._screen.write(json.dumps(document, ensure_ascii=False) + "\n")
        self._screen.flush()
