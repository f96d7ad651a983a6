"""The reference client signs in at the stand-in as a page would, and says what is wrong when it cannot."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from talk.connection import CannotConnect
from talk.sign_in import Config, fetch_config, sign_in
from tests.pool import user_pool

pytestmark = [pytest.mark.process, pytest.mark.timeout(30)]


def config() -> Config:
    pool = user_pool()
    return Config(
        authority=pool.facts["issuer"],
        client_id=pool.facts["client"],
        scopes=["openid", "email", "profile"],
        callback="http://127.0.0.1:8000/auth/callback",
    )


def signed_in(wanted: Config, *, password: str | None = None) -> str:
    pool = user_pool()
    return sign_in(wanted, user=pool.facts["user"], password=password or pool.facts["password"], timeout_s=10)


@asynccontextmanager
async def serving(document: object) -> AsyncIterator[str]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert "/config.json" == request.path
        return web.Response(body=json.dumps(document).encode())

    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] = answer
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/ws"
    finally:
        await runner.cleanup()


def test_the_right_password_gives_an_access_token() -> None:
    token = signed_in(config())

    assert 3 == len(token.split("."))


def test_a_wrong_password_is_said_to_be_one() -> None:
    with pytest.raises(CannotConnect, match="wrong user or password"):
        signed_in(config(), password="wrong")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"callback": "http://127.0.0.1:1/auth/callback"},
        {"scopes": ["root"]},
        {"authority": "http://127.0.0.1:1/pool"},
    ],
    ids=str,
)
def test_whatever_else_is_wrong_is_one_sentence(change: dict[str, object]) -> None:
    with pytest.raises(CannotConnect) as refusal:
        signed_in(replace(config(), **change))  # type: ignore[arg-type]  # a field of the right type by its name

    assert "\n" not in str(refusal.value)


async def test_how_to_sign_in_is_read_from_the_service() -> None:
    document = {"authority": "http://a/p", "clientId": "page", "domain": "http://a", "scopes": ["openid"]}
    async with serving(document) as url:
        read = await asyncio.to_thread(fetch_config, url, timeout_s=5)

    assert ("http://a/p", "page", ["openid"]) == (read.authority, read.client_id, list(read.scopes))
    assert url.replace("ws:", "http:").replace("/ws", "/auth/callback") == read.callback


async def test_a_service_that_does_not_say_how_is_named() -> None:
    async with serving({"hello": 1}) as url:
        with pytest.raises(CannotConnect, match="does not say how to sign in"):
            await asyncio.to_thread(fetch_config, url, timeout_s=5)
