"""A session waits in line for one of the account's streams, and knows where it stands."""

from service.errors import CloseCode, ErrorCode
from service.session.effects import OpenStream, State, TakePlace
from service.session.events import Owned, PlaceGiven, PlaceQueued
from service.wire import client, server
from tests.service.fakes import Call, terms

COUNTED = terms(needs_place=True, keeps_history=True, resume_token="token-0")


def begun() -> Call:
    call = Call(COUNTED)
    call.give(client.Start())
    return call


def test_no_stream_is_asked_for_before_there_is_a_place() -> None:
    call = begun()
    before = call.done(OpenStream)
    call.give(PlaceGiven())

    assert ([TakePlace(urgent=False)], [], 1) == (call.done(TakePlace), before, len(call.done(OpenStream)))


def test_the_user_sees_the_line_move_and_is_heard_from_the_beginning() -> None:
    call = begun()
    call.give(PlaceQueued(position=2))
    call.speak(0.5)
    call.give(PlaceQueued(position=1))
    call.give(PlaceGiven())
    call.accept()

    assert [2, 1] == [message.position for message in call.told(server.Queued)]
    assert ["queued", "queued", "ready"] == [message.type for message in call.messages[:3]]
    assert State.LISTENING is call.state


def test_a_conversation_that_lost_its_process_comes_before_new_ones() -> None:
    call = Call(COUNTED)
    call.give(client.Start(resume=client.Resume(session_id="s1", resume_token="t", last_seq=1)))
    call.keep(owned=Owned(conversation_id="old", epoch=2, last_turn=1))

    assert [TakePlace(urgent=True)] == call.done(TakePlace)


def test_a_line_that_does_not_move_is_left_with_a_reason() -> None:
    call = begun()
    call.give(PlaceQueued(position=7))
    call.wait(121.0)

    assert (CloseCode.SLOW_DOWN, ErrorCode.AT_CAPACITY) == (call.closed_with, call.told(server.Error)[0].code)


def test_a_place_is_taken_once_however_many_streams_follow() -> None:
    call = begun()
    call.give(PlaceGiven())
    call.accept()
    call.fail()
    call.wait(1.0)

    assert (1, 2) == (len(call.done(TakePlace)), len(call.done(OpenStream)))
