"""What the client says, and what follows from it in each state."""

from dataclasses import replace
from typing import assert_never

from service.errors import CloseCode, ErrorCode
from service.policies.closure import Closure
from service.session import reports, sign_in, store_side, streams
from service.session.core import Core
from service.session.effects import Direction, Fault, Resumed, SendToClient, State
from service.session.events import ClientBack, ClientFault, ClientGone
from service.session.resumption import SAID_AGAIN_WITHIN_S
from service.session.state import Signal
from service.wire import client, server
from service.wire.audio import duration_s
from service.wire.server import Cause, ClosedBy, Outcome, Role, Stage
from service.wire.subprotocol import Subprotocol

_SEQUENCES = 2**32
ACK_EVERY_S = 0.5
_OVER_RATE_MEMORY_S = 1.0
_MAX_WAITING_TEXTS = 8


def receive(core: Core, message: client.ClientMessage, now: float) -> None:
    """Take one message of the client's."""
    core.counts.add(Direction.FROM_CLIENT, message.type)
    if isinstance(message, client.Audio):
        _begin(core, now)
        _audio(core, message, now)
        return
    if not core.control_bucket.take(1.0, now):
        _hang_up(core, CloseCode.SLOW_DOWN, ErrorCode.TOO_FAST, "Too many messages in a short time.", now)
        return
    if isinstance(message, client.Start):
        _start(core, message, now)
        return
    _begin(core, now)
    if not isinstance(message, client.Ping | client.Played | client.Timings | client.Auth):
        core.active_at = now
    _control(core, message, now)


def _control(core: Core, message: client.ClientMessage, now: float) -> None:
    match message:
        case client.EndOfUtterance():
            _end_of_utterance(core, now)
        case client.Text(text=text):
            _typed(core, text, now)
        case client.Interrupt():
            _interrupt(core, now)
        case client.End():
            core.end(CloseCode.DONE, "The client ended the session.", error=None, now=now)
        case client.Played(response_id=response_id, position_ms=position_ms):
            _played(core, response_id, position_ms, now)
        case client.Timings():
            reports.timings(core, message)
        case client.Auth():
            sign_in.redeem(core, message)
        case client.Ping(id=ping_id):
            _ping(core, ping_id, now)
        case client.Start() | client.Audio():
            raise AssertionError(message.type)  # `receive` has dealt with these
        case _:
            assert_never(message)


def connection(core: Core, event: ClientFault | ClientBack | ClientGone, now: float) -> None:
    """Something happened to the connection."""
    match event:
        case ClientFault():
            _fault(core, event, now)
        case ClientBack():
            _back(core, event, now)
        case ClientGone():
            _gone(core, event, now)
        case _:
            assert_never(event)


def _fault(core: Core, event: ClientFault, now: float) -> None:
    """The client sent what cannot be taken; it ends alone."""
    core.counts.add(Direction.FROM_CLIENT, "unreadable", Fault.MALFORMED)
    _hang_up(core, event.code, event.error, event.reason, now)


def _gone(core: Core, event: ClientGone, now: float) -> None:
    """The socket is closed: wait a little for the client to come back, if it can; else end and say nothing more."""
    may_come_back = core.resumption.token is not None and not event.for_good and core.terms.parked_s > 0
    if may_come_back and core.is_ready and core.leaving is None:
        if core.resumption.parked_at is None:
            core.resumption.parked_at = now
            store_side.renew(core, now)
        return
    give_up(core, now)


def give_up(core: Core, now: float) -> None:
    """The client is gone and does not come back."""
    core.resumption.parked_at = None
    core.end_turn(Outcome.INTERRUPTED, now, tell=False)
    core.abandon(now)


def _back(core: Core, event: ClientBack, now: float) -> None:
    """The client has a new connection: tell it what it has missed, and go on."""
    away_since, core.resumption.parked_at = core.resumption.parked_at, None
    core.emit(Resumed(outcome="ok", gap_ms=0 if away_since is None else round((now - away_since) * 1_000)))
    core.resumption.token = event.token
    core.active_at = now
    sign_in.begin(core, event.signed_in_until, now)
    if event.played is not None:
        _played(core, event.played.response_id, event.played.position_ms, now)
    core.resumption.said_again = [*core.texts_when_accepted]
    core.resumption.said_again_until = now + SAID_AGAIN_WITHIN_S
    for message in core.resumption.outgoing.after(event.last_seq):
        core.emit(SendToClient(message=message))
    streams.say_ready(core, resumed=True)
    core.tell_state()
    store_side.renew(core, now)
    if core.turn is not None and core.turn.last_audio_at is not None:
        core.turn.last_audio_at = now


