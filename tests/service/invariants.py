"""What a session promises whatever happens, stated once; every harness feeds it every event and every effect.

I1 One stream at a time has an audio block, at most one other stands by; nothing of any but the first reaches the client.
I2 Audio goes to a stream only inside its one audio block, and every block is opened, filled, closed, in order.
I3 `seq` begins with 1 and has no gaps; only `error` and `queued` come before `ready`, which comes once a connection; a client
   that comes back is told what it missed, and then `ready`.
I4 `saved` is told once a turn, after the store said so; one write is under way, and none changes what it writes.
I5 Audio kept for later is bounded.
I6 A stream that is closed was ended in order as far as it was begun, or was lost.
I7 After the end there is no effect and no timer.
I8 Until the end a timer is armed, and the one that is remembered is the soonest of all; no state that waits for the model lasts for ever, and a listening model is fed.
I9 History is at most 40 KB, each text at most 1,000 bytes of UTF-8, first the user's, alternating.
I11 Reply audio has the newest response id, positions without gaps, and none follows `interrupted` or the turn's end.
I12 An `error` comes before every close but 1000; a turn ends once.
I13 A session outlives its sign-in by leeway and farewell at most.

I10 is a promise of admission, which is no part of a session. That a stale owner writes nothing is the store's part of
I4, and stands in tests/contract/store_contract.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.errors import CloseCode
from service.session import timers
from service.session.core import NEVER
from service.session.effects import (
    CloseClient,
    CloseStream,
    Effect,
    OpenStream,
    SendAudio,
    SendToClient,
    SendToModel,
    State,
)
from service.session.events import (
    ClientBack,
    ClientGone,
    Event,
    Kept,
    ModelEvent,
    NotKept,
    SignInRenewed,
    StreamClosed,
)
from service.session.keeping import (
    MAX_WAITING_BYTES,
    MAX_WAITING_TURNS,
    Keep,
    KeepRest,
    KeptTurn,
    SaveTurn,
    Write,
)
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.wire import server
from service.wire import sonic_input as inp
from service.wire.text import MAX_TEXT_INPUT_BYTES


class BrokenPromiseError(AssertionError):
    """Raised when a session broke one of its promises; the message begins with its number."""


def require(promise: str, *, holds: bool, why: object = "") -> None:
    if not holds:
        raise BrokenPromiseError(f"{promise}: {why}")


@dataclass
class StreamRecord:
    """One stream as its reader, the model, sees it."""

    has_session: bool = False
    has_prompt: bool = False
    prompt_ended: bool = False
    session_ended: bool = False
    closed: bool = False
    lost: bool = False
    audio_block: str | None = None
    audio_frames: int = 0
    open_blocks: dict[str, int] = field(default_factory=dict)
    """How much data each open block has had."""
    texts: list[tuple[str, bytes]] = field(default_factory=list)
    text_roles: dict[str, str] = field(default_factory=dict)


class Invariants:
    """Keeps its own record of a session, from events and effects only."""

    def __init__(self, terms: SessionTerms) -> None:
        self.terms = terms
        self.streams: dict[int, StreamRecord] = {}
        self.newest_stream = 0
        self.current_stream = 0
        """The newest that has had an audio block; the newest of all while none has."""
        self.seq = 0
        self.is_ready = False
        self.is_over = False
        self.last_error_at = -1
        self.response_id = 0
        self.silenced: set[int] = set()
        self.positions: dict[int, int] = {}
        self.turns_ended: set[int] = set()
        self.state = State.CONNECTING
        self.state_since: float | None = None
        self.fed_at: float | None = None
        self.is_catching_up = False
        self.is_away = False
        self.under_way: Keep | None = None
        self.writes = 0
        self.written: dict[int, KeptTurn] = {}
        self.kept: set[int] = set()
        self.told_saved: set[int] = set()
        self._messages = 0
        self._event: Event | None = None
        self.signed_in_until = terms.sign_in_expires_at

    def before(self, event: Event) -> None:
        """Take note of what happens."""
        self._event = event
        if isinstance(event, SignInRenewed):
            self.signed_in_until = max(self.signed_in_until, event.expires_at)
        if isinstance(event, StreamClosed) and event.stream_id in self.streams:
            self.streams[event.stream_id].lost = True
        if isinstance(event, ClientBack):
            self.seq, self.is_catching_up, self.is_away = event.last_seq, True, False
            self.signed_in_until = event.signed_in_until
        elif isinstance(event, ClientGone):
            self.is_away = True
        under_way = self.under_way
        if (
            isinstance(event, Kept | NotKept)
            and under_way is not None
            and event.write_id == under_way.write_id
        ):
            self.under_way = None
            if isinstance(event, Kept) and isinstance(under_way.write, SaveTurn):
                self.kept.add(under_way.write.turn.number)

    def after(self, effects: Sequence[Effect], session: Session, now: float) -> None:
        """Check what the session did about it."""
        event, self._event = self._event, None
        if self.is_over:
            require("I7", holds=not effects, why=effects)
        if isinstance(event, ModelEvent) and self._is_stale(event.stream_id):
            heard = [effect for effect in effects if isinstance(effect, SendToClient | SendAudio)]
            require("I1", holds=not heard, why=heard)
        for effect in effects:
            gone = isinstance(event, ClientGone) and session.state is State.OVER
            self._effect(effect, gone=gone)
            if isinstance(effect, SendToModel) and isinstance(effect.event, inp.AudioInput | inp.AudioStart):
                self.fed_at = now
        self.is_over = session.state is State.OVER
        exact = timers.deadline(session._core)
        remembered = NEVER if session.deadline is None else session.deadline
        require("I8", holds=remembered == exact, why=(remembered, exact))
        self._timers(session, now)
        # A turn that was closed, what came since, and what comes while there is no stream may each fill the bound.
        bound = 4 * self.terms.kept_audio_s * 2 * 24_000 + 2**12
        require("I5", holds=session.kept_bytes <= bound, why=session.kept_bytes)

    def _is_stale(self, stream_id: int) -> bool:
        return stream_id != self.current_stream or self._is_gone(stream_id)

    def _is_gone(self, stream_id: int) -> bool:
        record = self.streams.get(stream_id)
        return record is None or record.closed or record.lost

    def _timers(self, session: Session, now: float) -> None:
        if self.is_over:
            require("I7", holds=session.deadline is None, why=session.deadline)
            for stream_id, record in self.streams.items():
                require("I6", holds=record.closed or record.lost, why=f"stream {stream_id} is left open")
        else:
            require("I8", holds=session.deadline is not None, why=session.state)
            expiry = self.terms.expiry
            over_at = self.signed_in_until + expiry.leeway_s + expiry.farewell_s
            # A session that is told to go anyway has that deadline, which is never longer than ten seconds here.
            require(
                "I13", holds=now <= over_at + 15, why=f"signed in until {self.signed_in_until}, now {now}"
            )
            self._patience(session, now)

    def _patience(self, session: Session, now: float) -> None:
        if session.state is not self.state or self.state_since is None:
            self.state, self.state_since = session.state, now
        waited_s = now - self.state_since
        terms = self.terms
        if session.state is State.THINKING:
            require("I8", holds=waited_s <= terms.thinking_limit_s + 1, why=f"thinking for {waited_s} s")
        if session.state is State.CONNECTING:
            tries = len(terms.retry.waits_s) + 1
            queued_s = terms.queue_patience_s if terms.needs_place else 0.0
            longest_s = queued_s + terms.start_timeout_s + tries * (terms.open_timeout_s + 5)
            require("I8", holds=waited_s <= longest_s, why=f"connecting for {waited_s} s")
        record = self.streams.get(self.current_stream)
        hears = record is not None and record.audio_block in record.open_blocks and record.audio_frames > 0
        if session.state is State.LISTENING and hears and self.fed_at is not None:
            starving_s = now - self.fed_at
            require("I8", holds=starving_s <= terms.keep_alive.lead_s + 5, why=f"no audio for {starving_s} s")

    def _effect(self, effect: Effect, *, gone: bool) -> None:  # noqa: C901 - one branch for each effect
        match effect:
            case OpenStream(stream_id=stream_id):
                alive = [other for other in self.streams if not self._is_gone(other)]
                require(
                    "I1", holds=not alive or alive == [self.current_stream], why=f"{alive} are open already"
                )
                standing_by = bool(alive) and self.streams[self.current_stream].audio_block is None
                require("I1", holds=not standing_by, why="a stream is opened while another is being opened")
                require("I1", holds=stream_id == self.newest_stream + 1, why=stream_id)
                self.newest_stream = stream_id
                self.streams[stream_id] = StreamRecord()
                if not alive:
                    self.current_stream = stream_id
            case SendToModel(stream_id=stream_id, event=event):
                require("I1", holds=not self._is_gone(stream_id), why=f"sent to stream {stream_id}")
                if isinstance(event, inp.AudioStart):
                    others = [i for i in self.streams if i != stream_id and not self._is_gone(i)]
                    require("I1", holds=not others, why=f"audio begins beside {others}")
                    self.current_stream = stream_id
                self._sent(self.streams[stream_id], event)
                inp.encode(event)
            case CloseStream(stream_id=stream_id):
                record = self.streams[stream_id]
                ended = record.session_ended or not record.has_session
                # A stream that is given up because the model never answered is lost, and nothing can be said on it.
                record.lost = record.lost or not ended
                require(
                    "I6", holds=ended or record.audio_frames == 0, why=f"stream {stream_id} was not ended"
                )
                record.closed = True
            case SendToClient(message=message):
                require("I7", holds=not gone, why="a message after the client has gone")
                self._message(message)
                server.encode(message)
            case SendAudio():
                self._audio(effect)
            case CloseClient(code=code):
                announced = code is CloseCode.DONE or self.last_error_at == self._messages
                require("I12", holds=announced, why=f"{code} without an error before it")
            case Keep(write_id=write_id, write=write):
                require("I4", holds=self.under_way is None, why="a second write at once")
                require("I4", holds=write_id == self.writes + 1, why=write_id)
                self.under_way, self.writes = effect, write_id
                self._written(write)
            case KeepRest(writes=writes):
                turns = [write.turn for write in writes if isinstance(write, SaveTurn)]
                size = sum(turn.size_bytes for turn in turns[1:])
                bounded = len(turns) <= MAX_WAITING_TURNS + 1 and size <= MAX_WAITING_BYTES
                require("I5", holds=bounded, why=f"{len(turns)} turns of {size} bytes waited")
                for write in writes:
                    self._written(write)
            case _:
                pass

    def _written(self, write: Write) -> None:
        if isinstance(write, SaveTurn):
            before = self.written.setdefault(write.turn.number, write.turn)
            require("I4", holds=before == write.turn, why=f"turn {write.turn.number} changed")
            require("I4", holds=write.turn.number not in self.kept, why="a turn is written that was kept")

    def _message(self, message: server.ServerMessage) -> None:
        self._messages += 1
        require("I3", holds=message.seq == self.seq + 1, why=f"{message.seq} after {self.seq}")
        self.seq = message.seq
        if self.is_catching_up:
            self.is_catching_up = not isinstance(message, server.Ready)
            return
        match message:
            case server.Error():
                self.last_error_at = self._messages
                return
            case server.Queued():
                require("I3", holds=not self.is_ready, why="in line after ready")
                return
            case server.Ready():
                require("I3", holds=not self.is_ready, why="ready came twice")
                self.is_ready = True
            case server.Interrupted(response_id=response_id):
                require("I11", holds=response_id not in self.silenced, why="interrupted twice")
                self.silenced.add(response_id)
            case server.TurnIs(turn=turn, saved=True):
                require(
                    "I4",
                    holds=turn in self.kept - self.told_saved,
                    why=f"turn {turn} is not saved, or told twice",
                )
                self.told_saved.add(turn)
            case server.TurnIs(turn=turn, response_id=response_id):
                require("I12", holds=turn not in self.turns_ended, why=f"turn {turn} ended twice")
                self.turns_ended.add(turn)
                if response_id is not None:
                    self.silenced.add(response_id)
            case _:
                pass
        require("I3", holds=self.is_ready, why=f"{message.type} before ready")

    def _audio(self, audio: SendAudio) -> None:
        require("I3", holds=self.is_ready, why="audio before ready")
        require("I11", holds=audio.response_id >= self.response_id, why="audio of an earlier reply")
        require("I11", holds=audio.response_id not in self.silenced, why="audio of a silenced reply")
        self.response_id = audio.response_id
        expected = self.positions.get(audio.response_id, 0)
        require("I11", holds=audio.position == expected, why=f"{audio.position}, not {expected}")
        self.positions[audio.response_id] = expected + len(audio.pcm) // 2

    def _sent(self, record: StreamRecord, event: inp.ModelInput) -> None:  # noqa: C901, PLR0912 - one branch for each event
        require("I2", holds=not record.session_ended, why=type(event))
        match event:
            case inp.SessionStart():
                require("I2", holds=not record.has_session, why="two session starts")
                record.has_session = True
            case inp.PromptStart():
                require("I2", holds=record.has_session and not record.has_prompt, why="prompt out of order")
                record.has_prompt = True
            case inp.TextStart(content=content, role=role, interactive=interactive):
                self._block_opens(record, content)
                if interactive:
                    require("I2", holds=record.audio_frames > 0, why="typed text before any audio")
                else:
                    require("I9", holds=record.audio_frames == 0, why="history after audio")
                    record.text_roles[content] = role.value
            case inp.TextInput(content=content, text=text):
                self._block_filled(record, content)
                size = len(text.encode())
                require("I9", holds=0 < size <= MAX_TEXT_INPUT_BYTES, why=f"{size} bytes in one text")
                if content in record.text_roles:
                    record.texts.append((content, text.encode()))
            case inp.AudioStart(block=block):
                self._block_opens(record, block.content)
                require("I2", holds=record.audio_block is None, why="two audio blocks")
                record.audio_block = block.content
                self._check_history(record)
            case inp.AudioInput(block=block, pcm=pcm):
                self._block_filled(record, block.content)
                require("I2", holds=len(pcm) > 0 and len(pcm) % 2 == 0, why=f"{len(pcm)} bytes of audio")
                alone = set(record.open_blocks) == {record.audio_block}
                require("I2", holds=alone, why="audio while a text block is open")
                record.audio_frames += 1
            case inp.ToolResultStart(content=content):
                self._block_opens(record, content)
            case inp.ToolResult(content=content):
                self._block_filled(record, content)
            case inp.ContentEnd(content=content):
                filled = record.open_blocks.pop(content, 0)
                require("I2", holds=filled > 0, why=f"{content} is closed empty, or twice")
            case inp.PromptEnd():
                open_blocks = list(record.open_blocks)
                require("I6", holds=not open_blocks, why=f"prompt ended while {open_blocks} are open")
                require("I6", holds=record.audio_frames > 0, why="prompt ended without audio")
                record.prompt_ended = True
            case inp.SessionEnd():
                require("I6", holds=record.prompt_ended, why="session ended before its prompt")
                record.session_ended = True

    def _block_opens(self, record: StreamRecord, content: str) -> None:
        require("I2", holds=record.has_prompt and not record.prompt_ended, why=f"{content} outside a prompt")
        require("I2", holds=content not in record.open_blocks, why=f"{content} is open already")
        record.open_blocks[content] = 0

    def _block_filled(self, record: StreamRecord, content: str) -> None:
        require("I2", holds=content in record.open_blocks, why=f"{content} is not open")
        record.open_blocks[content] += 1

    def _check_history(self, record: StreamRecord) -> None:
        roles = [role for role in record.text_roles.values() if role != "SYSTEM"]
        alternating = [("USER", "ASSISTANT")[i % 2] for i in range(len(roles))]
        require("I9", holds=roles == alternating, why=roles)
        history = {content for content, role in record.text_roles.items() if role != "SYSTEM"}
        total = sum(len(text) for content, text in record.texts if content in history)
        require("I9", holds=total <= self.terms.profile.history_bytes, why=f"{total} bytes of history")
