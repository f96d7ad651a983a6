"""What the store answers, and what follows from it; and what is asked of it at the beginning."""

from dataclasses import replace
from typing import assert_never

from service.errors import CloseCode, ErrorCode
from service.session import streams
from service.session.core import Core
from service.session.effects import Resumed, StoreFaulted, TurnKept
from service.session.events import Disowned, Kept, NotKept, Owned, StoreFault, StoreSide
from service.session.keeping import (
    AttachConversation,
    BeginConversation,
    Grip,
    RenewGrip,
    ResumeSession,
    SaveTurn,
    Write,
)
from service.session.resumption import RENEW_EVERY_S, WINDOW_S, hash_of
from service.wire import client

_FAILURES_BEFORE_TELLING = 2
_HISTORY_RETRY_S = 0.5


def begin(core: Core) -> None:
    """A new conversation: it is the model's turn at once, the store follows."""
    if core.terms.keeps_history:
        core.keeping.epoch = 1
        core.keeping.put(BeginConversation(conversation_id=core.terms.conversation_id, grip=_grip(core)))


def take_up(core: Core, conversation_id: str, now: float) -> None:
    """A conversation of old: the model is asked for when it is known what was said in it."""
    core.keeping.waits_for_history_since = now
    core.keeping.put(
        AttachConversation(
            conversation_id=conversation_id,
            grip=_grip(core),
            history_bytes=core.terms.profile.history_bytes,
        )
    )


def take_over(core: Core, resume: client.Resume, now: float) -> None:
    """A session that another process lost: its conversation goes on here, after a gap."""
    core.keeping.waits_for_history_since = now
    core.keeping.put(
        ResumeSession(
            session_id=resume.session_id,
            token_hash=hash_of(resume.resume_token),
            grip=_grip(core),
            history_bytes=core.terms.profile.history_bytes,
        )
    )


def renew(core: Core, now: float) -> None:
    """Keep the session resumable for a while from now."""
    core.resumption.renewed_at = now
    epoch = core.keeping.epoch
    if epoch is not None and core.resumption.token is not None:
        core.keeping.put(RenewGrip(conversation_id=core.terms.conversation_id, epoch=epoch, grip=_grip(core)))


def _grip(core: Core) -> Grip:
    if core.resumption.token is None:
        return Grip(session_id=core.terms.session_id)
    return Grip(
        session_id=core.terms.session_id,
        token_hash=hash_of(core.resumption.token),
        # Nobody may be there to say when the client was lost.
        window_s=WINDOW_S + RENEW_EVERY_S,
    )


def receive(core: Core, event: StoreSide | Disowned, now: float) -> None:
    """What the store answered, or would."""
    match event:
        case Kept():
            _kept(core, event, now)
        case NotKept():
            _failed(core, event, now)
        case Disowned(fault=fault):
            _disowned(core, fault, now)
        case _:
            assert_never(event)


def _kept(core: Core, event: Kept, now: float) -> None:
    write = core.keeping.answered(event.write_id)
    if write is None:
        return
    core.keeping.failures = 0
    core.keeping.was_told_not_saved = False
    if event.owned is not None and core.keeping.waits_for_history_since is not None:
        if isinstance(write, ResumeSession):
            core.emit(Resumed(outcome="fresh"))
        _owned(core, event.owned, write, now)
    elif isinstance(write, SaveTurn):
        _saved(core, write.turn.number, now)
    core.keeping.go_on()


def _owned(core: Core, owned: Owned, write: Write, now: float) -> None:
    core.keeping.waits_for_history_since = None
    core.keeping.epoch = owned.epoch
    core.keeping.last_turn = owned.last_turn
    core.terms = replace(core.terms, conversation_id=owned.conversation_id)
    # A client that spoke already is in the first turn after those that were.
    core.turns += owned.last_turn
    if core.turn is not None:
        core.turn.number += owned.last_turn
    core.dialogue.recall(owned.turns)
    streams.begin(core, now, urgent=isinstance(write, ResumeSession))


def _saved(core: Core, number: int, now: float) -> None:
    core.keeping.last_turn = number
    ended_at = core.keeping.ended_at.pop(number, None)
    lag_ms = None if ended_at is None else round((now - ended_at) * 1_000)
    core.emit(TurnKept(turns=1, saved=True, waiting=core.keeping.waiting_turns, lag_ms=lag_ms))
    told = core.unsaved.pop(number, None)
    if told is not None:
        core.seq += 1
        core.send(replace(told, seq=core.seq, saved=True))


def _failed(core: Core, event: NotKept, now: float) -> None:
    write = core.keeping.answered(event.write_id)
    if write is None:
        return
    core.keeping.failures += 1
    core.emit(StoreFaulted(fault=event.fault.value, reason=event.reason, failures=core.keeping.failures))
    if event.fault is StoreFault.UNAVAILABLE:
        _unavailable(core, write, now)
        return
    if event.fault is not StoreFault.SUPERSEDED and isinstance(write, ResumeSession):
        core.emit(Resumed(outcome="rejected"))
    _disowned(core, event.fault, now)


def _disowned(core: Core, fault: StoreFault, now: float) -> None:
    """Somebody else owns the conversation, or nobody: nothing of ours is wanted there any more."""
    was_asked_for = core.keeping.waits_for_history_since is not None
    core.keeping.rest()
    core.keeping.epoch = None
    if fault is StoreFault.SUPERSEDED:
        sentence = "This conversation goes on somewhere else."
        core.end(CloseCode.SUPERSEDED, sentence, error=ErrorCode.SUPERSEDED, now=now)
    elif was_asked_for:
        sentence = "There is no such conversation or session to go on with; please start a new one."
        core.end(CloseCode.CANNOT_RESUME, sentence, error=ErrorCode.CONVERSATION_UNKNOWN, now=now)
    else:
        sentence = "This conversation was deleted; please start a new one."
        core.end(CloseCode.CANNOT_RESUME, sentence, error=ErrorCode.CONVERSATION_UNKNOWN, now=now)


def _unavailable(core: Core, write: Write, now: float) -> None:
    failures = core.keeping.failures
    if core.keeping.waits_for_history_since is not None:
        core.keeping.try_again(write, now + _HISTORY_RETRY_S)
        return
    core.keeping.try_again(write, now + core.terms.store_backoff.wait_s(failures, core.jitter()))
    if failures >= _FAILURES_BEFORE_TELLING and not core.keeping.was_told_not_saved:
        core.keeping.was_told_not_saved = True
        sentence = "What is said cannot be saved at the moment; it is kept and saved as soon as possible."
        core.tell_error(ErrorCode.NOT_SAVED, sentence, retryable=True)


def try_again(core: Core, _now: float) -> None:
    """The store was left alone long enough."""
    core.keeping.retry_at = None
    core.keeping.go_on()


def give_up_history(core: Core, now: float) -> None:
    """What was said earlier cannot be had in time."""
    core.keeping.rest()
    sentence = "What was said in this conversation cannot be read at the moment; please try again."
    core.end(CloseCode.GO_ELSEWHERE, sentence, error=ErrorCode.HISTORY_UNAVAILABLE, now=now)
