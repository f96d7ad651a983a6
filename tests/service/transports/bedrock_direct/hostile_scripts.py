"""What a hostile server does, in parts; and what becomes of one stream."""

import asyncio
from collections.abc import Awaitable, Callable

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.deadlines import Deadlines
from tests.contract.model_contract import Recorder, begin
from tests.service.transports.bedrock_direct.hostile_server import (
    Script,
    Side,
)

DEADLINES = Deadlines(connect_s=1.0, accept_s=2.0, send_s=1.0, close_s=1.0)
LOST, PROTOCOL = ModelFailureKind.CONNECTION_LOST, ModelFailureKind.PROTOCOL
type Make = Callable[..., BedrockDirectTransport]


async def failure_with(transport: BedrockDirectTransport) -> ModelFailure:
    """What becomes of one stream, within five seconds."""
    async with asyncio.timeout(5.0):
        recorder = Recorder()
        try:
            begin(await transport.open(recorder))
        except ModelFailure as refused:
            return refused
        failure = await recorder.closed()
        assert 1 == recorder.names.count("closed")
        assert failure is not None
        return failure


def after_request(*, answers: bool = False) -> Callable[[Callable[[Side, int], Awaitable[None]]], Script]:
    """A script that waits for the request, answers it or not, and goes on."""

    def script_of(act: Callable[[Side, int], Awaitable[None]]) -> Script:
        async def script(side: Side) -> None:
            stream_id = await side.request()
            if answers:
                await side.answer(stream_id)
            await act(side, stream_id)
            await side.stay()

        return script

    return script_of


def saying(data: Callable[[int], bytes], *, answers: bool = False) -> Script:
    return after_request(answers=answers)(lambda side, stream_id: side.say(data(stream_id)))


def answering(*headers: tuple[str, str], end_stream: bool = False) -> Script:
    async def act(side: Side, stream_id: int) -> None:
        side.h2.send_headers(stream_id, list(headers), end_stream=end_stream)
        await side.flush()

    return after_request()(act)
