"""One conversation with the service: connect, ask each question, wait for its reply, say goodbye.

    conversation = await hold_conversation("ws://127.0.0.1:8000/ws", [load(Path("question.wav"))])
    conversation.heard_replies  # True if every question got an audible reply

Two things run at once, as in the page: the microphone sends a frame every 32 ms, and what the server says is read.
"""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from talk import protocol
from talk.connection import CannotConnect, connect
from talk.listener import Listener
from talk.microphone import FRAME_S, Microphone
from talk.playback import Playback
from talk.protocol import FromServer
from talk.record import Answer, Asked, Choices, Conversation, Happening, Question, TurnOver, Typed
from talk.resumption import Resumption, is_sent_on, waits_s

# A client that fell behind by more than this does not catch up: a burst of old audio helps nobody.
_LATEST_S: Final = 0.25
_PLAYED_EVERY_FRAMES: Final = 31
_CLOSE_S: Final = 5.0


class GaveUp(Exception):  # noqa: N818 - what happened, in the words of the message it carries
    """The conversation cannot go on; the message says why."""


async def hold_conversation(
    url: str,
    questions: Sequence[Question],
    *,
    choices: Choices | None = None,
    announce: Callable[[float, Happening], None] = lambda _at_s, _happening: None,
) -> Conversation:
    """Ask all questions in one session; raises CannotConnect, and returns whatever happens after that.

    `announce` hears everything as it happens, with seconds since the connection.
    """
    choices = choices or Choices()
    async with contextlib.AsyncExitStack() as sockets:

        async def open_socket() -> ClientConnection:
            return await sockets.enter_async_context(
                connect(
                    url, subprotocol=choices.subprotocol, timeout_s=choices.timeout_s, token=choices.token
                )
            )

        talker = _Talker(await open_socket(), open_socket, questions, choices, announce)
        return await talker.converse()


