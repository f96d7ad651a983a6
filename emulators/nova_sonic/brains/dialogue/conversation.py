"""Who answers: rules that are sure of themselves first, then the knowledge base, then honesty."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from emulators.nova_sonic.brains.dialogue import arithmetic, clock, recall
from emulators.nova_sonic.brains.dialogue.knowledge import Knowledge
from emulators.nova_sonic.brains.dialogue.recall import Wish
from emulators.nova_sonic.brains.ports import CallTool, Message, Request

type Sentences = Sequence[str]

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_LONGEST_QUESTION: Final = 500
"""Characters. Nothing longer is a question we know, and typed text may be long enough to keep the machine busy."""
_MOST_QUOTED_WORDS: Final = 20
_MOST_QUOTED_CHARACTERS: Final = 160


class Dialogue:
    """Answers one request at a time and remembers nothing: all it may know is in the request."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def reply(self, request: Request, *, now: datetime) -> Sequence[str | CallTool]:
        """Return the sentences to say, or the tool to call first; never empty."""
        if not request.heard.strip():
            return ("I did not hear any words.",)
        if len(request.heard) > _LONGEST_QUESTION:
            return _honest(request.heard)
        return (
            self._from_conversation(request, now)
            or _from_clock(request, now)
            or _from_sum(request)
            or self._from_knowledge(request)
            or _honest(request.heard)
        )

    def _from_conversation(self, request: Request, now: datetime) -> Sequence[str | CallTool]:
        wish = recall.wished(request.heard)
        if wish is None:
            return ()
        earlier = _earlier(request)
        match wish:
            case Wish.MY_LAST_WORDS | Wish.MY_FIRST_WORDS:
                words = recall.users_words(earlier)
                if not words:
                    return ("You have not said anything before that.",)
                return (f"You said: {_quoted(words[0 if wish is Wish.MY_FIRST_WORDS else -1])}",)
            case Wish.YOUR_LAST_WORDS:
                return self._again(request, earlier, now)
            case Wish.MORE:
                return self._more(recall.last_reply(earlier))
            case _:
                assert_never(wish)

    def _again(self, request: Request, earlier: Sequence[Message], now: datetime) -> Sequence[str | CallTool]:
        """Say the last reply again, all of it, even when it was interrupted before the user heard the end."""
        if earlier and earlier[-1].role == "USER":
            # Nothing of the reply was heard, so the question is answered anew.
            question = next(
                (text for text in reversed(recall.users_words(earlier)) if not recall.wished(text)), ""
            )
            if question:
                return self.reply(replace(request, heard=question, history=()), now=now)
        said = recall.last_reply(earlier)
        if not said:
            return ("I have not said anything yet.",)
        entry = self._knowledge.behind(said)
        return (
            entry.answer
            if entry is not None and said in " ".join(entry.answer)
            else _SENTENCE_END.split(said)
        )

    def _more(self, said: str) -> Sentences:
        entry = self._knowledge.behind(said)
        if entry is None or not entry.more or entry.more[0] in said:
            return ("That is all I know about it.",)
        return entry.more

    def _from_knowledge(self, request: Request) -> Sentences:
        entry = self._knowledge.find(request.heard)
        return () if entry is None else entry.answer


def _earlier(request: Request) -> Sequence[Message]:
    """Return the history before this turn, whether or not the caller already added the words of this turn."""
    history = request.history
    if history and history[-1].role == "USER" and history[-1].text.strip() == request.heard.strip():
        return history[:-1]
    return history


def _from_clock(request: Request, now: datetime) -> Sequence[str | CallTool]:
    if place := clock.elsewhere(request.heard):
        there = clock.tell_elsewhere(place, now)
        return (
            (there,)
            if there
            else ("I do not know the time there.", f"Here, {_lower(clock.tell(clock.Asked.TIME, now))}")
        )
    asked = clock.asks_for(request.heard)
    if asked is None:
        return ()
    if request.tool_results:
        for result in request.tool_results:
            if sentence := clock.tell_from(asked, result.content, now):
                return (sentence,)
        return ("The clock I asked did not tell me.", f"By my own clock, {_lower(clock.tell(asked, now))}")
    if tool := clock.tool_for(request.tools):
        return (CallTool(name=tool, arguments={}),)
    return (clock.tell(asked, now),)


def _from_sum(request: Request) -> Sentences:
    sentence = arithmetic.compute(request.heard)
    return () if sentence is None else (sentence,)


def _honest(heard: str) -> Sentences:
    return (f"I heard: {_quoted(heard)}", "I have no answer to that here.")


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _quoted(text: str) -> str:
    """Return what was said as one speakable sentence of bounded length."""
    words = text.split()
    sentence = " ".join(words[:_MOST_QUOTED_WORDS])[:_MOST_QUOTED_CHARACTERS]
    if len(sentence) < len(" ".join(words)):
        return f"{sentence}, and so on."
    return sentence if sentence[-1] in ".!?" else f"{sentence}."
