"""A sign-in that runs out, is renewed, refused or taken back, on virtual time."""

import pytest

from service.errors import ErrorCode
from service.session.effects import RedeemTicket, State
from service.session.events import ClientGone, Refusal, SignInRefused, SignInRenewed, SignInRevoked
from service.wire import client, server
from tests.service.fakes import Call, terms


def signed_in_for(seconds: float) -> Call:
    """A session that listens, whose sign-in lasts this long from its beginning."""
    call = Call(terms(sign_in_expires_at=1_000.0 + seconds))
    call.connect()
    return call


def errors(call: Call) -> list[ErrorCode]:
    return [message.code for message in call.told(server.Error)]


def stay(call: Call, seconds: float) -> None:
    """Let time pass with a client that types now and then, so that nobody takes it for idle."""
    for _ in range(int(seconds // 10)):
        call.give(client.Ping(id=0))
        call.wait(10)
        call.session._core.active_at = call.now
    call.wait(seconds % 10)


def test_the_client_is_told_two_minutes_before_the_sign_in_expires() -> None:
    call = signed_in_for(250)
    stay(call, 129)
    before = call.told(server.AuthExpiring)
    stay(call, 2)

    assert [] == before
    assert [120_000] == [message.in_ms for message in call.told(server.AuthExpiring)]


def test_a_short_sign_in_is_told_half_way_so_that_renewals_do_not_chase_each_other() -> None:
    call = signed_in_for(70)
    call.wait(36)

    assert [35_000] == [message.in_ms for message in call.told(server.AuthExpiring)]


def test_nothing_is_told_before_ready() -> None:
    call = Call(terms(sign_in_expires_at=1_001.0, start_timeout_s=8.0))
    call.wait(7)

    assert [] == call.messages


def test_a_session_without_renewal_ends_with_4401_a_minute_after_the_sign_in() -> None:
    call = signed_in_for(100)
    stay(call, 159)
    open_then = call.closed_with
    stay(call, 2)

    assert None is open_then
    assert [ErrorCode.SIGN_IN_REQUIRED] == errors(call)
    assert 4401 == call.closed_with


def test_a_turn_that_runs_then_may_end_within_fifteen_seconds() -> None:
    call = signed_in_for(100)
    stay(call, 158)
    call.speak(0.5)
    call.end_of_utterance()
    call.wait(3)
    running = call.closed_with
    block = call.reply_begins("It is sunny.", 3)
    call.end_block(block, "AUDIO", "END_TURN")
    call.wait(2)

    assert None is running
    assert 4401 == call.closed_with
    assert ["completed"] == [message.outcome.value for message in call.told(server.TurnIs)]


def test_a_turn_that_does_not_end_is_cut() -> None:
    call = signed_in_for(100)
    stay(call, 158)
    call.speak(0.5)
    call.end_of_utterance()
    call.reply_begins("It is", 100)
    call.wait(17.5)

    assert 4401 == call.closed_with


def test_a_ticket_of_the_same_user_lets_the_session_go_on() -> None:
    call = signed_in_for(150)
    stay(call, 100)
    done = call.give(client.Auth(ticket="t-1"))
    call.give(SignInRenewed(expires_at=call.now + 150))
    stay(call, 140)

    assert [RedeemTicket(ticket="t-1")] == list(done)
    assert [] == errors(call)
    assert None is call.closed_with
    assert 2 == len(call.told(server.AuthExpiring))


def test_a_ticket_that_comes_while_the_last_turn_ends_is_in_time() -> None:
    call = signed_in_for(100)
    stay(call, 158)
    call.speak(0.5)
    call.end_of_utterance()
    call.wait(3)
    call.give(client.Auth(ticket="t-1"))
    call.give(SignInRenewed(expires_at=call.now + 300))
    call.wait(30)

    assert State.OVER is not call.state


def test_another_users_ticket_ends_the_session_with_4403() -> None:
    call = signed_in_for(300)
    call.give(client.Auth(ticket="t-1"))
    call.give(SignInRefused(why=Refusal.OTHER_USER))

    assert ([ErrorCode.FORBIDDEN], 4403) == (errors(call), call.closed_with)


@pytest.mark.parametrize("why", [Refusal.UNKNOWN, Refusal.NOT_LATER, Refusal.UNAVAILABLE])
def test_a_ticket_that_is_refused_may_be_followed_by_another(why: Refusal) -> None:
    call = signed_in_for(300)
    call.give(client.Auth(ticket="t-1"))
    call.give(SignInRefused(why=why))
    again = call.give(client.Auth(ticket="t-2"))

    assert [ErrorCode.TICKET_REFUSED] == errors(call)
    assert [RedeemTicket(ticket="t-2")] == list(again)
    assert State.LISTENING is call.state


def test_one_ticket_is_looked_at_at_a_time() -> None:
    call = signed_in_for(300)
    call.give(client.Auth(ticket="t-1"))
    call.give(client.Auth(ticket="t-2"))

    assert [RedeemTicket(ticket="t-1")] == call.done(RedeemTicket)
    assert [ErrorCode.TICKET_REFUSED] == errors(call)


def test_a_renewal_that_shortens_the_sign_in_changes_nothing() -> None:
    call = signed_in_for(300)
    call.give(client.Auth(ticket="t-1"))
    call.give(SignInRenewed(expires_at=call.now + 10))
    stay(call, 100)

    assert [ErrorCode.TICKET_REFUSED] == errors(call)
    assert None is call.closed_with


def test_a_user_whose_sign_in_was_taken_back_is_out_at_once() -> None:
    call = signed_in_for(300)
    call.speak(0.5)
    call.give(SignInRevoked())

    assert ([ErrorCode.SIGN_IN_REQUIRED], 4401) == (errors(call), call.closed_with)


def test_who_comes_back_brings_a_sign_in_of_their_own() -> None:
    call = Call(terms(sign_in_expires_at=1_100.0, resume_token="token-0"))
    call.connect()
    call.give(ClientGone())
    call.come_back(call.messages[-1].seq, signed_in_s=300)
    stay(call, 200)

    assert State.OVER is not call.state
    assert [] == errors(call)


def test_a_sign_in_taken_back_ends_a_session_whose_client_is_away() -> None:
    call = Call(terms(resume_token="token-0"))
    call.connect()
    call.give(ClientGone())
    call.give(SignInRevoked())

    assert State.OVER is call.state