def after_accepted(core: Core, now: float) -> None:
    """Do what the client asked for while there was no stream."""
    texts, core.texts_when_accepted = core.texts_when_accepted, []
    closed_by, core.close_when_accepted = core.close_when_accepted, None
    if core.state is State.LISTENING and closed_by is not None and core.turn is not None:
        core.close_turn(closed_by, now)
    for text in texts:
        _text(core, text, now)


def _hang_up(core: Core, code: CloseCode, error: ErrorCode, sentence: str, now: float) -> None:
    core.end(code, sentence, error=error, now=now)


# Beginning


def _start(core: Core, start: client.Start, now: float) -> None:
    if core.has_started:
        core.counts.add(Direction.FROM_CLIENT, start.type, Fault.OUT_OF_ORDER)
        sentence = "start must be the first message of a session"
        _hang_up(core, CloseCode.PROTOCOL, ErrorCode.PROTOCOL_ERROR, sentence, now)
        return
    wanted = (start.conversation_id, start.resume.session_id if start.resume is not None else None)
    if not all(_may_be_known(core, name) for name in wanted if name is not None):
        sentence = "There is no such conversation or session to go on with; please start a new one."
        _hang_up(core, CloseCode.CANNOT_RESUME, ErrorCode.CONVERSATION_UNKNOWN, sentence, now)
        return
    terms = core.terms
    language = start.language or terms.language
    voices = terms.profile.voices(language)
    if not voices:
        sentence = "start.language is not a language of this model; see /api/options"
        _hang_up(core, CloseCode.PROTOCOL, ErrorCode.PROTOCOL_ERROR, sentence, now)
        return
    voice = start.voice or (terms.voice if language == terms.language else voices[0])
    if voice not in voices:
        sentence = "start.voice is not a voice of this language; see /api/options"
        _hang_up(core, CloseCode.PROTOCOL, ErrorCode.PROTOCOL_ERROR, sentence, now)
        return
    core.terms = replace(
        terms,
        language=language,
        voice=voice,
        input_rate_hz=start.input_sample_rate_hz or terms.input_rate_hz,
        output_rate_hz=start.output_sample_rate_hz or terms.output_rate_hz,
    )
    if start.resume is None and start.conversation_id is None:
        _begin(core, now)
        return
    core.has_started = True
    core.active_at = now
    if start.resume is not None:
        store_side.take_over(core, start.resume, now)
    elif start.conversation_id is not None:
        store_side.take_up(core, start.conversation_id, now)


def _may_be_known(core: Core, name: str) -> bool:
    return core.terms.keeps_history and name.isascii() and name.isalnum()


def _begin(core: Core, now: float) -> None:
    if not core.has_started:
        core.has_started = True
        core.active_at = now
        store_side.begin(core)
        streams.begin(core, now)


# Audio


def _audio(core: Core, audio: client.Audio, now: float) -> None:
    if audio.sequence is not None and not _is_next(core, audio.sequence):
        return
    if audio.pcm and _is_within_rate(core, audio.pcm, now):
        if core.state is State.LISTENING or core.state is State.CONNECTING:
            turn = core.turn or core.open_turn()
            turn.hear(duration_s(len(audio.pcm), core.terms.input_rate_hz), now)
            turn.is_loud = core.hearing.listen(audio.pcm, now) or turn.is_loud
        core.upstream.hear(audio.pcm, core.terms, now)
    if core.state is State.OVER:
        return
    if audio.captured_at_ms is not None:
        core.upstream.arrivals.note(audio.captured_at_ms, now)
    if audio.sequence is not None:
        core.unacked = audio.sequence
        if now - core.acked_at >= ACK_EVERY_S:
            acknowledge(core, now)
    if audio.end_of_utterance:
        core.active_at = now
        _end_of_utterance(core, now)


def _is_next(core: Core, sequence: int) -> bool:
    """Whether a frame is new; a gap is counted and taken, a repetition is counted and dropped."""
    expected = core.next_sequence
    if expected is not None and sequence != expected:
        core.counts.add(Direction.FROM_CLIENT, client.Audio.type, Fault.OUT_OF_ORDER)
        if (sequence - expected) % _SEQUENCES >= _SEQUENCES // 2:
            return False
    core.next_sequence = (sequence + 1) % _SEQUENCES
    return True


