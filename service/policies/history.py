"""What does a new stream hear of the conversation so far?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from service.wire.text import sanitise


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side said, of one or more turns."""

    role: Literal["USER", "ASSISTANT"]
    text: str


def replayable(messages: Iterable[Message], *, limit_bytes: int) -> Sequence[Message]:
    """The newest messages the model takes: alternating, beginning with the user, `limit_bytes` of UTF-8 in all.

    Neighbours of one role become one message. The oldest go first; one that alone is too long keeps its end.
    """
    merged: list[Message] = []
    for message in messages:
        text = sanitise(message.text).strip()
        if not text:
            continue
        if merged and merged[-1].role == message.role:
            text = f"{merged.pop().text}\n{text}"
        merged.append(Message(role=message.role, text=text))
    kept: list[Message] = []
    left = limit_bytes
    for message in reversed(merged):
        encoded = message.text.encode()
        if len(encoded) <= left:
            kept.append(message)
        elif not kept:
            # The newest message alone is too long. Its end is what the next words refer to.
            kept.append(Message(role=message.role, text=encoded[-left:].decode(errors="ignore")))
            break
        else:
            break
        left -= len(encoded)
    kept.reverse()
    while kept and (kept[0].role != "USER" or not kept[0].text):
        kept.pop(0)
    return kept
