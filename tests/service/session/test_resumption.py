"""A client that lost its connection comes back to the same process, or to another one."""

import pytest

from service.errors import CloseCode
from service.session.effects import CloseStream, State
from service.session.events import ClientGone, Owned, StoreFault
from service.session.keeping import BeginConversation, KeepRest, RenewGrip, ResumeSession
from service.session.resumption import hash_of
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire.server import Outcome
from tests.service.fakes import Call, terms

LASTING = terms(keeps_history=True, resume_token="token-0")


def connected() -> Call:
    call = Call(LASTING)
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    return call


def seqs(messages: list[server.ServerMessage]) -> list[int]:
    return [message.seq for message in messages]


def test_a_session_offers_its_token_and_the_store_gets_only_the_hash() -> None:
    call = connected()
    (ready,) = call.told(server.Ready)
    (begun,) = call.asked

    assert ("token-0", False) == (ready.resume_token, ready.resumed)
    assert isinstance(begun, BeginConversation)
    assert (hash_of("token-0"), 180.0) == (begun.grip.token_hash, begun.grip.window_s)
    assert "token-0" not in str(begun)


def test_a_client_that_comes_back_is_told_what_it_missed_and_goes_on() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    last_seq = call.messages[-1].seq
    call.give(ClientGone())
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(3.0)
    assert (True, State.LISTENING) == (call.session.is_parked, call.state)

    seen = len(call.messages)
    call.come_back(last_seq)
    told = call.messages[seen:]
    assert [*range(last_seq + 1, told[-1].seq + 1)] == seqs(told)
    ready = next(message for message in told if isinstance(message, server.Ready))
    assert (True, "token-0+", "s") == (ready.resumed, ready.resume_token, ready.session_id)
    assert [Outcome.COMPLETED] == [m.outcome for m in told if isinstance(m, server.TurnIs)]
    call.speak(0.1)
    assert (False, 1, State.LISTENING) == (call.session.is_parked, call.stream_id, call.state)


def test_a_session_without_its_client_feeds_the_model_and_ends_after_a_while() -> None:
    call = connected()
    call.give(ClientGone())
    before = len(call.sent(inp.AudioInput))
    call.wait(14.0)
    assert [State.LISTENING] == [call.state]
    assert 100 < len(call.sent(inp.AudioInput)) - before

    call.wait(2.0)
    assert [State.OVER] == [call.state]
    assert 1 == len(call.done(CloseStream))


def test_words_that_were_cut_off_by_the_network_are_not_closed_by_the_watchdog() -> None:
    call = connected()
    call.speak(0.5)
    call.give(ClientGone())
    call.wait(5.0)
    call.come_back(call.messages[-1].seq)
    call.speak(0.5)
    assert [State.LISTENING] == [call.state]

    call.end_of_utterance()
    assert [State.THINKING] == [call.state]


def test_a_client_that_said_goodbye_is_not_waited_for() -> None:
    call = connected()
    call.give(ClientGone(for_good=True))

    assert State.OVER is call.state


def test_a_deployment_that_waits_for_nobody_ends_a_session_with_its_connection() -> None:
    call = Call(terms(resume_token="token-0", parked_s=0.0))
    call.connect()
    call.give(ClientGone())

    assert State.OVER is call.state


def test_a_session_that_may_not_be_taken_up_ends_with_its_connection() -> None:
    call = Call()
    call.connect()
    call.give(ClientGone())

    assert State.OVER is call.state


@pytest.mark.parametrize(
    ("token", "last_seq"),
    [("token-1", 2), ("", 2), ("token-0", 99), ("token-0", -1), ("\ud800", 2)],
    ids=["another token", "no token", "from the future", "from before the beginning", "no text"],
)
def test_nobody_else_takes_a_session_up(token: str, last_seq: int) -> None:
    call = connected()
    call.give(ClientGone())

    assert not call.session.can_resume(token, last_seq)
    assert call.session.can_resume("token-0", 2)


def test_a_token_is_used_once() -> None:
    call = connected()
    call.give(ClientGone())
    call.come_back(2)

    last_seq = call.messages[-1].seq
    assert not call.session.can_resume("token-0", last_seq)
    assert call.session.can_resume(call.token, last_seq)