class _Talker:
    def __init__(
        self,
        socket: ClientConnection,
        open_socket: Callable[[], Awaitable[ClientConnection]],
        questions: Sequence[Question],
        choices: Choices,
        announce: Callable[[float, Happening], None],
    ) -> None:
        self._socket = socket
        self._open_socket = open_socket
        self._resumption = Resumption()
        self._connected = asyncio.Event()
        self._connected.set()
        self._is_leaving = False
        self._questions = questions
        self._choices = choices
        self._announce = announce
        self._clock = asyncio.get_running_loop().time
        self._began_at = self._clock()
        self._microphone = Microphone()
        self._changed = asyncio.Event()
        self.conversation = Conversation(
            began_at=self._began_at, playback=Playback(rate_hz=protocol.OUTPUT_RATE_HZ), answers=[]
        )
        self._listener = Listener(conversation=self.conversation, progress_at=self._began_at)

    async def converse(self) -> Conversation:
        reading = asyncio.create_task(self._read())
        asking = asyncio.create_task(self._ask_all())
        tasks: set[asyncio.Task[None]] = {reading, asking}
        try:
            # The choices are only heard in the first message, so no audio may come before them.
            with contextlib.suppress(ConnectionClosed):
                await self._send_choices()
            tasks.add(asyncio.create_task(self._speak()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done() and not reading.done():
                # Only sending failed: the server has closed, and why is still to be read.
                await asyncio.wait({reading}, timeout=_CLOSE_S)
        finally:
            # Whoever leaves says goodbye, also while the choices are still on their way.
            doing = tasks - {reading}
            for task in doing:
                task.cancel()
            await asyncio.wait(doing)
            await self._say_goodbye(reading)
        self._note_failure(asking, reading)
        return self.conversation

    async def _send_choices(self) -> None:
        await self._send(
            "start",
            language=self._choices.language,
            voice=self._choices.voice,
            input_sample_rate_hz=protocol.INPUT_RATE_HZ,
            output_sample_rate_hz=protocol.OUTPUT_RATE_HZ,
        )

    async def _ask_all(self) -> None:
        await self._until(self._is_listening, "the service to listen")
        for index, question in enumerate(self._questions):
            answer = Answer(number=index + 1, question=question)
            self.conversation.answers.append(answer)
            self._announce(self._now_s(), Asked(answer=answer))
            await self._ask(question, answer)
            barge_in_after_s = self._choices.barge_in_after_s
            if index == 0 and barge_in_after_s is not None and len(self._questions) > 1:
                await self._until(answer.has_begun, "a reply to interrupt")
                await asyncio.sleep(barge_in_after_s)
            else:
                await self._until(answer.is_over, "the end of the reply")
                await self._until(self._is_listening, "the service to listen")
                await asyncio.sleep(self._still_playing_s())

    async def _ask(self, question: Question, answer: Answer) -> None:
        if isinstance(question, Typed):
            self._resumption.typed(question.text)
            if self._connected.is_set():
                # What is lost here, or never sent, is among what is sent again.
                await self._unless_lost(self._send("text", text=question.text))
            answer.asked_at = answer.speech_ended_at = self._clock()
        else:
            self._microphone.say(question)
            # Its length is known; what is waited for is the service and the network.
            patience_s = self._choices.timeout_s + question.length_s
            await self._until(answer.was_asked, "the question to be sent", patience_s=patience_s)

    def _is_listening(self) -> bool:
        return self._listener.state == "listening"

    def _still_playing_s(self) -> float:
        ends_at = self.conversation.playback.ends_at
        return max(0.0, ends_at - self._clock()) if ends_at is not None else 0.0

    async def _until(
        self, reached: Callable[[], bool], waiting_for: str, *, patience_s: float | None = None
    ) -> None:
        """Wait while the service makes progress; raises GaveUp once it has said nothing for too long."""
        patience_s = self._choices.timeout_s if patience_s is None else patience_s
        began_at = self._clock()
        while not reached():
            self._changed.clear()
            try:
                async with asyncio.timeout_at(max(began_at, self._listener.progress_at) + patience_s):
                    await self._changed.wait()
            except TimeoutError:
                raise GaveUp(
                    f"nothing came from the service for {patience_s:g} s while waiting for {waiting_for} "
                    f"(its state is {self._listener.state})"
                ) from None

    async def _speak(self) -> None:
        """Send a frame every 32 ms, each at its own instant counted from the first, so that nothing adds up."""
        first_at = self._clock()
        captured_at_ms = time.time() * 1000.0 - FRAME_S * 1000.0
        for index in itertools.count():
            frame = self._microphone.next_frame()
            sent_at = self._clock()
            asked = self.conversation.answers[-1] if self.conversation.answers else None
            if asked is not None and frame.speech_ended_s is not None:
                asked.speech_ended_at = sent_at - frame.speech_ended_s
            audio = protocol.encode_audio(
                frame.pcm,
                subprotocol=self._choices.subprotocol,
                sequence=index,
                captured_at_ms=captured_at_ms + index * FRAME_S * 1000.0,
                end_of_utterance=frame.last and self._choices.end_of_utterance,
            )
            if self._choices.subprotocol == protocol.BINARY:
                # Only frames that carry a number can be sent twice.
                self._resumption.sent(index, audio)
            if self._connected.is_set():
                # What is lost here is among what is sent again.
                await self._unless_lost(self._socket.send(audio))
            if asked is not None and frame.last:
                asked.asked_at = sent_at
                self._changed.set()
            if index % _PLAYED_EVERY_FRAMES == 0 and self._connected.is_set():
                await self._unless_lost(self._tell_played())
            due_at = first_at + (index + 1) * FRAME_S
            late_s = self._clock() - due_at
            if late_s > _LATEST_S:
                first_at += late_s
                captured_at_ms += late_s * 1000.0
            await asyncio.sleep(max(0.0, -late_s))

    def _may_come_back(self) -> bool:
        return self._resumption.may_come_back(self._socket.close_code, self._socket.close_reason)

    async def _unless_lost(self, sending: Awaitable[None]) -> None:
        """Send; a connection that was only lost is mended by `_read`, one that was closed raises ConnectionClosed."""
        try:
            await sending
        except ConnectionClosed:
            if self._is_leaving or not self._may_come_back():
                raise

    def _played(self) -> tuple[int, int] | None:
        response_id = self._listener.response_id
        heard_ms = self.conversation.playback.heard_ms(response_id, now=self._clock())
        return (response_id, heard_ms) if heard_ms else None

    async def _tell_played(self) -> None:
        if played := self._played():
            await self._send("played", response_id=played[0], position_ms=played[1])

    async def _read(self) -> None:
        while True:
            with contextlib.suppress(ConnectionClosed):
                async for message in self._socket:
                    self._take(message)
            if self._is_leaving or not self._may_come_back():
                return
            if not await self._come_back():
                return

    def _take(self, message: str | bytes) -> None:
        decoded = protocol.decode(message)
        self._resumption.heard(decoded, protocol.seq_of(message))
        self._receive(decoded)
        self._changed.set()

    async def _come_back(self) -> bool:
        """Take the session up on another connection; False when it cannot be had."""
        self._connected.clear()
        is_expected = is_sent_on(self._socket.close_code, self._socket.close_reason)
        draw = random.random()  # noqa: S311 - it spreads tries, and protects nothing
        for wait_s in waits_s(draw, is_expected=is_expected):
            await asyncio.sleep(wait_s)
            with contextlib.suppress(CannotConnect, ConnectionClosed):
                socket = await self._open_socket()
                claim = self._resumption.claim(self._played())
                await socket.send(protocol.encode("start", resume=claim))
                if await self._taken_up(socket):
                    return True
                self._socket = socket
                return False
        return False

    async def _taken_up(self, socket: ClientConnection) -> bool:
        """Hear what was missed, up to `ready`, and send again what may not have arrived."""
        async for message in socket:
            self._take(message)
            match protocol.decode(message):
                case protocol.Ready():
                    # Whoever goes on has heard nothing that was not confirmed.
                    await self._repeat(socket)
                    self._socket = socket
                    self._connected.set()
                    return True
                case protocol.Error():
                    break
                case _:
                    pass
        return False

    def _receive(self, message: FromServer) -> None:
        now = self._clock()
        if self._listener.receive(message, now=now):
            self._announce(now - self._began_at, message)
        if isinstance(message, protocol.Turn) and (answer := self._listener.answer_to(message.turn)):
            self._announce(now - self._began_at, TurnOver(answer=answer, turn=message))

    async def _repeat(self, socket: ClientConnection) -> None:
        """Send again what may not have arrived, and what is asked meanwhile."""
        repeated, typed = -1, 0
        while True:
            frames = self._resumption.frames_to_repeat(after=repeated)
            texts = self._resumption.texts_to_repeat()[typed:]
            if not frames and not texts:
                return
            for sequence, frame in frames:
                await socket.send(frame)
                repeated = sequence
            for text in texts:
                await socket.send(protocol.encode("text", text=text))
                typed += 1

    async def _say_goodbye(self, reading: asyncio.Task[None]) -> None:
        self._is_leaving = True
        with contextlib.suppress(ConnectionClosed):
            await self._send("end")
        await asyncio.wait({reading}, timeout=_CLOSE_S)
        await self._socket.close()
        reading.cancel()
        await asyncio.wait({reading})

    def _note_failure(self, asking: asyncio.Task[None], reading: asyncio.Task[None]) -> None:
        conversation = self.conversation
        conversation.close_code = self._socket.close_code
        conversation.close_reason = self._socket.close_reason or ""
        for task in (reading, asking):
            match None if task.cancelled() else task.exception():
                case None | ConnectionClosed():
                    continue
                case GaveUp() | protocol.ServerProtocolError() as failure:
                    conversation.failure = str(failure)
                    return
                case unforeseen:
                    raise unforeseen
        if asking.cancelled() or asking.exception() is not None:
            conversation.failure = conversation.why_closed()

    async def _send(self, name: str, **values: object) -> None:
        await self._socket.send(protocol.encode(name, **values))

    def _now_s(self) -> float:
        return self._clock() - self._began_at
