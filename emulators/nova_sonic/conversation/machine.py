"""The conversation: events of the client and answers of the brain in, effects out.

Rule 1: nothing here reads a clock, opens a socket or draws a random number.
Rule 2: after `Fail` or `EndStream` nothing follows.
Rule 3: whatever the client sends becomes effects; nothing raises.
"""

from collections.abc import Callable, Sequence
from typing import Final, assert_never

from emulators.nova_sonic.brains.ports import Brain, Message, Step
from emulators.nova_sonic.conversation.dialogue import Dialogue
from emulators.nova_sonic.conversation.effects import Compose, Effect, EndStream, Fail, Transcribe
from emulators.nova_sonic.conversation.hearing import Hearing
from emulators.nova_sonic.conversation.input_decoding import decode
from emulators.nova_sonic.conversation.input_events import (
    AudioInput,
    AudioStart,
    ConnectionEnd,
    ContentEnd,
    ContentStart,
    InputEvent,
    PromptEnd,
    PromptStart,
    SessionEnd,
    SessionStart,
    TextInput,
    TextStart,
    ToolResultInput,
    ToolStart,
)
from emulators.nova_sonic.conversation.ordering import Block, Kind, Ordering, Phase
from emulators.nova_sonic.conversation.refusals import INVALID_REQUEST, UNEXPECTED, RefusedError
from emulators.nova_sonic.conversation.timers import Timers
from emulators.nova_sonic.profiles import Profile

