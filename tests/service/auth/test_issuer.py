"""The issuer over real HTTP on loopback: slow, large, redirecting, compressed, gone."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from service.auth.issuer import Issuer
from service.auth.key_set import KeysUnavailableError
from tests.service.fake_sign_in import grant

type Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def issuer_that(answer: Answer, *, timeout_s: float = 2.0) -> AsyncIterator[Issuer]:
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    issuer = Issuer(
        jwks_url=f"http://127.0.0.1:{port}/keys",
        user_info_url=f"http://127.0.0.1:{port}/userInfo",
        timeout_s=timeout_s,
    )
    try:
        yield issuer
    finally:
        await issuer.aclose()
        await runner.cleanup()


def answers(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


async def never(_: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def drips(request: web.BaseRequest) -> web.StreamResponse:
    """A byte now and then: no single read is slow."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


async def test_the_keys_are_what_the_issuer_answers() -> None:
    async with issuer_that(answers(200, b'{"keys":[]}')) as issuer:
        assert b'{"keys":[]}' == await issuer.keys()


@pytest.mark.parametrize(
    "answer",
    [
        answers(500),
        answers(404),
        answers(204),
        answers(302, Location="http://127.0.0.1:1/keys"),
        answers(200, b" " * 10_000_000),
        never,
        drips,
    ],
    ids=["500", "404", "204", "redirect", "10 MB", "silent", "drips"],
)
async def test_anything_else_is_no_answer(answer: Answer) -> None:
    async with issuer_that(answer, timeout_s=0.3) as issuer:
        with pytest.raises(KeysUnavailableError):
            await asyncio.wait_for(issuer.keys(), 2)


async def test_a_compressed_answer_is_not_blown_up() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    async with issuer_that(answers(200, bomb[:60_000], **{"Content-Encoding": "gzip"})) as issuer:
        assert bomb[:60_000] == await issuer.keys()


async def test_an_issuer_that_is_gone_is_unavailable_and_revokes_nobody() -> None:
    issuer = Issuer(jwks_url="http://127.0.0.1:1/keys", user_info_url="http://127.0.0.1:1/userInfo")
    try:
        with pytest.raises(KeysUnavailableError):
            await issuer.keys()
        assert not await issuer.is_revoked(grant())
    finally:
        await issuer.aclose()


@pytest.mark.parametrize(
    ("status", "revoked"), [(200, False), (401, True), (403, False), (429, False), (503, False)]
)
async def test_only_a_401_says_that_a_token_was_taken_back(*, status: int, revoked: bool) -> None:
    seen = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.path, request.headers["authorization"]))
        return web.Response(status=status)

    async with issuer_that(answer) as issuer:
        assert revoked is await issuer.is_revoked(grant(token="a.b.c"))

    assert [("/userInfo", "Bearer a.b.c")] == seen


async def test_an_issuer_that_does_not_answer_revokes_nobody() -> None:
    async with issuer_that(never, timeout_s=0.1) as issuer:
        assert not await issuer.is_revoked(grant())


async def test_an_issuer_that_does_not_answer_holds_the_event_loop_up_for_nobody() -> None:
    asked = asyncio.Event()

    async def silent(_: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        return await never(_)

    async with issuer_that(silent) as issuer:
        asking = asyncio.create_task(issuer.keys())
        # The issuer here lives on the same loop: were the loop held up, it would never hear the question.
        await asked.wait()
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not asking.done()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
