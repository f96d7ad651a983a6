"""Streams come and go: opened, accepted, lost, replaced."""

from collections.abc import Sequence
from typing import assert_never

from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind
from service.policies.history import Message
from service.session import reports
from service.session.core import NEVER, Core, Leaving
from service.session.effects import (
    CloseStream,
    Direction,
    Fault,
    StandbyLost,
    State,
    StreamBegan,
    StreamLost,
    StreamReplaced,
    TakePlace,
)
from service.session.events import AllowanceSpent, PlaceGiven, PlaceQueued, PlaceRefused, PlaceSide
from service.session.state import Signal
from service.session.upstream import Phase
from service.wire import server
from service.wire.server import Outcome

_QUIET_REPLAY_MS = 3_000
SPENT = "You have talked for as long as one may in a day; please come back tomorrow."


def open_next(core: Core, now: float) -> None:
    """Ask for a stream; whatever belonged to the last one is forgotten."""
    _forget_stream(core)
    core.upstream.open(now)


def begin(core: Core, now: float, *, urgent: bool = False) -> None:
    """Ask for the first stream, once the session has a place; `urgent` for a conversation that goes on."""
    if core.terms.needs_place:
        core.queue.since = now
        core.emit(TakePlace(urgent=urgent))
    else:
        open_next(core, now)


def place(core: Core, event: PlaceSide, now: float) -> None:
    """What became of waiting for a place; or of the user's allowance later on."""
    if isinstance(event, AllowanceSpent):
        by = now + core.terms.farewell_s
        core.leaving = core.leaving or Leaving(
            by=by, code=CloseCode.SLOW_DOWN, error=ErrorCode.DAILY_LIMIT, sentence=SPENT
        )
        return
    if core.queue.since is None:
        return
    match event:
        case PlaceQueued(position=position):
            core.tell(server.Queued, position=position)
        case PlaceGiven():
            core.queue.since = None
            open_next(core, now)
        case PlaceRefused(code=code, error=error, sentence=sentence):
            core.end(code, sentence, error=error, now=now)
        case _:
            assert_never(event)


def queue_ends_at(core: Core) -> float:
    """When waiting for a place is over."""
    return NEVER if core.queue.since is None else core.queue.since + core.terms.queue_patience_s


def give_up_queue(core: Core, now: float) -> None:
    """No place in time."""
    sentence = "All conversations this service can hold are taken; please try again in a few minutes."
    core.end(CloseCode.SLOW_DOWN, sentence, error=ErrorCode.AT_CAPACITY, now=now)


def _forget_stream(core: Core) -> None:
    core.reopen_at = None
    core.spread = core.jitter()
    core.open_blocks.clear()
    core.discard.forget()
    core.dialogue.stream_is_gone()
    core.usage.next_stream()
    abandoned = core.tools.abandon()
    if abandoned:
        core.counts.add(Direction.TO_MODEL, "ToolResult", Fault.STALE, abandoned)


def opened(core: Core) -> None:
    """The transport has the stream: say what comes before any audio."""
    if core.upstream.phase is Phase.OPENING:
        core.upstream.begin(core.terms, _history(core))


def _history(core: Core) -> Sequence[Message]:
    # The turn in flight is heard again, or has not been heard yet.
    without = core.turn.number if core.turn is not None and core.reply is None else None
    return core.dialogue.history(core.terms.profile.history_bytes, without=without)


def accepted(core: Core, now: float) -> None:
    """The model hears us."""
    core.emit(_began(core.upstream.stream_id, core.upstream.opened_at, now))
    if core.upstream.replacing_since is not None:
        core.emit(StreamReplaced(planned=False, gap_ms=round((now - core.upstream.replacing_since) * 1_000)))
        core.upstream.replacing_since = None
    if not core.is_ready:
        _say_ready(core)
    core.upstream.accepted(core.terms, now)
    _heard_again(core, now)


def _heard_again(core: Core, now: float) -> None:
    """The stream has heard what waited for it: the session is where it was."""
    if core.turn is not None and core.turn.last_audio_at is not None:
        core.turn.last_audio_at = now
    core.owed_since = now
    if core.state is State.CONNECTING:
        core.signal(Signal.ACCEPTED)
    repeated, core.repeated = core.repeated, None
    if repeated is not None and core.state is State.LISTENING:
        # What waited ended with the closure, so the model knows.
        core.signal(Signal.TURN_CLOSED)


