"""The server's part of the protocol, played from the golden messages, for tests of the client alone."""

import asyncio
import base64
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

GOLDEN = json.loads((Path(__file__).parents[1] / "contract/golden/client_protocol.json").read_text())
FROM_SERVER = {vector["name"]: vector["wire"] for vector in GOLDEN["serverToClient"]}
# A tenth of a second of reply.
REPLY = struct.pack("<2400h", *range(2400))


class Session:
    """One connection, as a server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.received: list[dict[str, Any]] = []
        self._seq = 0

    async def next(self) -> dict[str, Any]:
        """The next message: JSON as it came, a binary frame as what the golden file calls its fields."""
        message = await self.socket.recv()
        if isinstance(message, bytes):
            version, kind, flags, sequence, captured_at_ms = struct.unpack_from("<BBHId", message)
            assert (1, 1) == (version, kind)
            fields = {"type": "audio", "pcm": message[16:], "endOfUtterance": bool(flags & 1)}
            fields |= {"sequence": sequence, "capturedAtMs": captured_at_ms}
        else:
            fields = json.loads(message)
            if fields["type"] == "audio":
                fields["pcm"] = base64.b64decode(fields.pop("data"))
        self.received.append(fields)
        return fields

    async def until(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not reached(message := await self.next()):
            pass
        return message

    async def say(self, golden: str, **changes: Any) -> None:
        self._seq += 1
        await self.socket.send(json.dumps({**FROM_SERVER[golden], "seq": self._seq, **changes}))

    async def say_audio(self, pcm: bytes, *, response_id: int = 1, position: int = 0) -> None:
        if self.socket.subprotocol == "voice.v1.json":
            await self.socket.send(
                json.dumps({**FROM_SERVER["audio as JSON"], "data": base64.b64encode(pcm).decode()})
            )
        else:
            await self.socket.send(struct.pack("<BBHIQ", 1, 2, 0, response_id, position) + pcm)

    async def begin(self) -> None:
        assert "start" == (await self.next())["type"]
        await self.say("ready")
        await self.say("state connecting")
        await self.say("state listening")

    async def reply(self, turn: int = 1, *, pcm: bytes = REPLY) -> None:
        await self.say("state thinking")
        await self.say("transcript of the user", turn=turn)
        await self.say("planned transcript of the assistant", turn=turn, responseId=turn)
        await self.say("state speaking", responseId=turn)
        half = len(pcm) // 4 * 2
        await self.say_audio(pcm[:half], response_id=turn)
        await self.say_audio(pcm[half:], response_id=turn, position=half // 2)

    async def finish(self, turn: int = 1, *, outcome: str = "completed") -> None:
        await self.say("spoken transcript of the assistant", turn=turn, responseId=turn)
        await self.say("turn completed", turn=turn, responseId=turn, outcome=outcome)
        await self.say("state listening")

    async def goodbye(self) -> None:
        await self.until(lambda message: message["type"] == "end")
        await self.socket.close(1000)


type Story = Callable[[Session], Awaitable[None]]


def utterance_ends(message: dict[str, Any]) -> bool:
    return message["type"] == "audio" and bool(message["endOfUtterance"])


def is_loud(message: dict[str, Any]) -> bool:
    return message["type"] == "audio" and any(message["pcm"])


async def one_turn(session: Session) -> None:
    """The story most tests need: a question, its reply, goodbye."""
    await session.begin()
    await session.until(utterance_ends)
    await session.reply()
    await session.finish()
    await session.goodbye()


@contextlib.asynccontextmanager
async def serving(story: Story) -> AsyncIterator[tuple[str, list[Session]]]:
    """A service that tells each client this story; its address, and the sessions it has had."""
    sessions: list[Session] = []
    broken: list[BaseException] = []

    async def handle(socket: ServerConnection) -> None:
        sessions.append(Session(socket))
        try:
            await story(sessions[-1])
        except (ConnectionClosed, asyncio.CancelledError):
            pass  # the client left, or the test is over
        except BaseException as failure:
            broken.append(failure)
            raise

    subprotocols: Any = ["voice.v1", "voice.v1.json"]
    async with serve(handle, "127.0.0.1", 0, subprotocols=subprotocols, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ws", sessions
    if broken:
        raise broken[0]
