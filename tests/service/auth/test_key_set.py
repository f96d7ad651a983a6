"""The issuer's keys on virtual time: floods, outages, rotation."""

import asyncio
import itertools

import pytest

from service.auth.key_set import KeySet, KeysUnavailableError, UnknownKeyError, parse
from service.auth.ports import SignInUnavailableError
from tests.service.auth import tokens
from tests.service.auth.tokens import KID, OTHER_KID

HOUR_S = 3_600.0


class Pool:
    """An issuer whose answer, speed and clock a test decides."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.answer: bytes | Exception = tokens.jwks()
        self.fetches = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.reports: list[str] = []
        self.keys = KeySet(self.fetch, clock=lambda: self.now, report=self.reports.append)

    async def fetch(self) -> bytes:
        self.fetches += 1
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def outcome(self, kid: str) -> str:
        try:
            await self.keys.find(kid)
        except UnknownKeyError:
            return "unknown"
        except SignInUnavailableError:
            return "unavailable"
        return "known"


@pytest.fixture
async def pool() -> Pool:
    return Pool()


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_known_key_costs_one_request_for_all(pool: Pool) -> None:
    outcomes = await asyncio.gather(*(pool.outcome(KID) for _ in range(100)))

    assert {"known"} == set(outcomes)
    assert 1 == pool.fetches


async def test_a_thousand_unknown_keys_in_a_second_cost_one_request_in_thirty(pool: Pool) -> None:
    await pool.outcome(KID)
    pool.now += 31
    for i in range(1_000):
        pool.now += 0.001
        assert "unknown" == await pool.outcome(f"made-up-{i}")
        # Whoever is known is served without asking anybody.
        assert "known" == await pool.outcome(KID)

    assert 2 == pool.fetches


async def test_ten_minutes_of_unknown_keys_cost_a_request_each_thirty_seconds(pool: Pool) -> None:
    await pool.outcome(KID)
    for i in range(6_000):
        pool.now += 0.1
        await pool.outcome(f"made-up-{i}")

    assert pool.fetches <= 1 + 600 / 30


async def test_a_known_key_does_not_wait_for_the_request_about_an_unknown_one(pool: Pool) -> None:
    await pool.outcome(KID)
    pool.now += 31
    pool.may_answer.clear()
    waiting = asyncio.create_task(pool.outcome("made-up"))
    await settle()

    assert "known" == await asyncio.wait_for(pool.outcome(KID), 1)
    assert not waiting.done()
    pool.may_answer.set()
    assert "unknown" == await waiting


async def test_an_unknown_key_is_remembered_for_a_minute_even_across_cooldowns(pool: Pool) -> None:
    await pool.outcome(KID)
    pool.now += 31
    await pool.outcome("made-up")
    pool.now += 31
    await pool.outcome("made-up")
    remembered = pool.fetches
    pool.now += 31
    await pool.outcome("made-up")

    assert (2, 3) == (remembered, pool.fetches)


async def test_rotation_is_seen_at_the_first_token_with_the_new_key(pool: Pool) -> None:
    await pool.outcome(KID)
    pool.now += 31
    pool.answer = tokens.jwks(tokens.jwk(KID), tokens.jwk(OTHER_KID))
    first = await pool.outcome(OTHER_KID)
    pool.now += HOUR_S
    pool.answer = tokens.jwks(tokens.jwk(OTHER_KID))
    # The answer is given with what is known, and confirmed behind it.
    old = await pool.outcome(KID)
    await settle()

    assert ("known", "known", "unknown") == (first, old, await pool.outcome(KID))


BROKEN = {
    "down": KeysUnavailableError("refused"),
    "a defect": RuntimeError("defect"),
    "html": b"<!doctype html><h1>It works!</h1>",
    "empty": b"",
    "a list": b"[]",
    "no keys": b'{"keys":[]}',
    "keys no list": b'{"keys":7}',
    "a key without a name": b'{"keys":[{"kty":"RSA"}]}',
    "nested": b"[" * 60_000,
    "no RSA": b'{"keys":[{"kid":"k","kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
    "33 keys": tokens.jwks(*[tokens.jwk(KID)] * 33),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_while_the_issuer_is_out_known_keys_are_good_for_a_day(
    pool: Pool, answer: bytes | Exception
) -> None:
    await pool.outcome(KID)
    pool.answer = answer
    outcomes = []
    for hours in range(1, 27):
        pool.now = 1_000.0 + hours * HOUR_S
        outcomes.append(await pool.outcome(KID))
        await settle()

    assert ["known"] * 23 + ["unavailable"] * 3 == outcomes
    assert pool.reports
    pool.answer = tokens.jwks()
    pool.now += 6
    assert "known" == await pool.outcome(KID)


async def test_without_any_key_the_issuer_is_asked_every_five_seconds(pool: Pool) -> None:
    pool.answer = KeysUnavailableError("down")
    for _ in range(600):
        pool.now += 0.1
        assert "unavailable" == await pool.outcome(KID)

    assert 12 >= pool.fetches >= 10


async def test_whoever_gives_up_waiting_does_not_take_the_request_along(pool: Pool) -> None:
    pool.may_answer.clear()
    first, second = asyncio.create_task(pool.outcome(KID)), asyncio.create_task(pool.outcome(KID))
    await settle()
    first.cancel()
    await settle()
    pool.may_answer.set()

    assert "known" == await second
    assert 1 == pool.fetches


async def test_closing_lets_go_of_a_request_that_never_ends(pool: Pool) -> None:
    pool.may_answer.clear()
    waiting = asyncio.create_task(pool.keys.prefetch())
    await settle()
    await pool.keys.aclose()
    waiting.cancel()
    await asyncio.wait({waiting})

    assert 1 == pool.fetches


async def test_names_that_nobody_has_do_not_pile_up(pool: Pool) -> None:
    await pool.outcome(KID)
    for i in itertools.islice(itertools.count(), 5_000):
        pool.now += 31
        await pool.outcome(f"made-up-{i}")

    assert len(pool.keys._unknown) <= 1_024


def test_a_name_that_comes_twice_names_nothing() -> None:
    keys = parse(tokens.jwks(tokens.jwk(KID), tokens.jwk(KID, n=tokens.jwk("x")["n"]), tokens.jwk(OTHER_KID)))

    assert [OTHER_KID] == list(keys)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct", "k": "AAAA"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"use": "enc"},
        {"e": "Aw"},
        {"n": "AQAB"},
        {"n": 7},
        {"n": "!" * 342},
        {"n": "A" * 20_000},
        {"n": tokens.number(2**2_040 + 1)},
        {"n": "A" * 200 + tokens.number(2**1_023 + 1)},
        {"n": tokens.number(2**8_193 + 1)},
        {"d": "AQAB"},
    ],
    ids=str,
)
def test_a_key_of_another_kind_is_left_out(change: dict[str, object]) -> None:
    keys = parse(tokens.jwks(tokens.jwk(KID, **change), tokens.jwk(OTHER_KID)))

    assert [OTHER_KID] == list(keys)
