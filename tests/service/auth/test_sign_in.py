"""Which proof is looked at, and what is remembered about it."""

import pytest

from service.auth.ports import NotAuthenticatedError, TooManyTicketsError
from service.auth.sign_in import SignIn
from tests.service.fake_sign_in import FakeRevocation, FakeVerifier, fake_sign_in, grant


async def ticket_for(sign_in: SignIn, user: str = "alice") -> str:
    return f"ticket.{(await sign_in.issue(grant(user))).value}"


async def test_a_ticket_among_the_subprotocols_lets_its_user_in_once() -> None:
    sign_in = fake_sign_in()
    ticket = await ticket_for(sign_in)
    admitted = await sign_in.admit({}, ("voice.v1", ticket))

    assert "alice" == admitted.principal.subject
    with pytest.raises(NotAuthenticatedError):
        await sign_in.admit({}, ("voice.v1", ticket))


@pytest.mark.parametrize("authorization", ["Bearer alice", "bearer alice", "BEARER alice"])
async def test_a_bearer_token_lets_its_user_in(authorization: str) -> None:
    admitted = await fake_sign_in().admit({"authorization": authorization}, ("voice.v1",))

    assert "alice" == admitted.principal.subject


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "alice", "Token alice"]
)
async def test_without_proof_nobody_comes_in(authorization: str | None) -> None:
    verifier = FakeVerifier()
    headers = {} if authorization is None else {"authorization": authorization}
    with pytest.raises(NotAuthenticatedError, match="sign in first"):
        await fake_sign_in(verifier=verifier).admit(headers, ("voice.v1",))

    assert [] == verifier.verified


async def test_two_proofs_are_none() -> None:
    sign_in = fake_sign_in()
    first, second = await ticket_for(sign_in), await ticket_for(sign_in)
    for headers, offered in (
        ({"authorization": "Bearer alice"}, (first,)),
        ({}, (first, second)),
        ({}, (first, first)),
    ):
        with pytest.raises(NotAuthenticatedError):
            await sign_in.admit(headers, offered)

    assert "alice" == (await sign_in.admit({}, (first,))).principal.subject


async def test_a_token_that_was_taken_back_gets_no_ticket_and_no_session() -> None:
    revocation = FakeRevocation(revoked={"alice"})
    sign_in = fake_sign_in(revocation=revocation)
    with pytest.raises(NotAuthenticatedError):
        await sign_in.authenticate("Bearer alice")
    with pytest.raises(NotAuthenticatedError):
        await sign_in.authenticate("Bearer alice")

    # Revoked once is revoked for good, so it is asked once.
    assert ["alice"] == revocation.asked


async def test_a_ticket_of_a_token_that_was_taken_back_meanwhile_is_worth_nothing() -> None:
    revocation = FakeRevocation()
    sign_in = fake_sign_in(revocation=revocation)
    ticket = await ticket_for(sign_in)
    revocation.revoked.add("alice")
    await sign_in.is_revoked(grant("alice"))
    with pytest.raises(NotAuthenticatedError):
        await sign_in.admit({}, (ticket,))


async def test_a_user_who_asks_for_tickets_without_end_has_to_wait_and_the_others_do_not() -> None:
    now = 0.0
    sign_in = fake_sign_in(clock=lambda: now)
    for _ in range(10):
        await sign_in.issue(grant("alice"))
    with pytest.raises(TooManyTicketsError) as refusal:
        await sign_in.issue(grant("alice"))
    await sign_in.issue(grant("bob"))
    now += refusal.value.retry_after_s

    assert 43 == len((await sign_in.issue(grant("alice"))).value)


async def test_each_token_is_asked_about_once_however_many_sessions_it_has() -> None:
    revocation = FakeRevocation(revoked={"alice"})
    sign_in = fake_sign_in(revocation=revocation)
    held = [grant("alice"), grant("bob"), grant("alice")]
    revoked = await sign_in.revoked_among(held, at_once=2)

    assert ["alice", "alice"] == [one.principal.subject for one in revoked]
    assert ["alice", "bob"] == sorted(revocation.asked)