def test_who_has_a_token_has_the_ready_that_brought_it() -> None:
    call = connected()
    call.give(ClientGone())

    assert [False, True] == [call.session.can_resume("token-0", last_seq) for last_seq in (0, 1)]


def test_what_is_missing_for_too_many_messages_is_a_gap() -> None:
    call = connected()
    for i in range(300):
        call.give(client.Ping(id=i))
        call.wait(0.1)

    assert not call.session.can_resume("token-0", 2)
    assert call.session.can_resume("token-0", call.messages[-1].seq - 256)


def test_the_store_is_told_that_the_session_still_lives_and_of_every_new_token() -> None:
    call = connected()
    call.wait(61.0)
    call.keep()
    call.give(ClientGone())
    call.keep()
    call.come_back(2)
    call.keep()
    hashes = [write.grip.token_hash for write in call.asked if isinstance(write, RenewGrip)]

    assert [hash_of("token-0")] * 2 + [hash_of("token-0+")] == hashes


def test_a_turn_that_ends_without_its_client_is_kept() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.give(ClientGone())
    call.keep()
    call.reply("Hi.")
    call.wait(3.0)
    call.keep()

    assert ["Hi."] == [turn.assistant for turn in call.saved_turns]
    call.wait(20.0)
    assert [] == call.done(KeepRest)


def test_audio_that_is_sent_again_is_heard_once() -> None:
    call = connected()
    for sequence in range(5):
        call.give(client.Audio(pcm=b"\1\0" * 512, sequence=sequence, captured_at_ms=0.0))
    call.give(ClientGone())
    call.come_back(2)
    for sequence in range(2, 8):
        call.give(client.Audio(pcm=b"\1\0" * 512, sequence=sequence, captured_at_ms=0.0))

    assert 8 == sum(any(event.pcm) for event in call.sent(inp.AudioInput))


# Another process


def taking_over() -> Call:
    call = Call(terms(keeps_history=True, resume_token="token-9", session_id="s2"))
    resume = client.Resume(session_id="s1", resume_token="token-0", last_seq=41)
    call.give(client.Start(resume=resume))
    return call


def test_another_process_goes_on_with_the_conversation_and_says_that_there_is_a_gap() -> None:
    call = taking_over()
    (asked,) = call.asked
    assert isinstance(asked, ResumeSession)
    assert ("s1", hash_of("token-0"), hash_of("token-9")) == (
        asked.session_id,
        asked.token_hash,
        asked.grip.token_hash,
    )

    call.keep(owned=Owned(conversation_id="old", epoch=5, last_turn=3))
    call.accept()
    (ready,) = call.told(server.Ready)
    assert (False, "old", 5, 1) == (ready.resumed, ready.conversation_id, ready.epoch, ready.seq)


def test_a_session_that_cannot_be_taken_up_is_refused_with_the_reason() -> None:
    call = taking_over()
    call.refuse(StoreFault.CANNOT_RESUME)

    assert CloseCode.CANNOT_RESUME == call.closed_with


def test_without_a_store_nothing_of_another_process_can_be_taken_up() -> None:
    call = Call()
    resume = client.Resume(session_id="s1", resume_token="token-0", last_seq=41)
    call.give(client.Start(resume=resume))

    assert CloseCode.CANNOT_RESUME == call.closed_with


def test_what_was_typed_twice_because_nobody_had_told_that_it_was_read_is_said_once() -> None:
    call = connected()
    call.fail()
    call.give(client.Text(text="hello"))
    call.give(ClientGone())
    call.come_back(call.messages[-1].seq)
    call.give(client.Text(text="hello"))
    call.accept()

    assert ["hello"] == [message.text for message in call.told(server.Transcript)]


def test_what_is_typed_again_on_purpose_is_said_again() -> None:
    call = connected()
    call.fail()
    call.give(client.Text(text="hello"))
    call.give(ClientGone())
    call.come_back(call.messages[-1].seq)
    call.accept()
    call.reply("Hi.")
    call.wait(6.0)
    call.give(client.Text(text="hello"))

    assert ["hello", "hello"] == [
        message.text for message in call.told(server.Transcript) if message.role is server.Role.USER
    ]