def _say_ready(core: Core) -> None:
    core.is_ready = True
    say_ready(core, resumed=False)
    for ping_id in core.early_pongs:
        core.tell(server.Pong, id=ping_id)
    core.early_pongs.clear()


def say_ready(core: Core, *, resumed: bool) -> None:
    """Tell the client what the session is; `resumed` when it goes on without a gap."""
    terms = core.terms
    core.tell(
        server.Ready,
        session_id=terms.session_id,
        conversation_id=terms.conversation_id,
        epoch=core.keeping.epoch or 1,
        last_turn=core.keeping.last_turn,
        resume_token=core.resumption.token,
        resumed=resumed,
        model=terms.model_id,
        language=terms.language,
        voice=terms.voice,
        input_sample_rate_hz=terms.input_rate_hz,
        output_sample_rate_hz=terms.output_rate_hz,
        silence_threshold_ms=terms.endpointing.silence_threshold_ms,
        watchdog_ms=round(terms.watchdog.patience_s * 1000),
        heartbeat_ms=terms.heartbeat_ms,
        limits=terms.limits,
    )
    core.resumption.ready_seq = core.seq


def _began(stream_id: int, asked_at: float, now: float) -> StreamBegan:
    return StreamBegan(stream_id=stream_id, opening_ms=round((now - asked_at) * 1_000))


def replace(core: Core, now: float) -> None:
    """Move to a fresh stream on purpose; the client need not notice.

    A reply of which more should come dies with its stream. A turn that is still being thought about is said again to
    the next one, and so are unfinished words.
    """
    upstream = core.upstream
    if core.state is State.LISTENING and core.is_quiet:
        upstream.trim_recent(_QUIET_REPLAY_MS, core.terms)
    upstream.leave(core.terms)
    if core.state is State.THINKING and can_repeat(core):
        _repeat(core)
        if not upstream.has_successor:
            core.signal(Signal.STREAM_LOST)
    elif core.state is State.THINKING or (core.state is State.SPEAKING and not core.reply_is_safe):
        upstream.forget_recent()
        core.end_turn(Outcome.FAILED, now)
        core.signal(Signal.GAVE_UP)
    elif core.state is State.SPEAKING:
        upstream.forget_recent()
    upstream.carry_over()
    _next(core, now)


def _next(core: Core, now: float) -> None:
    """The stream that stands by, where there is one that the model has accepted; else another."""
    if not core.upstream.has_successor:
        core.upstream.replacing_since = now
        open_next(core, now)
        return
    core.emit(StreamReplaced(planned=True, gap_ms=0))
    _forget_stream(core)
    core.upstream.switch(core.terms, _history(core), now)
    _heard_again(core, now)


def can_repeat(core: Core) -> bool:
    """Whether the turn in flight can be said again: nothing of its reply has sounded, nothing was done for it."""
    turn = core.turn
    if turn is None or turn.has_used_tools:
        return False
    return core.reply is None or core.reply.samples == 0


def _repeat(core: Core) -> None:
    """The turn in flight waits, closed as it was, for the next stream to hear it."""
    turn, reply = core.open_turn(), core.reply
    core.repeated = turn.closed_by
    core.reply = None
    turn.response_id = None
    if reply is not None:
        # Words were announced that nobody will say.
        core.tell(
            server.Transcript,
            turn=turn.number,
            role=server.Role.ASSISTANT,
            stage=server.Stage.HEARD,
            text="",
            response_id=reply.response_id,
        )
    core.dialogue.begin_again(turn.number)


# Standing by


def prepare(core: Core, now: float) -> None:
    """Ask for the stream that will take over, while the current one goes on."""
    core.upstream.prepare(now)


def standby_accepted(core: Core, now: float) -> None:
    """The model has it; it takes over at the next quiet moment, at once if this is one."""
    standby = core.upstream.standby
    if standby is not None and standby.is_begun and standby.accepted_at is None:
        standby.accepted_at = now
        core.emit(_began(standby.stream_id, standby.opened_at, now))


def standby_lost(core: Core, failure: ModelFailure | None, now: float) -> None:
    """It could not be had; the current one goes on, and another is asked for in a while."""
    core.emit(StandbyLost(kind=ModelFailureKind.CONNECTION_LOST if failure is None else failure.kind))
    core.upstream.standby = None
    core.prepare_after = now + core.terms.continuation.prepare_again_s


def drop_standby(core: Core, now: float) -> None:
    """It did not come in time, or waited so long that the model is about to end it."""
    core.upstream.drop_standby()
    core.prepare_after = now + core.terms.continuation.prepare_again_s


