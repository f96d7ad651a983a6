"""What is told to a session about itself: the client's side of a reply, the socket's, and a budget that is spent."""

from typing import Final, assert_never

from service.errors import CloseCode, ErrorCode
from service.policies.budget import Budget
from service.policies.waterfall import Verdict
from service.session.core import Core, Leaving
from service.session.effects import TimingsTold, WoundDown
from service.session.events import AudioSent, BudgetSpent
from service.session.measuring import with_client
from service.session.turn import Turn
from service.wire import client, server
from service.wire.server import ClosedBy, GoAwayReason

_FAREWELL_S: Final = 20.0
"""For the running turn and the goodbye; then the session ends without one."""
_MAX_UNDERRUNS: Final = 10_000
_SENTENCES: Final = {
    Budget.USER: "Your allowance for today is used up; it is renewed at midnight UTC.",
    Budget.DEPLOYMENT: "This assistant's budget for today is used up; it is renewed at midnight UTC.",
}
_GOODBYE: Final = (
    "(The allowance for this conversation is used up. Say so and say goodbye now, in one short friendly sentence, in the"
    " language that was spoken.)"
)


def timings(core: Core, told: client.Timings) -> None:
    """The client tells when it got and played the first of a reply."""
    turn = _turn_of(core, told.response_id)
    verdict = Verdict.LATE
    if turn is not None and turn.waterfall is None:
        arrived_at = None if told.asked_at_ms is None else core.upstream.arrivals.of(told.asked_at_ms)
        verdict = with_client(turn, told, arrived_at)
    core.emit(
        TimingsTold(
            verdict=verdict,
            waterfall=turn.waterfall if turn is not None and verdict is Verdict.USED else None,
            underruns=min(told.underruns or 0, _MAX_UNDERRUNS),
        )
    )


def receive(core: Core, event: AudioSent | BudgetSpent, now: float) -> None:
    """Something that the service found out about this session."""
    match event:
        case AudioSent():
            _audio_sent(core, event)
        case BudgetSpent():
            _budget_spent(core, event, now)
        case _:
            assert_never(event)


def _turn_of(core: Core, response_id: int) -> Turn | None:
    if core.turn is not None and core.turn.response_id == response_id:
        return core.turn
    for over in core.settling:
        if over.measured.response_id == response_id:
            return over.measured
    return None


def _audio_sent(core: Core, event: AudioSent) -> None:
    """The first audio of a reply has gone out."""
    turn = core.turn
    if turn is None or turn.response_id != event.response_id or turn.first_audio_at is None:
        return
    if turn.sent_at is None:
        turn.sent_at = turn.first_audio_at + event.handled_s
        turn.taken_s = event.taken_s


def _budget_spent(core: Core, event: BudgetSpent, now: float) -> None:
    """Let the running turn end, have the assistant say goodbye, and hang up."""
    if core.leaving is not None:
        return
    core.emit(WoundDown(budget=event.budget))
    core.leaving = Leaving(
        by=now + _FAREWELL_S,
        code=CloseCode.FORBIDDEN,
        error=ErrorCode.BUDGET_SPENT,
        sentence=_SENTENCES[event.budget],
        farewell=_GOODBYE,
    )
    core.tell(
        server.GoAway,
        reason=GoAwayReason.BUDGET,
        deadline_ms=round(_FAREWELL_S * 1_000),
        reconnect_after_ms=round(max(0.0, event.renewed_in_s) * 1_000),
    )


def say_goodbye(core: Core, leaving: Leaving, now: float) -> None:
    """Have the model say the goodbye, as the reply to a turn of our own; the session ends after it."""
    core.leaving = Leaving(by=leaving.by, code=leaving.code, error=leaving.error, sentence=leaving.sentence)
    core.open_turn().is_typed = True
    core.upstream.type_text(leaving.farewell or "", core.terms, now)
    core.close_turn(ClosedBy.WATCHDOG, now, silence_ms=core.terms.trailing.after_text_ms)