NOTHING: Final[Sequence[Effect]] = ()


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
        self._profile = profile
        self._brain = brain
        self._new_id = new_id
        self._time_scale = time_scale
        self._timers = Timers(profile, opened_at=opened_at, time_scale=time_scale)
        self._ordering = Ordering(profile)
        self._session: SessionStart | None = None
        self._hearing: Hearing | None = None
        self._dialogue: Dialogue | None = None
        self._typed_early: list[str] = []
        self._input_open = True
        self._over = False
        self._out: list[Effect] = []

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next, on the caller's clock; None when the stream is over."""
        if self._over:
            return None
        if self._dialogue is None:
            return self._timers.deadline
        return min(self._timers.deadline, self._dialogue.deadline)

    def receive(self, payload: bytes, now: float) -> Sequence[Effect]:
        """Take one event document of the client."""
        if self._is_over(now) or not self._input_open:
            return self._effects()
        try:
            self._take(decode(payload, self._profile.limits.chunk_bytes), now)
        except RefusedError as refused:
            self._fail(Fail(exception="validationException", message=str(refused)))
        return self._settled(now)

    def input_ended(self, now: float) -> Sequence[Effect]:
        """Take note that the client has closed its side."""
        if not self._is_over(now) and self._input_open:
            self._input_open = False
            self._stop_listening()
        return self._settled(now)

    def transcribed(self, utterance_id: int, text: str, now: float) -> Sequence[Effect]:
        """Take the answer to `Transcribe`."""
        if not self._is_over(now) and self._dialogue is not None:
            self._dialogue.transcribed(utterance_id, text, now)
        return self._settled(now)

    def composed(self, request_id: int, step: Step | None, now: float) -> Sequence[Effect]:
        """Take one step of the answer to `Compose`; None when the reply is complete."""
        if not self._is_over(now) and self._dialogue is not None:
            self._dialogue.composed(request_id, step, now)
        return self._settled(now)

    def brain_failed(self, asked_id: int, message: str, now: float) -> Sequence[Effect]:
        """End the stream when the brain could not answer a question that is still of interest."""
        del message  # The service never tells its inner troubles; the transport logs them.
        if not self._is_over(now) and self._dialogue is not None and self._dialogue.expects(asked_id):
            self._fail(Fail(exception="internalServerException", message=UNEXPECTED))
        return self._settled(now)

    def tick(self, now: float) -> Sequence[Effect]:
        """Do what is due at `now`."""
        self._is_over(now)
        return self._settled(now)

    def _is_over(self, now: float) -> bool:
        if not self._over:
            expired = self._timers.expired(now)
            if expired is not None:
                self._fail(expired)
        return self._over

    def _fail(self, fail: Fail) -> None:
        self._out.append(fail)
        self._over = True

    def _settled(self, now: float) -> Sequence[Effect]:
        if not self._over:
            if self._dialogue is not None:
                self._dialogue.settle(now)
            self._close_if_done(now)
        return self._effects()

    def _effects(self) -> Sequence[Effect]:
        if not self._out:
            return NOTHING
        # Questions last: a brain that answers at once would otherwise overtake events that come before its answer.
        told = [effect for effect in self._out if not isinstance(effect, Transcribe | Compose)]
        asked = [effect for effect in self._out if isinstance(effect, Transcribe | Compose)]
        self._out.clear()
        return told if self._over else (*told, *asked)

    def _close_if_done(self, now: float) -> None:
        phase = self._ordering.phase
        prompt_ended = phase is Phase.PROMPT_ENDED or phase is Phase.ENDED
        if self._input_open and not prompt_ended:
            return
        if self._dialogue is not None:
            # No result can come any more, also for calls made only now.
            self._dialogue.abandon_calls()
            self._dialogue.settle(now)
            if self._dialogue.answering:
                return
            self._dialogue.finish(close_completion=prompt_ended)
        if phase is Phase.ENDED or not self._input_open:
            self._out.append(EndStream())
            self._over = True

    def _take(self, event: InputEvent, now: float) -> None:
        match event:
            case AudioInput():
                self._audio(event, now)
            case SessionStart():
                self._ordering.session_start(event)
                self._session = event
            case PromptStart():
                self._ordering.prompt_start(event)
                self._dialogue = Dialogue(
                    profile=self._profile,
                    prompt=event,
                    new_id=self._new_id,
                    time_scale=self._time_scale,
                    out=self._out,
                )
            case PromptEnd():
                self._ordering.prompt_end(event)
                self._stop_listening()
            case SessionEnd() | ConnectionEnd():
                self._ordering.session_end(event)
            case _:
                self._take_content(event, now)

    def _take_content(
        self, event: ContentStart | TextInput | ToolResultInput | ContentEnd, now: float
    ) -> None:
        match event:
            case AudioStart():
                self._ordering.content_start(event)
                self._listen(event)
            case TextStart() | ToolStart():
                self._note_typing(self._ordering.content_start(event), now)
            case TextInput():
                self._note_typing(self._ordering.content_input(event), now)
            case ToolResultInput():
                self._expect_result(self._ordering.content_input(event))
            case ContentEnd():
                self._content_ended(self._ordering.content_end(event), now)
            case _:
                assert_never(event)

    def _listen(self, event: AudioStart) -> None:
        if self._hearing is None:
            switches = self._profile.switches
            sensitivity = None
            if self._session is not None and switches.turn_detection_configuration == "accepted":
                sensitivity = self._session.endpointing_sensitivity
            self._hearing = Hearing(self._profile, self._brain.detector(), sensitivity)
        self._hearing.open_block(event)

    def _audio(self, event: AudioInput, now: float) -> None:
        self._ordering.content_input(event)
        self._timers.audio_came(now)
        if self._hearing is None or self._dialogue is None:
            return
        if self._profile.switches.audio_during_tool_is_fatal and self._dialogue.pending_calls:
            raise RefusedError(INVALID_REQUEST)
        for detection in self._hearing.audio(event.pcm, now):
            self._dialogue.detected(detection, now)
        if self._hearing.user_speaks:
            self._timers.user_spoke(now)
        if self._typed_early and self._hearing.takes_typed_text:
            for text in self._typed_early:
                self._dialogue.typed(text, now)
            self._typed_early.clear()

    def _stop_listening(self) -> None:
        self._typed_early.clear()
        if self._hearing is not None:
            self._hearing.close_block()
        if self._dialogue is not None:
            self._dialogue.drop_utterance()

    def _note_typing(self, block: Block, now: float) -> None:
        if block.kind is Kind.TYPED:
            self._timers.typed(now)

    def _expect_result(self, block: Block) -> None:
        start = block.start
        known = self._dialogue.pending_calls if self._dialogue is not None else frozenset()
        if isinstance(start, ToolStart) and start.tool_use_id not in known:
            raise RefusedError(INVALID_REQUEST)

    def _content_ended(self, block: Block, now: float) -> None:
        dialogue = self._dialogue
        if dialogue is None:
            return
        text = "".join(block.texts)
        match block.kind, block.start:
            case Kind.AUDIO, _:
                self._audio_ended(dialogue, now)
            case Kind.TOOL_RESULT, ToolStart(tool_use_id=tool_use_id):
                dialogue.tool_answered(tool_use_id, block.result or {})
            case Kind.INSTRUCTIONS, _:
                dialogue.instruct(text)
            case Kind.HISTORY, TextStart(role=role):
                dialogue.replay(Message(role="USER" if role == "USER" else "ASSISTANT", text=text))
            case Kind.TYPED, _:
                self._typed(dialogue, text, now)
            case _:
                pass  # Speech instructions and assistant text amid a session have no effect.

    def _audio_ended(self, dialogue: Dialogue, now: float) -> None:
        if self._hearing is None:
            return
        ended = self._hearing.close_block()
        if ended is not None and self._profile.switches.content_end_triggers:
            dialogue.detected(ended, now)
        else:
            dialogue.drop_utterance()

    def _typed(self, dialogue: Dialogue, text: str, now: float) -> None:
        switches = self._profile.switches
        if not switches.typed_text_triggers:
            dialogue.remember_typed(text)
        elif self._hearing is not None and self._hearing.takes_typed_text:
            dialogue.typed(text, now)
        elif switches.early_typed_text == "waits":
            self._typed_early.append(text)
        else:
            dialogue.remember_typed(text)
