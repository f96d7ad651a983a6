"""The user's side of one prompt: what was said or typed becomes turns, and each turn is answered.

The completion opens with the first thing the user says and spans the whole prompt.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import assert_never

from emulators.nova_sonic.brains.ports import DETECTOR_RATE_HZ, Message, Request, Step
from emulators.nova_sonic.conversation.audio import duration_s
from emulators.nova_sonic.conversation.effects import Effect, Emit, Transcribe
from emulators.nova_sonic.conversation.history import History
from emulators.nova_sonic.conversation.input_events import PromptStart
from emulators.nova_sonic.conversation.output_events import OutputEvents
from emulators.nova_sonic.conversation.replies import Replies
from emulators.nova_sonic.conversation.reply import Setting
from emulators.nova_sonic.conversation.turn_detection import (
    Detection,
    Paused,
    Resumed,
    SpeechStarted,
    TurnEnded,
)
from emulators.nova_sonic.conversation.usage import Meter
from emulators.nova_sonic.conversation.utterances import Utterances
from emulators.nova_sonic.profiles import Profile


class Dialogue:
    """The model's side of one prompt; effects are appended to `out`."""

    def __init__(
        self,
        *,
        profile: Profile,
        prompt: PromptStart,
        new_id: Callable[[], str],
        time_scale: float,
        out: list[Effect],
    ) -> None:
        self._switches = profile.switches
        self._prompt = prompt
        self._new_id = new_id
        self._out = out
        self._events = OutputEvents(
            session_id=new_id(),
            prompt_name=prompt.prompt_name,
            completion_id=new_id(),
            with_role=not profile.switches.missing_role,
        )
        self._questions = count(1)
        self._utterances = Utterances()
        self._history = History()
        self._meter = Meter()
        self._instructions = ""
        self._turns = 0
        setting = Setting(
            profile=profile,
            events=self._events,
            meter=self._meter,
            history=self._history,
            new_id=new_id,
            time_scale=time_scale,
        )
        self._replies = Replies(setting, questions=self._questions, out=out)
        self._completion_open = False
        self._heard_s = 0.0

    # What the client sets up.

    def instruct(self, text: str) -> None:
        """Take the instructions."""
        self._instructions = text
        self._meter.read(text)

    def replay(self, message: Message) -> None:
        """Take a message of the chat history; it asks for no answer."""
        self._history.replayed(message)
        self._meter.read(message.text)

    # What the user does.

    def detected(self, detection: Detection, now: float) -> None:
        """Take what the turn detector says about the user's speech."""
        match detection:
            case SpeechStarted(offset_ms=offset_ms):
                self._utterances.begin()
                if self._switches.user_speech_events:
                    self._emit(self._events.user_speech_start(offset_ms))
                self._open_completion()
                self._replies.make_room(now)
            case Paused(pcm=pcm):
                self._ask(pcm)
            case Resumed():
                self._utterances.resume()
            case TurnEnded():
                self._turn_ended(detection)
            case _:
                assert_never(detection)

    def drop_utterance(self) -> None:
        """Forget what the user has begun to say."""
        self._utterances.drop()

    def transcribed(self, question_id: int, text: str, now: float) -> None:
        """Take the words of an utterance."""
        self._utterances.answer(question_id, text)
        self.settle(now)

    def typed(self, text: str, now: float) -> None:
        """Answer text the user typed; it interrupts as speech does."""
        self._meter.read(text)
        self._open_completion()
        self._replies.make_room(now)
        self._begin_turn(text, typed=True)

    def remember_typed(self, text: str) -> None:
        """Take typed text that asks for no answer."""
        self._meter.read(text)
        self._history.heard(text)

    # What the brain and the client's tools answer.

    def composed(self, request_id: int, step: Step | None, now: float) -> None:
        """Take one step of a reply."""
        self._replies.composed(request_id, step, now)

    def expects(self, question_id: int) -> bool:
        """Whether the answer to this question is still wanted."""
        return self._replies.composes(question_id) or self._utterances.asked(question_id)

    @property
    def pending_calls(self) -> frozenset[str]:
        """Ids of the tool uses that may still be answered."""
        return self._replies.pending_calls

    def tool_answered(self, tool_use_id: str, content: Mapping[str, object]) -> None:
        """Take the result of one call."""
        self._replies.tool_answered(tool_use_id, content)

    def abandon_calls(self) -> None:
        """Give up a reply whose results can no longer come."""
        self._replies.abandon_calls()

    # Time.

    @property
    def deadline(self) -> float:
        """When `settle` has something to do next, infinity for never."""
        return self._replies.deadline

    @property
    def answering(self) -> bool:
        """Whether something the user said still waits for its answer."""
        return self._replies.pending or self._utterances.waiting > 0

    def settle(self, now: float) -> None:
        """Do everything that is due."""
        for text in self._utterances.ready():
            self._hear(text, now)
        self._replies.settle(now)

    def finish(self, *, close_completion: bool) -> None:
        """End the prompt once nothing is left to answer."""
        self._replies.close()
        if self._completion_open and close_completion:
            self._completion_open = False
            if self._switches.completion_end == "after_prompt_end":
                self._emit(self._events.completion_end())

    # Inside.

    def _turn_ended(self, ended: TurnEnded) -> None:
        if self._switches.user_speech_events:
            self._emit(self._events.user_speech_end(ended.offset_ms, ended.detection_offset_ms))
        if ended.burst and self._switches.burst_speech == "unanswered":
            self._utterances.drop()
            return
        if ended.pcm is not None:
            self._ask(ended.pcm)
        self._utterances.end()

    def _ask(self, pcm: bytes) -> None:
        question_id = next(self._questions)
        self._utterances.ask(question_id)
        turn = self._turns + self._utterances.waiting + 1
        self._out.append(Transcribe(utterance_id=question_id, pcm=pcm, turn=turn))
        self._heard_s = duration_s(pcm, DETECTOR_RATE_HZ)

    def _hear(self, text: str, now: float) -> None:
        if not text and self._switches.empty_transcript == "silent":
            return
        self._meter.heard(self._heard_s)
        block = self._new_id()
        self._emit(self._events.text_start(block, "USER", "FINAL"))
        self._emit(self._events.text(block, "USER", text))
        self._emit(self._events.content_end(block, "TEXT", "PARTIAL_TURN"))
        if not text:
            return
        if self._utterances.is_open:
            # The user speaks again: this turn was interrupted before its reply began.
            self._turns += 1
            self._history.heard(text)
            return
        self._replies.make_room(now)
        self._begin_turn(text, typed=False)

    def _begin_turn(self, text: str, *, typed: bool) -> None:
        self._turns += 1
        request = Request(
            turn=self._turns,
            heard=text,
            typed=typed,
            instructions=self._instructions,
            history=self._history.messages,
            tools=tuple(tool.name for tool in self._prompt.tools),
            tool_results=(),
            voice_id=self._prompt.voice_id,
            output_rate_hz=self._prompt.output_rate_hz,
        )
        self._history.heard(text)
        self._replies.begin(request)

    def _open_completion(self) -> None:
        if not self._completion_open:
            self._completion_open = True
            self._emit(self._events.completion_start())

    def _emit(self, payload: bytes) -> None:
        self._out.append(Emit(payload=payload))
