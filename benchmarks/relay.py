"""`python -m benchmarks.relay`: the service's socket and its way to the model, with nothing between them.

No session, no validation, no limits, no metrics, no sign-in: what the service costs above this is what its guarantees
cost. Configured by the service's own variables for the model.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from service import garbage
from service.errors import ModelFailure, VoiceError
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.deadlines import Deadlines
from service.transports.handshake import Refused, Rules
from service.transports.ports import ClientConnection, ClientListener, ModelStream
from service.transports.websocket import Attend, Entrance
from service.transports.websocket_protocol import DirectProtocol
from service.wire import server, sonic_input, sonic_output
from service.wire.subprotocol import Subprotocol

_OUTBOX_BYTES: Final = 2_097_152
_OUTBOX_STALL_S: Final = 4.0
_HEADER_BYTES: Final = 16
_BLOCK: Final = sonic_input.AudioBlock(prompt="relay", content="audio")
_OPENING: Final[Sequence[sonic_input.ModelInput]] = (
    sonic_input.SessionStart(),
    sonic_input.PromptStart(prompt="relay", voice="tiffany", rate_hz=24_000),
    sonic_input.AudioStart(block=_BLOCK, rate_hz=16_000),
)


class _Relay:
    """One client and one stream."""

    def __init__(
        self, connection: ClientConnection, model: BedrockDirectTransport, tasks: asyncio.TaskGroup
    ) -> None:
        self._connection = connection
        self._stream: ModelStream | None = None
        self._over = asyncio.Event()
        tasks.create_task(self._open(model))

    async def _open(self, model: BedrockDirectTransport) -> None:
        self._stream = await model.open(self)
        for event in _OPENING:
            self._stream.send(sonic_input.encode(event), droppable=False)
        self._connection.send('{"type":"state","state":"listening"}')

    def on_text(self, text: str) -> None:
        if orjson.loads(text)["type"] == "end":
            self._connection.close(1000, "done")

    def on_binary(self, frame: bytes) -> None:
        if self._stream is not None:
            said = sonic_input.AudioInput(block=_BLOCK, pcm=frame[_HEADER_BYTES:])
            self._stream.send(sonic_input.encode(said), droppable=True)

    def on_fault(self, error: VoiceError) -> None:
        raise error

    def on_too_slow(self) -> None:
        self._connection.close(4429, "too slow")

    async def finish(self, close_code: int | None) -> None:  # noqa: ARG002 - the port gives it
        if self._stream is not None:
            self._stream.send(sonic_input.encode(sonic_input.SessionEnd()), droppable=False)
            self._stream.close()
            await self._over.wait()

    def on_stream_accepted(self) -> None:
        pass

    def on_stream_event(self, payload: bytes) -> None:
        event = sonic_output.decode(payload)
        if isinstance(event, sonic_output.AudioOutput):
            self._connection.send(server.encode_audio(1, 0, event.pcm, Subprotocol.BINARY))

    def on_stream_closed(self, failure: ModelFailure | None) -> None:  # noqa: ARG002 - the port gives it
        self._over.set()


async def _serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    model = BedrockDirectTransport(
        model_id="amazon.nova-2-sonic-v1:0",
        region="us-east-1",
        endpoint=os.environ["VOICE_MODEL_ENDPOINT"],
        ca_file=Path(os.environ["VOICE_MODEL_CA_FILE"]),
        deadlines=Deadlines(),
        count=lambda _name, _amount: None,
    )

    def attend(
        connection: ClientConnection,
        subprotocol: Subprotocol,  # noqa: ARG001 - the port gives it
        tasks: asyncio.TaskGroup,
    ) -> ClientListener:
        return _Relay(connection, model, tasks)

    async def admit(
        headers: Mapping[str, str],  # noqa: ARG001 - the port gives it
        subprotocols: Sequence[str],  # noqa: ARG001 - the port gives it
    ) -> Attend | Refused:
        return attend

    entrance = Entrance(
        rules=Rules(allowed_origins=(), loopback_only=True),
        admit=admit,
        refuse=lambda refused: Response(status_code=refused.status),
        count=lambda _name, _label: None,
        outbox_bytes=_OUTBOX_BYTES,
        outbox_stall_s=_OUTBOX_STALL_S,
    )
    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute("/ws", entrance.serve)]),
        ws=DirectProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
    )
    garbage.settle()
    # The listener takes connections from now on, whether uvicorn reads them yet or not.
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> int:
    uvloop.run(_serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
