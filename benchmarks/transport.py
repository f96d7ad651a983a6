"""`python -m benchmarks.transport`: the way to the model alone, with neither WebSocket nor session around it.

Opens streams through the service's own transport and sends stamped audio at the pace of a microphone. What the service
costs above this and above the WebSocket is what its sessions cost.
"""

import argparse
import asyncio
import base64
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pybase64
import uvloop

from benchmarks.client import FRAME_S
from benchmarks.commands import obey
from benchmarks.stamps import Delays, delay_ms, stamp
from service.errors import ModelFailure
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.bedrock_sdk import BedrockSdkTransport
from service.transports.deadlines import Deadlines
from service.transports.ports import ModelStream, ModelTransport

_HEAD: Final = b'{"event":{"audioInput":{"promptName":"load","contentName":"load","content":"'
_TAIL: Final = b'"}}}'
_REST: Final = bytes(1024 - 16)
_CONTENT: Final = b'"content":"'
_OPENING_AT_ONCE: Final = 10


class _Stream:
    """One paced stream."""

    def __init__(self, heard: Delays, late: Delays, errors: Counter[str]) -> None:
        self._heard = heard
        self._late = late
        self._errors = errors
        self._stream: ModelStream | None = None
        self.open = False

    def begin(self, stream: ModelStream, due_at: float) -> None:
        self._stream = stream
        self.open = True
        asyncio.get_running_loop().call_at(due_at, self._speak, due_at)

    def end(self) -> None:
        self.open = False
        if self._stream is not None:
            self._stream.close()

    def on_stream_accepted(self) -> None:
        pass

    def on_stream_event(self, payload: bytes) -> None:
        start = payload.find(_CONTENT) + len(_CONTENT)
        if b'"audioOutput"' in payload[:32]:
            delay = delay_ms(base64.b64decode(payload[start : start + 24]))
            if delay is not None:
                self._heard.add(delay)

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        self.open = False
        if failure is not None:
            self._errors[str(failure)] += 1

    def _speak(self, due_at: float) -> None:
        loop = asyncio.get_running_loop()
        if not self.open or self._stream is None:
            return
        self._late.add((loop.time() - due_at) * 1000)
        self._stream.send(_HEAD + pybase64.b64encode(stamp() + _REST) + _TAIL, droppable=True)
        loop.call_at(due_at + FRAME_S, self._speak, due_at + FRAME_S)


_WAYS: Final = {"direct": BedrockDirectTransport, "sdk": BedrockSdkTransport}


async def _run(options: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    heard, late, errors = Delays(), Delays(), Counter[str]()
    transport: ModelTransport = _WAYS[options.way](
        model_id="amazon.nova-2-sonic-v1:0",
        region="us-east-1",
        endpoint=options.endpoint,
        ca_file=options.ca,
        deadlines=Deadlines(),
        count=lambda _name, _by: None,
    )

    async def begin(number: int) -> _Stream:
        listener = _Stream(heard, late, errors)
        stream = await transport.open(listener)
        listener.begin(stream, loop.time() + FRAME_S * (number * 0.618 % 1))
        return listener

    streams: list[_Stream] = []
    for first in range(0, options.sessions, _OPENING_AT_ONCE):
        numbers = range(first, min(first + _OPENING_AT_ONCE, options.sessions))
        opened = await asyncio.gather(*map(begin, numbers), return_exceptions=True)
        streams += [stream for stream in opened if isinstance(stream, _Stream)]
        errors.update(f"not opened: {failure}" for failure in opened if isinstance(failure, BaseException))
    print(f"ready {options.endpoint} open={len(streams)}", flush=True)

    def measure() -> None:
        heard.clear()
        late.clear()

    def report() -> str:
        return json.dumps(
            {
                "heard": heard.as_json(),
                "late": late.as_json(),
                "errors": dict(errors),
                "open": sum(stream.open for stream in streams),
            }
        )

    await obey(measure=measure, report=report)
    for stream in streams:
        stream.end()
    await transport.aclose()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transport", description=__doc__)
    parser.add_argument("endpoint", help="URL of the model")
    parser.add_argument("--ca", type=Path, required=True, help="PEM file of its authority")
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--way", choices=sorted(_WAYS), default="direct", help="which transport")
    return uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
