"""A session is sent on to another process: at the end of a turn, at its own moment, with nothing left unwritten."""

from service.errors import CloseCode, ErrorCode
from service.session.effects import State
from service.session.events import Disowned, DrainRequested, Owned, StoreFault
from service.session.keeping import KeepRest, RenewGrip, SaveTurn
from service.wire import client, server
from service.wire import sonic_input as inp
from tests.service.fakes import FRAME_MS, Call, terms

LASTING = terms(keeps_history=True, resume_token="token-0")


def connected() -> Call:
    call = Call(LASTING)
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    return call


def test_it_leaves_at_its_own_moment_and_says_when_that_is() -> None:
    call = connected()
    call.give(DrainRequested(deadline_s=25.0, after_s=4.0))
    call.wait(3.9)
    (told,) = call.told(server.GoAway)
    before = call.closed_with
    call.wait(0.2)

    assert (4_000, 25_000) == (told.reconnect_after_ms, told.deadline_ms)
    assert (None, CloseCode.GO_ELSEWHERE) == (before, call.closed_with)


def test_it_does_not_leave_before_the_last_turn_is_written() -> None:
    call = connected()
    call.give(client.Text(text="hello"))
    call.reply("Hi.")
    call.drain()
    call.wait(3.0)
    written = isinstance(call.asked[-1], SaveTurn)
    before = call.closed_with
    call.keep()

    assert (True, None, CloseCode.GO_ELSEWHERE) == (written, before, call.closed_with)
    assert [True] == [turn.saved for turn in call.told(server.TurnIs)[1:]]
    assert [] == call.done(KeepRest)


def test_a_store_that_is_away_does_not_hold_it_longer_than_there_is_time() -> None:
    call = connected()
    call.give(client.Text(text="hello"))
    call.reply("Hi.")
    call.drain(10.0)
    call.wait(10.1)

    assert CloseCode.GO_ELSEWHERE == call.closed_with
    assert ["hello"] == [turn.user for turn in call.saved_turns[:1]]
    assert 1 == len(call.done(KeepRest))


def test_a_user_who_speaks_then_is_answered_first() -> None:
    call = connected()
    call.give(DrainRequested(deadline_s=25.0, after_s=1.0))
    call.speak(2.0)
    assert call.closed_with is None

    call.end_of_utterance()
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(2.0)
    call.keep()
    assert CloseCode.GO_ELSEWHERE == call.closed_with


def test_a_token_that_was_just_given_out_reaches_the_store_although_the_process_goes() -> None:
    call = connected()
    call.come_back(call.messages[-1].seq)
    call.drain(10.0)
    call.wait(11.0)

    rest = [write for effect in call.done(KeepRest) for write in effect.writes]
    assert any(isinstance(write, RenewGrip) for write in (*rest, *call.asked))


def test_a_session_whose_conversation_was_taken_over_here_ends_at_once_and_writes_nothing() -> None:
    call = connected()
    call.give(client.Text(text="hello"))
    call.give(Disowned(fault=StoreFault.SUPERSEDED))

    assert (CloseCode.SUPERSEDED, ErrorCode.SUPERSEDED) == (
        call.closed_with,
        call.told(server.Error)[-1].code,
    )
    assert [] == call.saved_turns


def test_a_session_whose_conversation_was_deleted_ends_at_once() -> None:
    call = connected()
    call.give(Disowned(fault=StoreFault.UNKNOWN))

    assert (CloseCode.CANNOT_RESUME, State.OVER) == (call.closed_with, call.state)


def test_what_a_client_says_again_in_one_piece_reaches_the_model_at_the_pace_of_speech() -> None:
    call = connected()
    for _ in range(round(4_000 / FRAME_MS)):
        call.audio()
    at_once = len(call.sent(inp.AudioInput))
    call.wait(2.0)
    frames = [event for event in call.sent(inp.AudioInput) if any(event.pcm)]

    assert at_once * FRAME_MS < 1_300
    assert round(4_000 / FRAME_MS) == len(frames)
