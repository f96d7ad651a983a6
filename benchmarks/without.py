"""`python -m benchmarks.without LEVER`: the service with one of its levers undone, to learn what that lever is worth."""

import asyncio
import base64
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import pybase64
import uvloop

from service import __main__ as service
from service import garbage
from service.session.machine import Session
from service.session.upstream import Upstream
from service.transports import websocket
from service.transports.bedrock_direct.connection import Connection
from service.transports.bedrock_direct.exchange import Exchange
from service.transports.websocket_protocol import DirectProtocol
from service.wire import sonic_output


def _on_asyncio() -> None:
    def run(main: Coroutine[Any, Any, None]) -> None:
        asyncio.run(main)

    vars(uvloop)["run"] = run


def _with_the_collector_as_it_is() -> None:
    vars(garbage)["settle"] = lambda: None


def _through_asgi() -> None:
    vars(websocket)["direct_connection"] = lambda *_, **__: None


def _parsing_audio() -> None:
    vars(sonic_output)["_audio_by_slicing"] = lambda _: None


def _with_the_librarys_base64() -> None:
    def decode(data: bytes | str, *, validate: bool = False) -> bytes:
        return base64.b64decode(data, validate=validate)

    vars(pybase64)["b64encode"] = base64.b64encode
    vars(pybase64)["b64decode"] = decode
    vars(pybase64)["b64encode_as_string"] = lambda data: base64.b64encode(data).decode()


def _all_data_through_h2() -> None:
    def send(self: Connection, exchange: Exchange, data: bytes) -> int:
        engine = self._h2
        room = min(len(data), engine.local_flow_control_window(exchange.stream_id))
        if room <= 0 or not self._writable:
            return 0
        longest = engine.max_outbound_frame_size
        for at in range(0, room, longest):
            engine.send_data(exchange.stream_id, data[at : min(at + longest, room)])
        self._collect()
        return room

    type.__setattr__(Connection, "send", send)
    type.__setattr__(Connection, "_plain", lambda _self, _stream_id: None)


def _one_write_a_frame() -> None:
    def flush_now(self: Connection) -> None:
        self._flush()

    type.__setattr__(Connection, "_schedule_flush", flush_now)


def _all_frames_as_events() -> None:
    type.__setattr__(Session, "lane", property(lambda _self: None))


def _all_messages_through_websockets() -> None:
    type.__setattr__(DirectProtocol, "_is_between_frames", lambda _self: False)


def _audio_parsed_anew() -> None:
    vars(sonic_output)["_content_id"] = vars(sonic_output)["_content_id"].__wrapped__


def _ten_seconds_kept_over_a_reply() -> None:
    type.__setattr__(Upstream, "keep_little", Upstream.keep_all)


LEVERS: Final[Mapping[str, Callable[[], None]]] = {
    "uvloop": _on_asyncio,
    "the collector": _with_the_collector_as_it_is,
    "the short cut past ASGI": _through_asgi,
    "audio sliced out of JSON": _parsing_audio,
    "pybase64": _with_the_librarys_base64,
    "DATA beside h2": _all_data_through_h2,
    "one write a turn of the loop": _one_write_a_frame,
    "frames on the short way through the session": _all_frames_as_events,
    "plain messages beside websockets": _all_messages_through_websockets,
    "what a reply's pieces share, remembered": _audio_parsed_anew,
    "two seconds kept over a reply, not ten": _ten_seconds_kept_over_a_reply,
}


def main() -> int:
    LEVERS[sys.argv[1]]()
    return service.main([])


if __name__ == "__main__":
    sys.exit(main())
