"""Sign-in through processes: a user pool, a service, and people who belong, who do not, and who no longer do."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.e2e.caller import BINARY, calling, eventually
from tests.e2e.processes import END_S, Emulator, Service, running_service
from tests.pool import UserPool, running_pool, user_pool

pytestmark = pytest.mark.process


@pytest.fixture
def pool() -> UserPool:
    return user_pool()


def token_of(pool: UserPool) -> str:
    return str(pool.sign_in()["access_token"])


def post_ticket(service: Service, token: str, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 - our own http URL
        f"{service.url}/api/tickets",
        method="POST",
        headers={"Authorization": f"Bearer {token}", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=END_S) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


@contextmanager
def tokens_that_last(pool: UserPool, seconds: int) -> Iterator[None]:
    client = f"clients/{pool.facts['client']}"
    pool.control(client, {"accessTokenS": seconds})
    try:
        yield
    finally:
        pool.control(client, {"accessTokenS": 3_600})


async def test_a_ticket_opens_a_conversation_once(service: Service, pool: UserPool) -> None:
    status, body = await asyncio.to_thread(post_ticket, service, token_of(pool))
    offer = [BINARY, f"ticket.{body['ticket']}"]
    async with connect(service.socket_url, subprotocols=offer) as socket:  # type: ignore[arg-type]  # NewType
        await socket.send('{"type":"end"}')
        agreed = socket.subprotocol
    with pytest.raises(InvalidStatus) as again:
        await connect(service.socket_url, subprotocols=offer)  # type: ignore[arg-type]  # NewType

    assert (200, BINARY, 401) == (status, agreed, again.value.response.status_code)
    assert body["ticket"] not in service.text


@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
async def test_only_an_access_token_opens_anything(service: Service, pool: UserPool, kind: str) -> None:
    token = str(pool.sign_in()[kind])
    status, problem = await asyncio.to_thread(post_ticket, service, token)
    with pytest.raises(InvalidStatus) as refused:
        await connect(service.socket_url, additional_headers={"Authorization": f"Bearer {token}"})

    assert (401, "sign_in_required") == (status, problem["code"])
    assert 401 == refused.value.response.status_code


@pytest.fixture
def own_pool() -> Iterator[UserPool]:
    with running_pool() as running:
        yield running


async def test_after_the_pools_keys_were_rotated_old_and_new_tokens_are_taken(
    folder: Path, emulator: Emulator, own_pool: UserPool
) -> None:
    pool = own_pool
    old = token_of(pool)
    with running_service(folder, emulator, name="service-rotation", **pool.environment) as fresh:
        pool.control("keys/rotate", {"keepOld": True})
        # What was fetched at the start is asked for again at the earliest half a minute later.
        first = await asyncio.to_thread(post_ticket, fresh, old)
    with running_service(folder, emulator, name="service-rotated", **pool.environment) as fresh:
        second = await asyncio.to_thread(post_ticket, fresh, old)
        third = await asyncio.to_thread(post_ticket, fresh, token_of(pool))

    assert [200, 200, 200] == [status for status, _ in (first, second, third)]


async def test_a_service_that_starts_while_the_pool_is_out_takes_users_once_it_is_back(
    folder: Path, emulator: Emulator, own_pool: UserPool
) -> None:
    pool = own_pool
    token = token_of(pool)
    pool.control("outage", {"status": 503})
    with running_service(folder, emulator, name="service-outage", **pool.environment) as fresh:
        out = await asyncio.to_thread(post_ticket, fresh, token)
        health = fresh.get("/health")[0]
        pool.control("outage", {"status": None})
        await eventually(lambda: post_ticket(fresh, token)[0], lambda status: status == 200)

    assert (503, "sign_in_unavailable", 200) == (out[0], out[1]["code"], health)


async def test_a_call_is_renewed_and_goes_on(service: Service, pool: UserPool) -> None:
    with tokens_that_last(pool, 8):
        short = token_of(pool)
    headers = {"Authorization": f"Bearer {short}"}
    async with calling(service.socket_url, additional_headers=headers) as caller:
        await caller.start()
        expiring = await caller.until("authExpiring")
        _, body = await asyncio.to_thread(post_ticket, service, token_of(pool))
        await caller.send("auth", ticket=body["ticket"])
        turn = await caller.ask()

    assert 2_500 < expiring["inMs"] <= 4_000
    assert "completed" == turn["outcome"]
    assert [] == [message for message in caller.heard if message["type"] == "error"]


async def test_a_user_who_is_disabled_is_out_within_a_minute_and_cannot_come_back(
    service: Service, pool: UserPool
) -> None:
    email = "admin@example.com"
    token = str(pool.sign_in(email, "Look-after-it-1")["access_token"])
    clock = asyncio.get_running_loop().time
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with calling(service.socket_url, additional_headers=headers) as caller:
            await caller.start()
            pool.control(f"users/{email}/disable", {})
            disabled_at = clock()
            refused = await asyncio.to_thread(post_ticket, service, token)
            # Whoever shows the token itself is found out at once; the session at the next sweep.
            async with asyncio.timeout(60):
                await caller.socket.wait_closed()
            out_after_s = clock() - disabled_at
    finally:
        pool.control(f"users/{email}/enable", {})

    assert (401, "sign_in_required") == (refused[0], refused[1]["code"])
    assert (4401, True) == (caller.socket.close_code, out_after_s < 60)


async def test_the_page_is_told_how_to_sign_in(service: Service, pool: UserPool) -> None:
    status, config = service.get("/config.json")

    assert 200 == status
    assert (pool.facts["issuer"], pool.facts["client"], pool.url) == (
        config["authority"],
        config["clientId"],
        config["domain"],
    )


async def test_no_token_and_no_ticket_is_in_the_log(folder: Path, emulator: Emulator, pool: UserPool) -> None:
    token = token_of(pool)
    with running_service(
        folder, emulator, name="service-log", VOICE_LOG_LEVEL="debug", **pool.environment
    ) as fresh:
        _, body = await asyncio.to_thread(post_ticket, fresh, token)
        headers = {"Authorization": f"Bearer {token}"}
        async with calling(fresh.socket_url, additional_headers=headers) as caller:
            await caller.start()
            await caller.send("auth", ticket=body["ticket"])
            await caller.ask()
        text = await eventually(lambda: fresh.text, lambda log: "session ended" in log)

    for secret in (token, token.split(".")[1], token.split(".")[2], body["ticket"]):
        assert secret not in text
