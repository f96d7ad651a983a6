"""The conversation: events of the client and answers of the brain in, effects out.

Rule 1: nothing here reads a clock, opens a socket or draws a random number.
Rule 2: after `Fail` or `EndStream` nothing follows.
Rule 3: whatever the client sends becomes effects; nothing raises.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from emulators.nova_sonic.brains.ports import Brain, Step
from emulators.nova_sonic.conversation.effects import Compose, Effect, EndStream, Fail, Transcribe
from emulators.nova_sonic.conversation.input_decoding import decode
from emulators.nova_sonic.conversation.intake import Intake
from emulators.nova_sonic.conversation.ordering import Phase
from emulators.nova_sonic.conversation.refusals import UNEXPECTED, RefusedError
from emulators.nova_sonic.conversation.timers import Timers
from emulators.nova_sonic.profiles import Profile

NOTHING: Final[Sequence[Effect]] = ()


class _Life(Enum):
    OPEN = auto()
    INPUT_CLOSED = auto()
    OVER = auto()


class Conversation:
    """One stream of the model."""

    def __init__(
        self,
        *,
        profile: Profile,
        brain: Brain,
        new_id: Callable[[], str],
        opened_at: float,
        time_scale: float = 1.0,
    ) -> None:
        self._chunk_bytes = profile.limits.chunk_bytes
        self._timers = Timers(profile, opened_at=opened_at, time_scale=time_scale)
        self._life = _Life.OPEN
        self._out: list[Effect] = []
        self._intake = Intake(
            profile=profile,
            brain=brain,
            new_id=new_id,
            time_scale=time_scale,
            timers=self._timers,
            out=self._out,
        )

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next, on the caller's clock; None when the stream is over."""
        if self._life is _Life.OVER:
            return None
        if self._intake.dialogue is None:
            return self._timers.deadline
        return min(self._timers.deadline, self._intake.dialogue.deadline)

    def receive(self, payload: bytes, now: float) -> Sequence[Effect]:
        """Take one event document of the client."""
        if self._is_over(now) or self._life is _Life.INPUT_CLOSED:
            return self._effects()
        try:
            self._intake.take(decode(payload, self._chunk_bytes), now)
        except RefusedError as refused:
            self._fail(Fail(exception="validationException", message=str(refused)))
        return self._settled(now)

    def input_ended(self, now: float) -> Sequence[Effect]:
        """Take note that the client has closed its side."""
        if not self._is_over(now) and self._life is _Life.OPEN:
            self._life = _Life.INPUT_CLOSED
            if self._intake.dialogue is not None:
                self._intake.dialogue.drop_utterance()
        return self._settled(now)

    def transcribed(self, utterance_id: int, text: str, now: float) -> Sequence[Effect]:
        """Take the answer to `Transcribe`."""
        if not self._is_over(now) and self._intake.dialogue is not None:
            self._intake.dialogue.transcribed(utterance_id, text, now)
        return self._settled(now)

    def composed(self, request_id: int, step: Step | None, now: float) -> Sequence[Effect]:
        """Take one step of the answer to `Compose`; None when the reply is complete."""
        if not self._is_over(now) and self._intake.dialogue is not None:
            self._intake.dialogue.composed(request_id, step, now)
        return self._settled(now)

    def brain_failed(self, asked_id: int, message: str, now: float) -> Sequence[Effect]:
        """End the stream when the brain could not answer a question that is still of interest."""
        del message  # The service never tells its inner troubles; the transport logs them.
        if (
            not self._is_over(now)
            and self._intake.dialogue is not None
            and self._intake.dialogue.expects(asked_id)
        ):
            self._fail(Fail(exception="internalServerException", message=UNEXPECTED))
        return self._settled(now)

    def tick(self, now: float) -> Sequence[Effect]:
        """Do what is due at `now`."""
        self._is_over(now)
        return self._settled(now)

    def _is_over(self, now: float) -> bool:
        if self._life is not _Life.OVER:
            expired = self._timers.expired(now)
            if expired is not None:
                self._fail(expired)
        return self._life is _Life.OVER

    def _fail(self, fail: Fail) -> None:
        self._out.append(fail)
        self._life = _Life.OVER

    def _settled(self, now: float) -> Sequence[Effect]:
        if self._life is not _Life.OVER:
            if self._intake.dialogue is not None:
                self._intake.dialogue.settle(now)
            self._close_if_done(now)
        return self._effects()

    def _effects(self) -> Sequence[Effect]:
        if not self._out:
            return NOTHING
        # Questions last: a brain that answers at once would otherwise overtake events that come before its answer.
        told = [effect for effect in self._out if not isinstance(effect, Transcribe | Compose)]
        asked = [effect for effect in self._out if isinstance(effect, Transcribe | Compose)]
        self._out.clear()
        return told if self._life is _Life.OVER else (*told, *asked)

    def _close_if_done(self, now: float) -> None:
        phase = self._intake.phase
        prompt_ended = phase is Phase.PROMPT_ENDED or phase is Phase.ENDED
        if self._life is _Life.OPEN and not prompt_ended:
            return
        if self._intake.dialogue is not None:
            # No result can come any more, also for calls made only now.
            self._intake.dialogue.abandon_calls()
            self._intake.dialogue.settle(now)
            if self._intake.dialogue.answering:
                return
            self._intake.dialogue.finish(close_completion=prompt_ended)
        if phase is Phase.ENDED or self._life is _Life.INPUT_CLOSED:
            self._out.append(EndStream())
            self._life = _Life.OVER
