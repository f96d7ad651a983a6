"""What happens because time passes.

Each timer answers when it is due (`inf`: not armed) and what it does. In every state but OVER one is armed, so no
session can wait for ever: CONNECTING has the start, the opening or the next try; LISTENING the keep-alive or the
opening, and idleness; THINKING the reply; SPEAKING the end of the reply.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from service.errors import CloseCode, ErrorCode
from service.policies.prices import usd
from service.session import client_side, sign_in, store_side, streams, tool_side
from service.session.core import NEVER, Core, Leaving
from service.session.effects import Direction, Fault, State
from service.session.resumption import RENEW_EVERY_S
from service.session.state import Signal
from service.session.tool_calls import error_result
from service.session.upstream import Phase
from service.wire import server
from service.wire.server import ClosedBy, GoAwayReason, Outcome

_COUNTS_EVERY_S: Final = 10.0
_ACK_AFTER_S: Final = 0.5
_ELSEWHERE: Final = "This process is leaving; the conversation goes on in another one."


def _start_at(core: Core) -> float:
    return NEVER if core.has_started else core.began_at + core.terms.start_timeout_s


def _start(core: Core, now: float) -> None:
    sentence = f"Nothing was said within {core.terms.start_timeout_s:g} s."
    core.end(CloseCode.IDLE, sentence, error=ErrorCode.START_TIMEOUT, now=now)


def _opening_at(core: Core) -> float:
    if core.upstream.phase in {Phase.OPENING, Phase.STARTING}:
        return core.upstream.opened_at + core.terms.open_timeout_s
    return NEVER


def _reopen_at(core: Core) -> float:
    return NEVER if core.reopen_at is None else core.reopen_at


def _keep_alive_at(core: Core) -> float:
    upstream = core.upstream
    if upstream.phase is not Phase.LIVE or upstream.replay_at is not None:
        return NEVER
    return core.terms.keep_alive.due_at(upstream.fed_until, client_is_sending=upstream.client_is_sending)


def _keep_alive(core: Core, now: float) -> None:
    core.upstream.be_silent(core.terms.keep_alive.frame_ms, core.terms, now)


def _replay_at(core: Core) -> float:
    due_at = core.upstream.replay_at
    return NEVER if due_at is None else due_at


def _replay(core: Core, now: float) -> None:
    core.upstream.replay(core.terms, now)


def _watchdog_at(core: Core) -> float:
    if core.state is not State.LISTENING or core.upstream.phase is not Phase.LIVE:
        return NEVER
    if core.turn is None or core.turn.last_audio_at is None or core.resumption.parked_at is not None:
        return NEVER
    return core.terms.watchdog.expires_at(core.turn.last_audio_at)


def _watchdog(core: Core, now: float) -> None:
    turn = core.open_turn()
    if core.model_signals_speech and not turn.is_spoken:
        # This model tells when somebody speaks, and nobody did: a microphone was switched off, nothing was asked.
        core.forget_turn()
        return
    core.close_turn(ClosedBy.WATCHDOG, now)


def _reply_at(core: Core) -> float:
    if core.state is not State.THINKING or core.turn is None or core.turn.closed_at is None:
        return NEVER
    limit_at = core.turn.closed_at + core.terms.thinking_limit_s
    if core.tools.are_running:
        return limit_at
    return min(core.owed_since + core.terms.reply_timeout_s, limit_at)


def _reply(core: Core, now: float) -> None:
    turn = core.turn
    if (
        turn is not None
        and turn.may_be_asked_again(core.terms.thinking_limit_s, now)
        and streams.can_repeat(core)
    ):
        # Another stream is asked once, before the user is told.
        turn.was_asked_again = True
        streams.replace(core, now)
        return
    core.hearing.unanswered_in_a_row += 1
    core.end_turn(Outcome.UNANSWERED, now)
    core.tell_error(ErrorCode.MODEL_SILENT, "The model did not answer; please say it again.", retryable=True)
    core.discard.forget()
    core.signal(Signal.GAVE_UP)
    was_asked_again = turn is not None and turn.was_asked_again
    if was_asked_again or core.hearing.unanswered_in_a_row > 1 or core.next_turn_needs_stream:
        core.upstream.forget_recent()
        streams.replace(core, now)


def _deaf_at(core: Core) -> float:
    if core.state is not State.LISTENING or core.upstream.phase is not Phase.LIVE:
        return NEVER
    return core.hearing.deaf_at


def _deaf(core: Core, now: float) -> None:
    """Somebody spoke and the model took no notice at all: another stream hears it again."""
    core.hearing.reacted()
    core.counts.add(Direction.FROM_MODEL, "UserSpeechStart", Fault.MISSING)
    if core.hearing.was_deaf:
        sentence = "The model does not react to what is said; please check the microphone, or say it again."
        core.tell_error(ErrorCode.MODEL_SILENT, sentence, retryable=True)
    core.hearing.was_deaf = True
    streams.replace(core, now)


def _speaking_at(core: Core) -> float:
    if core.state is not State.SPEAKING or core.reply is None:
        return NEVER
    if core.reply.is_complete:
        return core.reply.play_ends_at
    return max(core.reply.play_ends_at, core.owed_since) + core.terms.reply_timeout_s


def _speaking(core: Core, now: float) -> None:
    if core.reply_is_safe:
        core.finish_reply(now)
        return
    core.end_turn(Outcome.FAILED, now)
    core.tell_error(ErrorCode.MODEL_SILENT, "The model stopped within its answer.", retryable=True)
    core.signal(Signal.GAVE_UP)
    streams.replace(core, now)


def _tools_at(core: Core) -> float:
    expiry_at = core.tools.next_expiry_at
    return NEVER if expiry_at is None else expiry_at


def _tools(core: Core, now: float) -> None:
    for call in core.tools.expired(now):
        sentence = f"{call.name} did not answer within {core.terms.tool_timeout_s:g} s"
        tool_side.answer(core, call, error_result(sentence), now, failed=True)


def _idle_at(core: Core) -> float:
    return core.active_at + core.terms.idle_timeout_s if core.state is State.LISTENING else NEVER


def _idle(core: Core, now: float) -> None:
    sentence = f"Nobody spoke for {core.terms.idle_timeout_s:g} s."
    core.end(CloseCode.IDLE, sentence, error=ErrorCode.IDLE, now=now)


def _session_at(core: Core) -> float:
    return NEVER if core.leaving is not None else core.began_at + core.terms.max_session_s


def _session(core: Core, now: float) -> None:
    leave(core, GoAwayReason.MAX_DURATION, core.terms.farewell_s, now)


def leave(core: Core, reason: GoAwayReason, within_s: float, now: float, *, after_s: float = 0.0) -> None:
    """Announce the end of the session, which comes with the end of the running turn, at its own moment."""
    if core.state is State.OVER:
        return
    if reason is GoAwayReason.DEPLOY:
        core.leaving = Leaving(
            by=now + within_s,
            after=now + min(after_s, within_s),
            code=CloseCode.GO_ELSEWHERE,
            error=ErrorCode.GOING_AWAY,
            sentence=_ELSEWHERE,
        )
    else:
        core.leaving = Leaving(by=now + within_s, code=CloseCode.DONE, error=None)
    if core.is_ready:
        core.tell(
            server.GoAway,
            reason=reason,
            deadline_ms=round(within_s * 1000),
            reconnect_after_ms=round(min(after_s, within_s) * 1000),
        )
    streams.leave_if_due(core, now)


def _leaving_at(core: Core) -> float:
    leaving = core.leaving
    if leaving is None:
        return NEVER
    if leaving.code is not CloseCode.DONE and (
        streams.can_leave(core) or streams.goodbye_is_due(core, leaving)
    ):
        return min(leaving.after, leaving.by)
    return leaving.by


def _continuation_at(core: Core) -> float:
    upstream = core.upstream
    if upstream.phase not in {Phase.LIVE, Phase.ENDED}:
        return NEVER
    is_speaking = core.state is State.SPEAKING and not core.reply_is_safe
    forced_at = core.terms.continuation.forced_at(upstream.opened_at, is_speaking=is_speaking)
    standby = upstream.standby
    if standby is not None and standby.accepted_at is not None and core.is_quiet:
        return min(standby.accepted_at, forced_at)
    return forced_at


def _prepare_at(core: Core) -> float:
    upstream = core.upstream
    if upstream.phase is not Phase.LIVE or upstream.standby is not None:
        return NEVER
    at = core.terms.continuation.prepared_at(upstream.opened_at, core.spread)
    return max(at, core.prepare_after)


def _standby_at(core: Core) -> float:
    standby = core.upstream.standby
    if standby is None:
        return NEVER
    if standby.accepted_at is None:
        return standby.opened_at + core.terms.open_timeout_s
    return standby.accepted_at + core.terms.continuation.patience_s


def _ack_at(core: Core) -> float:
    if core.unacked is None or not core.is_ready:
        return NEVER
    return core.acked_at + _ACK_AFTER_S


def _ack(core: Core, now: float) -> None:
    client_side.acknowledge(core, now)
    core.unacked = None


def _usage_at(core: Core) -> float:
    due_at = core.usage.due_at()
    return NEVER if due_at is None else due_at


def _usage(core: Core, now: float) -> None:
    total = core.usage.tell(now)
    spoken_in, typed_in = total.input_speech, total.input_text
    spoken_out, typed_out = total.output_speech, total.output_text
    core.tell(
        server.Usage,
        input=server.Tokens(speech_tokens=spoken_in, text_tokens=typed_in),
        output=server.Tokens(speech_tokens=spoken_out, text_tokens=typed_out),
        total_tokens=spoken_in + typed_in + spoken_out + typed_out,
        cost_usd=usd(core.terms.prices.cost_nano_usd(total)),
    )


def _parked_at(core: Core) -> float:
    return NEVER if core.resumption.parked_at is None else core.resumption.parked_at + core.terms.parked_s


def _renew_at(core: Core) -> float:
    if core.resumption.token is None or core.keeping.epoch is None:
        return NEVER
    return core.resumption.renewed_at + RENEW_EVERY_S


def _settle_at(core: Core) -> float:
    return min((over.due_at for over in core.settling), default=NEVER)


def _store_at(core: Core) -> float:
    return NEVER if core.keeping.retry_at is None else core.keeping.retry_at


def _history_at(core: Core) -> float:
    if core.keeping.waits_for_history_since is None:
        return NEVER
    return core.keeping.waits_for_history_since + core.terms.store_patience_s


def _counts_at(core: Core) -> float:
    return core.counted_at + _COUNTS_EVERY_S if core.counts else NEVER


type Timer = tuple[Callable[[Core], float], Callable[[Core, float], None]]

# In the order in which those that are due at once run: what ends things first.
TIMERS: Final[Sequence[Timer]] = (
    (_start_at, _start),
    (_history_at, store_side.give_up_history),
    (_parked_at, client_side.give_up),
    (streams.queue_ends_at, streams.give_up_queue),
    (_leaving_at, streams.leave_if_due),
    (_session_at, _session),
    (sign_in.expired_at, sign_in.expire),
    (_speaking_at, _speaking),
    (_reply_at, _reply),
    (_tools_at, _tools),
    (_opening_at, streams.timed_out),
    (_reopen_at, streams.open_next),
    (_continuation_at, streams.replace),
    (_standby_at, streams.drop_standby),
    (_prepare_at, streams.prepare),
    (_watchdog_at, _watchdog),
    (_deaf_at, _deaf),
    (_idle_at, _idle),
    (_replay_at, _replay),
    (_keep_alive_at, _keep_alive),
    (_settle_at, Core.settle),
    (_store_at, store_side.try_again),
    (_renew_at, store_side.renew),
    (sign_in.expiring_at, sign_in.tell_expiring),
    (_usage_at, _usage),
    (_ack_at, _ack),
    (_counts_at, Core.announce_counts),
)


# What a frame of audio can move, either way, while nothing that `Soonest` pins has changed.
_MOVED_IN_ANY_STATE: Final = (_replay_at, _keep_alive_at, _ack_at, _counts_at)
_MOVED_BY_AUDIO: Final = {
    State.CONNECTING: _MOVED_IN_ANY_STATE,
    State.LISTENING: (_watchdog_at, _deaf_at, *_MOVED_IN_ANY_STATE),
    State.THINKING: (_reply_at, *_MOVED_IN_ANY_STATE),
    State.SPEAKING: (_speaking_at, *_MOVED_IN_ANY_STATE),
}
_MOVED: Final = frozenset(chain(*_MOVED_BY_AUDIO.values()))
_OTHERS: Final = tuple(due_at for due_at, _ in TIMERS if due_at not in _MOVED)


def deadline(core: Core) -> float:
    """When the next timer is due; `inf` only when the session is over."""
    if core.state is State.OVER:
        return NEVER
    return min(due_at(core) for due_at, _ in TIMERS)


class Soonest:
    """`deadline`, remembered: after a frame of audio, which is nearly always, only what audio moves is asked again.

    It is exact. A frame that begins a turn or a reply, or changes the state or the stream, changes what is pinned.
    """

    __slots__ = ("_core", "_others_at", "_pinned")

    def __init__(self, core: Core) -> None:
        self._core = core
        self._others_at: float | None = None
        self._pinned: tuple[object, ...] = ()

    def forget(self) -> None:
        """Something other than a frame of audio happened."""
        self._others_at = None

    def at(self) -> float:
        """As `deadline`."""
        core = self._core
        if core.state is State.OVER:
            return NEVER
        pinned = (core.state, core.upstream.phase, core.turn, core.reply, core.leaving)
        if self._others_at is None or pinned != self._pinned:
            self._pinned = pinned
            self._others_at = min([due_at(core) for due_at in _OTHERS])
        return min(self._others_at, *[due_at(core) for due_at in _MOVED_BY_AUDIO[core.state]])


def run(core: Core, now: float) -> None:
    """Do what is due."""
    for due_at, fire in TIMERS:
        if core.state is State.OVER:
            return
        if due_at(core) <= now:
            fire(core, now)
