"""Questions about the conversation itself: what did I say, say that again, tell me more."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from emulators.nova_sonic.brains.dialogue.words import question
from emulators.nova_sonic.brains.ports import Message


class Wish(Enum):
    """What about the conversation so far is wanted."""

    MY_LAST_WORDS = auto()
    MY_FIRST_WORDS = auto()
    YOUR_LAST_WORDS = auto()
    MORE = auto()


_THAT: Final = r"(?: (?:that|it|this|your answer|your last answer|the answer|the last answer|last answer|the last part|the last sentence|yourself|what you said|what you just said))?"
_AGAIN: Final = r"(?: (?:again|once more|one more time|once again))?"
_WISHES: Final = {
    Wish.MY_LAST_WORDS: re.compile(
        r"what (?:did|have|was it) i (?:just |last )?(?:say|said|ask|asked|tell you|told you)(?: you)?"
        r"(?: just now| last| before| a moment ago| to you)*"
        r"|what was (?:it )?(?:that )?i (?:just )?(?:said|asked)(?: you)?(?: just now)?"
        r"|what was my (?:last|previous) (?:question|sentence|message)"
        r"|(?:repeat|say) (?:back )?(?:to me )?what i (?:just )?(?:said|asked)(?: you)?"
        r"|(?:do you remember |tell me )?what i (?:just )?(?:said|asked)(?: you)?(?: before| just now)?"
        r"|did you (?:hear|understand) what i (?:just )?said"
    ),
    Wish.MY_FIRST_WORDS: re.compile(
        r"what (?:did i (?:say|ask)(?: you)? first|was my first (?:question|sentence|message)"
        r"|was the first (?:thing|question) i (?:said|asked)(?: you)?)"
    ),
    Wish.YOUR_LAST_WORDS: re.compile(
        r"(?:(?:can|could|would|will) you )?(?:please )?(?:repeat|say)(?P<that>"
        + _THAT
        + r")"
        + _AGAIN
        + r"|what (?:did|have) you (?:just )?(?:say|said|answer|tell me)(?: just now)?"
        + r"|what was (?:that|your (?:last )?answer)(?: again)?"
        + r"|pardon(?: me)?|sorry what|come again|excuse me|once more|again|one more time"
        + r"|i (?:did not|could not) (?:hear|catch|understand|get) (?:that|you|it)"
    ),
    Wish.MORE: re.compile(
        r"(?:(?:can|could) you )?(?:tell me |say |give me |explain )?(?:a (?:bit|little) )?(?:some )?more"
        r"(?: (?:about|on) (?:that|it|this))?(?: details?)?"
        r"|go on|continue|keep going|elaborate|(?:what|anything) else(?: (?:about|on) (?:that|it|this))?"
        r"|(?:and )?(?:why|how) (?:is that|so|come)|in more detail|more details?"
    ),
}


def wished(heard: str) -> Wish | None:
    """Return what is asked about the conversation, or none."""
    text = question(heard)
    return next((wish for wish, pattern in _WISHES.items() if pattern.fullmatch(text)), None)


def users_words(history: Sequence[Message]) -> list[str]:
    """Return what the user said before, oldest first."""
    return [message.text for message in history if message.role == "USER"]


def last_reply(history: Sequence[Message]) -> str:
    """Return the assistant's last reply, whose sentences may be messages of their own; empty when it never spoke."""
    sentences: list[str] = []
    for message in reversed(history):
        if message.role == "ASSISTANT":
            sentences.append(message.text)
        elif sentences:
            break
    return " ".join(reversed(sentences))
