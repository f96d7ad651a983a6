"""`python -m benchmarks.model`: a stand-in for the model that only speaks, and costs little.

It decodes no speech, waits for no turn and verifies no signature. While it speaks it sends 25 stamped pieces of audio a
second, exactly in real time; what it hears it looks at only for the sender's stamp. HTTP/2 is h2's but for DATA, which
is nearly all there is. SIGUSR1 starts a measurement, SIGUSR2 prints what was measured since, as one line of JSON.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Any, Final, cast

import pybase64
import uvloop
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from benchmarks.speech import PIECE_S, Speech
from benchmarks.stamps import Delays, delay_ms
from emulators.nova_sonic.certificate import ensure_certificates, utc_now

_WINDOW_BYTES: Final = 2**31 - 1
_HEADER_BYTES: Final = 9
_DATA: Final = 0
_MAX_FRAME_BYTES: Final = 16_384
_RESPONSE: Final = (
    (":status", "200"),
    ("content-type", "application/vnd.amazon.eventstream"),
    ("x-amzn-requestid", "00000000-0000-0000-0000-000000000000"),
)
_OPENING: Final = b'{"bytes":"'
_CONTENT: Final = b'"content"'
# Enough base64 for one stamp: 24 characters carry 18 bytes.
_STAMP_CHARACTERS: Final = 24


class Load:
    """What every connection shares: how much the model speaks, and what it heard."""

    def __init__(self, *, speaks_s: float, period_s: float) -> None:
        self.speaks_s = speaks_s
        self.period_s = period_s
        self.heard = Delays()
        self.streams = 0


class LoadStream:
    """One stream: speaks from the first stamped audio it hears until its request ends."""

    def __init__(self, connection: "LoadConnection", stream_id: int, window: Any, load: Load) -> None:
        self._connection = connection
        self._load = load
        self.stream_id = stream_id
        self.window = window
        self.waiting: deque[bytes] = deque()
        load.streams += 1
        self._speech = Speech(load.streams)
        self._pending = b""
        self._is_answered = False
        self._speaking: asyncio.TimerHandle | None = None
        self._speaks_until = 0.0

    def hear(self, data: bytes) -> None:
        """Some of the request's body."""
        if not self._is_answered:
            self._is_answered = True
            self._connection.answer(self.stream_id)
        data = self._pending + data if self._pending else data
        at = 0
        while len(data) - at >= 12:
            end = at + int.from_bytes(data[at : at + 4])
            if end > len(data):
                break
            self._take(data[at:end])
            at = end
        self._pending = data[at:]

    def stop(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()

    def _take(self, message: bytes) -> None:
        start = message.find(_OPENING) + len(_OPENING)
        end = message.find(b'"', start)
        if start < len(_OPENING):
            return  # the empty message before the end of the request
        document = pybase64.b64decode(message[start:end])
        if b'"audioInput"' in document[:120]:
            content = document.find(b'"', document.find(b":", document.find(_CONTENT))) + 1
            delay = delay_ms(pybase64.b64decode(document[content : content + _STAMP_CHARACTERS]))
            if delay is None:
                return
            self._load.heard.add(delay)
            if self._speaking is None:  # the client speaks: so does the model, from now on
                self._begin(asyncio.get_running_loop().time())
        elif b'"sessionEnd"' in document[:120]:
            self._connection.end(self.stream_id)

    def _begin(self, due_at: float) -> None:
        self._connection.send(self, self._speech.begin())
        self._speaks_until = due_at + self._load.speaks_s
        self._speak(due_at)

    def _speak(self, due_at: float) -> None:
        loop = asyncio.get_running_loop()
        if due_at >= self._speaks_until:
            self._connection.send(self, self._speech.end())
            due_at += self._load.period_s - self._load.speaks_s
            self._speaking = loop.call_at(due_at, self._begin, due_at)
            return
        self._connection.send(self, self._speech.piece(due_at))
        due_at += PIECE_S
        self._speaking = loop.call_at(due_at, self._speak, due_at)


class LoadConnection(asyncio.Protocol):
    """One HTTP/2 connection and its streams."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._streams: dict[int, LoadStream] = {}
        self._rest = b""
        self._transport: asyncio.Transport
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._h2.local_settings = Settings(
            client=False, initial_values={SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW_BYTES}
        )
        self._h2.initiate_connection()
        # Hours of load fit into these windows, so nothing has to be acknowledged.
        self._h2.increment_flow_control_window(_WINDOW_BYTES - 65_535)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        for stream in self._streams.values():
            stream.stop()

    def data_received(self, data: bytes) -> None:
        buffer = self._rest + data if self._rest else data
        if buffer.startswith(b"PRI"):
            self._give_h2(buffer)  # the preface and whatever came with it
            return
        at = ours_from = 0
        while len(buffer) - at >= _HEADER_BYTES:
            end = at + _HEADER_BYTES + int.from_bytes(buffer[at : at + 3])
            if end > len(buffer):
                break
            if buffer[at + 3] == _DATA and not buffer[at + 4]:
                if ours_from < at:
                    self._give_h2(buffer[ours_from:at])
                stream = self._streams.get(int.from_bytes(buffer[at + 5 : at + 9]))
                if stream is not None:
                    stream.hear(buffer[at + _HEADER_BYTES : end])
                ours_from = end
            at = end
        if ours_from < at:
            self._give_h2(buffer[ours_from:at])
        self._rest = buffer[at:]

    def answer(self, stream_id: int) -> None:
        self._h2.send_headers(stream_id, _RESPONSE)
        self._flush()

    def end(self, stream_id: int) -> None:
        """The model ends its side; what waits for a window is given up."""
        stream = self._streams.pop(stream_id, None)
        if stream is not None:
            stream.stop()
            self._h2.end_stream(stream_id)
            self._flush()

    def send(self, stream: LoadStream, message: bytes) -> None:
        """Send a message, or what the windows take of it."""
        if stream.waiting:
            stream.waiting.append(message)
            return
        room = min(stream.window.outbound_flow_control_window, self._h2.outbound_flow_control_window)
        if len(message) > min(room, _MAX_FRAME_BYTES):
            stream.waiting.append(message)
            return
        stream.window.outbound_flow_control_window -= len(message)
        self._h2.outbound_flow_control_window -= len(message)
        head = len(message).to_bytes(3) + b"\0\0" + stream.stream_id.to_bytes(4)
        self._transport.write(head + message)

    def _give_h2(self, frames: bytes) -> None:
        try:
            events = self._h2.receive_data(frames)
        except ProtocolError:
            self._flush()
            self._transport.close()
            return
        for event in events:
            match event:
                case RequestReceived(stream_id=int(stream_id)):
                    window = self._h2.streams[stream_id]
                    self._streams[stream_id] = LoadStream(self, stream_id, window, self._load)
                case DataReceived(stream_id=int(stream_id), data=bytes(data)):
                    if stream_id in self._streams and data:
                        self._streams[stream_id].hear(data)
                case StreamEnded(stream_id=int(stream_id)):
                    self.end(stream_id)
                case StreamReset(stream_id=int(stream_id)):
                    if (stream := self._streams.pop(stream_id, None)) is not None:
                        stream.stop()
                case WindowUpdated():
                    self._go_on()
                case _:
                    pass
        self._flush()

    def _go_on(self) -> None:
        for stream in self._streams.values():
            waiting, stream.waiting = stream.waiting, deque()
            for message in waiting:
                self.send(stream, message)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)


async def _serve(options: argparse.Namespace) -> None:
    files = ensure_certificates(options.state_dir, now=utc_now(), extra_hosts=(options.host,))
    load = Load(speaks_s=options.speaks, period_s=options.period)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, load.heard.clear)
    loop.add_signal_handler(signal.SIGUSR2, lambda: print(json.dumps(load.heard.as_json()), flush=True))
    server = await loop.create_server(
        lambda: LoadConnection(load), options.host, 0, ssl=files.server_context(), backlog=1024
    )
    port = server.sockets[0].getsockname()[1]
    name = "localhost" if options.host == "127.0.0.1" else options.host
    print(f"ready https://{name}:{port} ca={files.authority.absolute()}", flush=True)
    await stop.wait()
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument(
        "--speaks", type=float, default=3600.0, help="seconds of each period in which it speaks"
    )
    parser.add_argument("--period", type=float, default=3600.0, help="length of a period in seconds")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--state-dir", type=Path, default=Path(".run/emulator"))
    uvloop.run(_serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