def _is_within_rate(core: Core, pcm: bytes, now: float) -> bool:
    rates = core.terms.rates
    cost_s = max(duration_s(len(pcm), core.terms.input_rate_hz), rates.shortest_frame_s)
    if core.audio_bucket.take(cost_s, now):
        return True
    core.counts.add(Direction.FROM_CLIENT, client.Audio.type, Fault.OVER_LIMIT)
    if core.flood.since is None or now - core.flood.last_at > _OVER_RATE_MEMORY_S:
        core.flood.since = now
    core.flood.last_at = now
    if now - core.flood.since >= rates.patience_s:
        sentence = f"Audio came faster than {rates.audio_rate:g} times its own length for too long."
        _hang_up(core, CloseCode.SLOW_DOWN, ErrorCode.TOO_FAST, sentence, now)
    return False


def acknowledge(core: Core, now: float) -> None:
    """Tell the client how far its audio was taken, where it counts frames and the session is ready."""
    if core.unacked is None or not core.is_ready or core.terms.subprotocol is not Subprotocol.BINARY:
        return
    core.tell(server.Ack, sequence=core.unacked)
    core.unacked = None
    core.acked_at = now


# Turns


def _end_of_utterance(core: Core, now: float) -> None:
    match core.state:
        case State.CONNECTING:
            if core.turn is not None:
                core.close_when_accepted = ClosedBy.CLIENT
        case State.LISTENING:
            if core.turn is not None:
                core.close_turn(ClosedBy.CLIENT, now)
        case State.THINKING | State.SPEAKING:
            # Under `continuous` the model hears for itself, and mostly sooner: this is about the utterance that is
            # being answered. Under `explicit` nobody else can close the utterance that waits for the next stream.
            if core.state is State.SPEAKING and _speaks_over_explicit(core):
                core.interrupt(Cause.SPEECH, now)
                streams.next_for_turn(core, now)
                core.open_turn()
                core.close_turn(ClosedBy.CLIENT, now)
        case State.OVER:
            pass
        case _:
            assert_never(core.state)


def _speaks_over_explicit(core: Core) -> bool:
    closed_by_client = core.turn is not None and core.turn.closed_by is ClosedBy.CLIENT
    return core.terms.closure is Closure.EXPLICIT and closed_by_client and core.upstream.waiting_bytes > 0


def _typed(core: Core, text: str, now: float) -> None:
    """A text; one that a client that came back types again, because it cannot know that it was taken, is taken once."""
    again = core.resumption.said_again
    if now <= core.resumption.said_again_until and text in again:
        again.remove(text)
    else:
        _text(core, text, now)


def _text(core: Core, text: str, now: float) -> None:
    if core.state is State.CONNECTING:
        if len(core.texts_when_accepted) < _MAX_WAITING_TEXTS:
            core.texts_when_accepted.append(text)
        else:
            core.counts.add(Direction.FROM_CLIENT, client.Text.type, Fault.OVER_LIMIT)
        return
    if core.state is State.SPEAKING:
        core.interrupt(Cause.TEXT, now)
        streams.next_for_turn(core, now)
    elif core.state is State.THINKING:
        core.end_turn(Outcome.INTERRUPTED, now)
        core.signal(Signal.INTERRUPTED)
        streams.next_for_turn(core, now)
    turn = core.open_turn()
    turn.is_typed = True
    core.dialogue.user_said(turn.number, text)
    core.tell(server.Transcript, turn=turn.number, role=Role.USER, stage=Stage.SPOKEN, text=text)
    core.upstream.type_text(text, core.terms, now)
    core.close_turn(ClosedBy.CLIENT, now, silence_ms=core.terms.trailing.after_text_ms)


def _interrupt(core: Core, now: float) -> None:
    if core.state is State.SPEAKING or core.state is State.THINKING:
        core.interrupt(Cause.CLIENT, now)
        streams.next_for_turn(core, now)


def _played(core: Core, response_id: int, position_ms: int, now: float) -> None:
    if core.reply is not None and core.reply.response_id == response_id:
        core.reply.heard_ms = position_ms
        core.reply.heard_at = now
        return
    for over in core.settling:
        reply = over.cut_reply
        if reply is not None and reply.response_id == response_id:
            # The client's last word on a reply that it stopped.
            core.dialogue.cut(over.turn, reply.samples_of(position_ms), sent=reply.samples)
    if response_id > core.responses:
        core.counts.add(Direction.FROM_CLIENT, client.Played.type, Fault.OUT_OF_ORDER)


def _ping(core: Core, ping_id: int, now: float) -> None:
    if core.is_ready:
        core.tell(server.Pong, id=ping_id, clock_ms=round(now * 1_000))
    else:
        # `ready` comes first; the control rate bounds how many wait.
        core.early_pongs.append(ping_id)