def next_for_turn(core: Core, now: float) -> None:
    """Under the closure policy `explicit`: the reply is complete, the next turn gets its own stream."""
    if core.next_turn_needs_stream:
        core.upstream.end(core.terms)
        open_next(core, now)


def timed_out(core: Core, now: float) -> None:
    """The model did not answer our first events in time."""
    core.emit(CloseStream(stream_id=core.upstream.stream_id))
    lost(core, ModelFailure(ModelFailureKind.TIMED_OUT, "the stream was not accepted in time"), now)


def lost(core: Core, failure: ModelFailure | None, now: float) -> None:
    """The current stream ended without our asking: try again, or say why not and hang up."""
    if failure is None:
        failure = ModelFailure(ModelFailureKind.CONNECTION_LOST, "the model ended the stream by itself")
    upstream = core.upstream
    if (
        upstream.phase in {Phase.LIVE, Phase.ENDED}
        and now - upstream.live_at >= core.terms.retry.healthy_after_s
    ):
        core.failures = 0
    core.failures += 1
    wait_s = core.terms.retry.wait_s(core.failures, core.jitter()) if failure.retryable else None
    core.emit(
        StreamLost(
            stream_id=upstream.stream_id,
            kind=failure.kind,
            reason=failure.message,
            will_retry=wait_s is not None,
            was_open=upstream.phase in {Phase.LIVE, Phase.ENDED},
        )
    )
    upstream.phase = Phase.NONE
    if wait_s is None:
        _give_up(core, failure, now)
        return
    _fall_back(core, now)
    upstream.carry_over()
    if upstream.has_successor:
        _next(core, now)
    elif wait_s > 0:
        core.reopen_at = now + wait_s
    else:
        open_next(core, now)


def _fall_back(core: Core, now: float) -> None:
    """A reply that is complete still plays out; anything else waits for the next stream."""
    if core.state is State.CONNECTING or (core.state is State.SPEAKING and core.reply_is_safe):
        return
    if core.state is State.THINKING and can_repeat(core):
        _repeat(core)
    elif core.state is not State.LISTENING:
        core.upstream.forget_recent()
        core.upstream.forget_waiting()
        core.end_turn(Outcome.FAILED, now)
        if core.upstream.has_successor:
            core.signal(Signal.GAVE_UP)
    if not core.upstream.has_successor:
        core.signal(Signal.STREAM_LOST)


def _give_up(core: Core, failure: ModelFailure, now: float) -> None:
    rule = failure.rule
    sentence = _SENTENCES[rule.error_code]
    core.upstream.forget_waiting()
    reply = core.reply
    if core.state is State.SPEAKING and reply is not None and reply.is_complete:
        # All of it has come, and plays out.
        by = reply.play_ends_at + core.terms.settle_s
        core.leaving = Leaving(by=by, code=rule.close_code, error=rule.error_code, sentence=sentence)
        return
    core.end(rule.close_code, sentence, error=rule.error_code, now=now)


_SENTENCES = {
    ErrorCode.MODEL_UNAVAILABLE: "The model did not answer after three tries; please start again in a moment.",
    ErrorCode.MODEL_REFUSED: "The model refused this session; please tell whoever runs this service.",
    ErrorCode.CONTENT_FILTERED: "The model's content filter ended the conversation; please start a new one.",
}


def can_leave(core: Core) -> bool:
    """Whether nothing runs, and nothing that was said would be lost, should the session end now."""
    return _is_idle(core) and core.is_kept


def goodbye_is_due(core: Core, leaving: Leaving) -> bool:
    """Whether the assistant has a last word to say, and may say it now."""
    return leaving.farewell is not None and core.upstream.phase is Phase.LIVE and _is_idle(core)


def _is_idle(core: Core) -> bool:
    return core.state is State.CONNECTING or (core.state is State.LISTENING and core.is_quiet)


def leave_if_due(core: Core, now: float) -> None:
    """A session that was told to go does so when nothing runs any more, or when its time is up."""
    leaving = core.leaving
    if leaving is None or core.state is State.OVER:
        return
    if goodbye_is_due(core, leaving) and now < leaving.by:
        reports.say_goodbye(core, leaving, now)
        return
    may_go = leaving.code is not CloseCode.DONE and leaving.after <= now and can_leave(core)
    if may_go or leaving.by <= now:
        core.end(leaving.code, leaving.sentence, error=leaving.error, now=now)
