"""The replies of one stream, one at a time: begun, waiting for tools, interrupted, transcribed.

Rule 1: a turn that cannot be answered yet, because a tool is pending, waits in line.
Rule 2: whoever lets the user in calls `make_room`; nothing else ends a reply early.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from emulators.nova_sonic.brains.ports import Request, Step
from emulators.nova_sonic.conversation.effects import Cancel, Compose, Effect, Emit
from emulators.nova_sonic.conversation.reply import Reply, ReplyState, Setting


class Replies:
    """What the model answers; effects are appended to `out`."""

    def __init__(self, setting: Setting, *, questions: Iterator[int], out: list[Effect]) -> None:
        self._setting = setting
        self._switches = setting.profile.switches
        self._questions = questions
        self._out = out
        self._reply: Reply | None = None
        self._line: deque[Request] = deque()
        self._orphans: set[str] = set()
        """Calls of replies that were given up; their results are taken and go nowhere."""

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
    def pending(self) -> bool:
        """Whether a reply is being composed or in line."""
        return bool(self._line) or (self._reply is not None and self._reply.state is ReplyState.COMPOSING)

    @property
    def pending_calls(self) -> frozenset[str]:
        """Ids of the tool uses that may still be answered."""
        pending = self._reply.pending_calls if self._reply is not None else frozenset()
        return pending | self._orphans

    def composes(self, request_id: int) -> bool:
        """Whether the steps of this request are still wanted."""
        reply = self._reply
        return reply is not None and reply.state is ReplyState.COMPOSING and reply.request_id == request_id

    def begin(self, request: Request) -> None:
        """Answer a request now, or when the reply that waits for its tools is through."""
        if self._reply is None:
            self._compose(request)
        else:
            self._line.append(request)

    def composed(self, request_id: int, step: Step | None, now: float) -> None:
        """Take one step of a reply; steps of a reply that was cancelled are dropped."""
        if self._reply is not None and self.composes(request_id):
            self._reply.take(step, now)

    def tool_answered(self, tool_use_id: str, content: Mapping[str, object]) -> None:
        """Take the result of one call; the reply goes on with the last of them."""
        self._orphans.discard(tool_use_id)
        if self._reply is not None and tool_use_id in self._reply.pending_calls:
            self._setting.meter.read(str(content))
            self._reply.answer(tool_use_id, content)

    def settle(self, now: float) -> None:
        """Do everything that is due."""
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
            self.close()
            self.settle(now)

    def make_room(self, now: float) -> None:
        """Let the user in: a reply is interrupted, transcribed or cancelled; one that waits for tools may stay."""
        reply = self._reply
        if reply is None:
            return
        if reply.speaks(now):
            self._setting.history.spoken(reply.spoken_by(now))
            self._send(reply.interrupt(now))
        if reply.state is ReplyState.CALLING and self._switches.speech_during_tool == "waits":
            return
        self._line.clear()
        self.close()

    def close(self) -> None:
        """End the reply with the transcript of what was played of it."""
        reply = self._reply
        if reply is None:
            return
        self._setting.history.spoken(reply.spoken_by(math.inf))
        if reply.state is ReplyState.SPOKEN:
            self._send(reply.transcript())
        else:
            if reply.state is ReplyState.COMPOSING:
                self._out.append(Cancel(request_id=reply.request_id))
            if self._switches.speech_during_tool == "waits":
                self._orphans |= reply.pending_calls
            self._send(reply.give_up())
        self._reply = None

    def abandon_calls(self) -> None:
        """Give up a reply whose results can no longer come."""
        if self._reply is not None and self._reply.pending_calls:
            self.close()

    def _compose(self, request: Request) -> None:
        self._reply = Reply(self._setting, request=request, request_id=next(self._questions))
        self._out.append(Compose(request_id=self._reply.request_id, request=request))

    def _transcript_at(self, reply: Reply) -> float:
        setting = self._setting
        return reply.played_at + setting.profile.limits.final_text_delay_s * setting.time_scale

    def _send(self, payloads: Iterable[bytes]) -> None:
        self._out.extend(Emit(payload=payload) for payload in payloads)
