"""Streams come and go: opened, accepted, lost, replaced."""

from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind
from service.session.core import Core
from service.session.effects import CloseStream, Direction, Fault, State, StreamLost
from service.session.state import Signal
from service.session.upstream import Phase
from service.wire import server
from service.wire.server import Outcome

_QUIET_REPLAY_MS = 3_000


def open_next(core: Core, now: float) -> None:
    """Ask for a stream; whatever belonged to the last one is forgotten."""
    core.reopen_at = None
    core.open_blocks.clear()
    core.discard.forget()
    core.usage.next_stream()
    abandoned = core.tools.abandon()
    if abandoned:
        core.counts.add(Direction.TO_MODEL, "ToolResult", Fault.STALE, abandoned)
    core.upstream.open(now)


def opened(core: Core) -> None:
    """The transport has the stream: say what comes before any audio."""
    if core.upstream.phase is Phase.OPENING:
        core.upstream.begin(core.terms, core.dialogue.history(core.terms.profile.history_bytes))


def accepted(core: Core, now: float) -> None:
    """The model hears us."""
    if not core.is_ready:
        _say_ready(core)
    core.upstream.accepted(core.terms, now)
    if core.turn is not None and core.turn.last_audio_at is not None:
        core.turn.last_audio_at = now
    core.owed_since = now
    if core.state is State.CONNECTING:
        core.signal(Signal.ACCEPTED)


def _say_ready(core: Core) -> None:
    core.is_ready = True
    terms = core.terms
    core.tell(
        server.Ready,
        session_id=terms.session_id,
        conversation_id=terms.conversation_id,
        epoch=1,
        resume_token=None,
        resumed=False,
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
    for ping_id in core.early_pongs:
        core.tell(server.Pong, id=ping_id)
    core.early_pongs.clear()


def replace(core: Core, now: float) -> None:
    """Move to a fresh stream on purpose; the client need not notice.

    A turn that is still being thought about, or spoken, dies with its stream; the user's unfinished words do not.
    """
    if core.state is State.LISTENING:
        if core.is_quiet:
            core.upstream.trim_recent(_QUIET_REPLAY_MS, core.terms)
    else:
        core.upstream.forget_recent()
    core.upstream.end(core.terms)
    if core.state is State.THINKING or (core.state is State.SPEAKING and not core.reply_is_safe):
        core.end_turn(Outcome.FAILED, now)
        core.signal(Signal.GAVE_UP)
    core.upstream.carry_over()
    open_next(core, now)


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
        )
    )
    upstream.phase = Phase.NONE
    if wait_s is None:
        _give_up(core, failure, now)
        return
    _fall_back(core, now)
    upstream.carry_over()
    if wait_s > 0:
        core.reopen_at = now + wait_s
    else:
        open_next(core, now)


def _fall_back(core: Core, now: float) -> None:
    """A reply that is complete still plays out; anything else waits for the next stream."""
    if core.state is State.CONNECTING or (core.state is State.SPEAKING and core.reply_is_safe):
        return
    if core.state is not State.LISTENING:
        core.upstream.forget_recent()
        core.upstream.forget_waiting()
        core.end_turn(Outcome.FAILED, now)
    core.signal(Signal.STREAM_LOST)


def _give_up(core: Core, failure: ModelFailure, now: float) -> None:
    rule = failure.rule
    sentence = _SENTENCES[rule.error_code]
    core.upstream.forget_waiting()
    core.end(rule.close_code, sentence, error=rule.error_code, now=now)


_SENTENCES = {
    ErrorCode.MODEL_UNAVAILABLE: "The model did not answer after three tries; please start again in a moment.",
    ErrorCode.MODEL_REFUSED: "The model refused this session; please tell whoever runs this service.",
    ErrorCode.CONTENT_FILTERED: "The model's content filter ended the conversation; please start a new one.",
}


def leave_if_due(core: Core, now: float) -> None:
    """A session that was told to go does so when nothing runs any more, or when its time is up."""
    leaving = core.leaving
    if leaving is None or core.state is State.OVER:
        return
    is_idle = core.state is State.CONNECTING or (core.state is State.LISTENING and core.is_quiet)
    if leaving.by <= now or (is_idle and leaving.code is not CloseCode.DONE):
        core.end(leaving.code, leaving.sentence, error=leaving.error, now=now)
