"""Who says what: the user's turns, the replies to them, and what happens when they meet.

Rule 1: there is one reply at a time; a turn that cannot be answered yet waits in line.
Rule 2: the completion opens with the first thing the user says and spans the whole prompt.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import assert_never

from emulators.nova_sonic.brains.ports import DETECTOR_RATE_HZ, Message, Request, Step
from emulators.nova_sonic.conversation.audio import duration_s
from emulators.nova_sonic.conversation.effects import Cancel, Compose, Effect, Emit, Transcribe
from emulators.nova_sonic.conversation.history import History
from emulators.nova_sonic.conversation.input_events import PromptStart
from emulators.nova_sonic.conversation.output_events import OutputEvents
from emulators.nova_sonic.conversation.reply import Reply, ReplyState
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
        self._profile = profile
        self._switches = profile.switches
        self._prompt = prompt
        self._new_id = new_id
        self._time_scale = time_scale
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
        self._reply: Reply | None = None
        self._line: deque[Request] = deque()
        self._orphans: set[str] = set()
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
                self._make_room(now)
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
        self._make_room(now)
        self._begin_turn(text, typed=True)

    def remember_typed(self, text: str) -> None:
        """Take typed text that asks for no answer."""
        self._meter.read(text)
        self._history.heard(text)

    # What the brain answers.

    def composed(self, request_id: int, step: Step | None, now: float) -> None:
        """Take one step of a reply; steps of a reply that was cancelled are dropped."""
        if self._composes(request_id) and self._reply is not None:
            self._reply.take(step, now)
            self.settle(now)

    def expects(self, question_id: int) -> bool:
        """Whether the answer to this question is still wanted."""
        return self._composes(question_id) or self._utterances.asked(question_id)

    # What the client's tools answer.

    @property
    def pending_calls(self) -> frozenset[str]:
        """Ids of the tool uses that may still be answered."""
        pending = self._reply.pending_calls if self._reply is not None else frozenset()
        return pending | self._orphans

    def tool_answered(self, tool_use_id: str, content: Mapping[str, object]) -> None:
        """Take the result of one call; the reply goes on with the last of them."""
        self._orphans.discard(tool_use_id)
        if self._reply is not None and tool_use_id in self._reply.pending_calls:
            self._meter.read(str(content))
            self._reply.answer(tool_use_id, content)

    # Time.

    @property
    def deadline(self) -> float:
        """When `settle` has something to do next, infinity for never."""
        reply = self._reply
        if reply is None:
            return math.inf
        match reply.state:
            case ReplyState.COMPOSING:
                return reply.due_at if reply.due_at is not None else math.inf
            case ReplyState.SPOKEN:
                return reply.played_at if self._line else self._transcript_at(reply)
            case ReplyState.CALLING | ReplyState.CLOSED:
                return math.inf
            case _:
                assert_never(reply.state)

    @property
    def answering(self) -> bool:
        """Whether something the user said still waits for its answer."""
        speaking = self._reply is not None and self._reply.state is ReplyState.COMPOSING
        return speaking or bool(self._line) or self._utterances.waiting > 0

    def settle(self, now: float) -> None:
        """Do everything that is due."""
        for text in self._utterances.ready():
            self._hear(text, now)
        if self._reply is None and self._line:
            self._compose(self._line.popleft())
        reply = self._reply
        if reply is None:
            return
        self._send(reply.advance(now))
        if reply.state is ReplyState.CALLING and not reply.pending_calls:
            request = reply.resume(next(self._questions))
            if request is not None:
                self._out.append(Compose(request_id=reply.request_id, request=request))
        elif reply.state is ReplyState.SPOKEN and now >= self.deadline:
            self._close_reply()
            self.settle(now)

    def finish(self, *, close_completion: bool) -> None:
        """End the prompt once nothing is left to answer."""
        if self._reply is not None:
            self._close_reply()
        if self._completion_open and close_completion:
            self._completion_open = False
            if self._switches.completion_end == "after_prompt_end":
                self._emit(self._events.completion_end())

    def abandon_calls(self) -> None:
        """Give up a reply whose results can no longer come."""
        self._orphans.clear()
        if self._reply is not None and self._reply.pending_calls:
            self._give_up(self._reply)

    # Inside.

    def _composes(self, request_id: int) -> bool:
        reply = self._reply
        return reply is not None and reply.state is ReplyState.COMPOSING and reply.request_id == request_id

    def _transcript_at(self, reply: Reply) -> float:
        return reply.played_at + self._profile.limits.final_text_delay_s * self._time_scale

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
        self._make_room(now)
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
        if self._reply is None:
            self._compose(request)
        else:
            self._line.append(request)

    def _compose(self, request: Request) -> None:
        request_id = next(self._questions)
        self._reply = Reply(
            request=request,
            request_id=request_id,
            events=self._events,
            switches=self._switches,
            meter=self._meter,
            new_id=self._new_id,
            time_scale=self._time_scale,
        )
        self._out.append(Compose(request_id=request_id, request=request))

    def _make_room(self, now: float) -> None:
        """Let the user in: a reply is interrupted, transcribed or cancelled; one that waits for tools stays."""
        reply = self._reply
        if reply is None:
            return
        if reply.speaks(now):
            self._history.spoken(reply.spoken_by(now))
            self._send(reply.interrupt(now))
        if self._keeps(reply):
            return
        self._line.clear()
        self._close_reply()

    def _keeps(self, reply: Reply) -> bool:
        return reply.state is ReplyState.CALLING and self._switches.speech_during_tool == "waits"

    def _give_up(self, reply: Reply) -> None:
        if reply.state is ReplyState.COMPOSING:
            self._out.append(Cancel(request_id=reply.request_id))
        if self._switches.speech_during_tool == "waits":
            self._orphans |= reply.pending_calls
        self._send(reply.give_up())
        self._reply = None

    def _close_reply(self) -> None:
        """Close a reply in good order: its transcript is what was played."""
        reply = self._reply
        if reply is None:
            return
        if reply.state is ReplyState.SPOKEN:
            self._history.spoken(reply.spoken_by(math.inf))
            self._send(reply.transcript())
            self._reply = None
        else:
            self._give_up(reply)

    def _open_completion(self) -> None:
        if not self._completion_open:
            self._completion_open = True
            self._emit(self._events.completion_start())

    def _send(self, payloads: Iterable[bytes]) -> None:
        self._out.extend(Emit(payload=payload) for payload in payloads)

    def _emit(self, payload: bytes) -> None:
        self._out.append(Emit(payload=payload))
