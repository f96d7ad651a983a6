"""A conversation of 24 hours on virtual time: 180 streams and more, and not one word of it lost."""

from random import Random

from service.policies.silence import KeepAlive
from service.session.effects import State
from service.wire import server
from service.wire.server import Outcome
from tests.service.fakes import Call, terms

DAY_S = 86_400.0
LIFETIME_S = 480.0


def test_a_day_of_conversation_is_as_good_as_a_minute() -> None:
    """Somebody asks every minute or two, sleeps for a while, and has streams die now and then."""
    dice = Random(1)
    call = Call(
        terms(idle_timeout_s=DAY_S, max_session_s=2 * DAY_S, tools=(), keep_alive=KeepAlive(frame_ms=1_000))
    )
    call.connect()
    opened_at = {1: call.now}
    longest_s = 0.0
    asked = completed = 0
    began_at = call.now
    while call.now - began_at < DAY_S:
        asked += 1
        _turn(call, f"question {asked}", spoken=dice.random() < 0.5)
        if dice.random() < 0.02:
            call.fail()
        until = call.now + dice.choice([2.0, 30.0, 90.0, 300.0])
        while call.now < until:
            if call.invariants.newest_stream not in opened_at:
                opened_at[call.invariants.newest_stream] = call.now
                call.accept()
            call.wait(min(5.0, until - call.now))
            longest_s = max(longest_s, call.now - opened_at[call.stream_id])
        completed += [turn.outcome for turn in call.told(server.TurnIs)].count(Outcome.COMPLETED)
        # What was checked is forgotten; the session itself keeps only what it is bounded to.
        call.effects.clear()

    assert State.LISTENING is call.state
    assert asked == completed
    assert 180 <= len(opened_at)
    assert longest_s < LIFETIME_S


def _turn(call: Call, text: str, *, spoken: bool) -> None:
    if call.state is State.CONNECTING:
        call.accept()
        call.wait(1.0)
    if spoken:
        call.speak(0.32)
        call.end_of_utterance()
    else:
        call.audio()
        call.audio(end=True)
    call.user_text(text)
    call.reply(f"answer to {text}", chunks=1)
    call.wait(2.0)
