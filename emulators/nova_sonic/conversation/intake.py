"""What each event of the client does: to the order, to the ear, to the dialogue, to the timers."""

from collections.abc import Callable
from typing import assert_never

from emulators.nova_sonic.brains.ports import Brain, Message
from emulators.nova_sonic.conversation.dialogue import Dialogue
from emulators.nova_sonic.conversation.effects import Effect
from emulators.nova_sonic.conversation.hearing import Hearing
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
from emulators.nova_sonic.conversation.refusals import INVALID_REQUEST, RefusedError
from emulators.nova_sonic.conversation.timers import Timers
from emulators.nova_sonic.profiles import Profile


class Intake:
    """The client's side of one stream."""

    def __init__(
        self,
        *,
        profile: Profile,
        brain: Brain,
        new_id: Callable[[], str],
        time_scale: float,
        timers: Timers,
        out: list[Effect],
    ) -> None:
        self._profile = profile
        self._brain = brain
        self._new_id = new_id
        self._time_scale = time_scale
        self._timers = timers
        self._out = out
        self._ordering = Ordering(profile)
        self._session: SessionStart | None = None
        self._hearing: Hearing | None = None
        self._typed_early: list[str] = []
        self.dialogue: Dialogue | None = None
        """There from promptStart on."""

    @property
    def phase(self) -> Phase:
        """How far the client has come."""
        return self._ordering.phase

    def take(self, event: InputEvent, now: float) -> None:
        """Do what an event asks for; raise RefusedError when it breaks a rule."""
        match event:
            case AudioInput():
                self._audio(event, now)
            case SessionStart():
                self._ordering.session_start(event)
                self._session = event
            case PromptStart():
                self._ordering.prompt_start(event)
                self.dialogue = Dialogue(
                    profile=self._profile,
                    prompt=event,
                    new_id=self._new_id,
                    time_scale=self._time_scale,
                    out=self._out,
                )
            case PromptEnd():
                self._ordering.prompt_end(event)
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
        if self._hearing is None or self.dialogue is None:
            return
        if self._profile.switches.audio_during_tool_is_fatal and self.dialogue.pending_calls:
            raise RefusedError(INVALID_REQUEST)
        for detection in self._hearing.audio(event.pcm, now):
            self.dialogue.detected(detection, now)
        if self._hearing.user_speaks:
            self._timers.user_spoke(now)
        if self._typed_early and self._hearing.takes_typed_text:
            for text in self._typed_early:
                self.dialogue.typed(text, now)
            self._typed_early.clear()

    def _note_typing(self, block: Block, now: float) -> None:
        if block.kind is Kind.TYPED:
            self._timers.typed(now)

    def _expect_result(self, block: Block) -> None:
        start = block.start
        known = self.dialogue.pending_calls if self.dialogue is not None else frozenset()
        if isinstance(start, ToolStart) and start.tool_use_id not in known:
            raise RefusedError(INVALID_REQUEST)

    def _content_ended(self, block: Block, now: float) -> None:
        dialogue = self.dialogue
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
