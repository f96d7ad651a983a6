"""Putting a conversation's questions to its brain: at once, or on a worker thread when the brain takes its time."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from emulators.nova_sonic.brains.ports import Brain, Step
from emulators.nova_sonic.conversation.effects import Compose, Transcribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """What the user said."""

    utterance_id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One step of a reply; None when it is complete."""

    request_id: int
    step: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainFailed:
    """The brain raised instead of answering."""

    asked_id: int
    message: str


type Answer = Transcribed | Composed | BrainFailed


class BrainWork:
    """The open questions of one stream; every answer comes on the event loop, and none after `close`."""

    def __init__(
        self,
        brain: Brain,
        *,
        loop: asyncio.AbstractEventLoop,
        executor: Executor,
        answered: Callable[[Answer], None],
    ) -> None:
        self._brain = brain
        self._loop = loop
        self._executor = executor
        self._answered = answered
        self._wanted: set[int] = set()

    def transcribe(self, question: Transcribe) -> None:
        asked_id = question.utterance_id
        self._wanted.add(asked_id)
        self._ask(
            asked_id,
            lambda: Transcribed(
                utterance_id=asked_id, text=self._brain.transcribe(question.pcm, question.turn)
            ),
        )

    def compose(self, question: Compose) -> None:
        self._wanted.add(question.request_id)
        self._continue(question.request_id, self._brain.compose(question.request))

    def cancel(self, asked_id: int) -> None:
        """Want no more answers to this question; the one being made is thrown away."""
        self._wanted.discard(asked_id)

    def close(self) -> None:
        self._wanted.clear()

    def _continue(self, request_id: int, steps: Iterator[Step]) -> None:
        """Ask for the steps one by one, so that a cancelled reply costs one sentence at most."""

        def next_step() -> Composed:
            return Composed(request_id=request_id, step=next(steps, None))

        if self._brain.blocking:
            self._ask(request_id, next_step, then=lambda: self._continue(request_id, steps))
            return
        while request_id in self._wanted:
            self._ask(request_id, next_step)

    def _ask(
        self, asked_id: int, question: Callable[[], Answer], *, then: Callable[[], None] | None = None
    ) -> None:
        def attempt() -> Answer:
            try:
                return question()
            except Exception as error:  # noqa: BLE001 - a brain may fail in any way; its stream hears of it
                return BrainFailed(asked_id=asked_id, message=f"{type(error).__name__}: {error}")

        def deliver(answer: Answer) -> None:
            if asked_id not in self._wanted:
                return
            more = isinstance(answer, Composed) and answer.step is not None
            if not more:
                self._wanted.discard(asked_id)
            self._answered(answer)
            if more and then is not None and asked_id in self._wanted:
                then()

        if self._brain.blocking:
            self._loop.run_in_executor(self._executor, attempt).add_done_callback(
                lambda done: None if done.cancelled() else deliver(done.result())
            )
        else:
            deliver(attempt())
