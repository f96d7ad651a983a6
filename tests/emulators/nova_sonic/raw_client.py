"""A client that shows every byte: h2 by hand, signatures by the SDK's own signer, frames by the SDK's own codec."""

import asyncio
import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import h2.events
from aws_sdk_signers import (
    URI,
    AsyncEventSigner,
    AWSCredentialIdentity,
    AWSRequest,
    Field,
    Fields,
    SigV4Signer,
    SigV4SigningProperties,
)
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings
from smithy_aws_event_stream.events import Event, EventHeaderEncoder, EventMessage

from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET
from emulators.nova_sonic.wire.http2_frames import goaway

MODEL_PATH = "/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream"
PROPERTIES: SigV4SigningProperties = {"region": "us-east-1", "service": "bedrock"}
GOOD = AWSCredentialIdentity(access_key_id=DEFAULT_ACCESS_KEY, secret_access_key=DEFAULT_SECRET)
PATIENCE_S = 10.0


class EventStreamSigner(SigV4Signer):
    """The official signer; only its asynchronous sister knows what stands for the hash of an event stream."""

    def _compute_payload_hash(self, **_: Any) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-EVENTS"


def signed_headers(
    port: int,
    *,
    path: str = MODEL_PATH,
    identity: AWSCredentialIdentity = GOOD,
    date: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Headers of a request as the official signer signs them; `extra` headers are signed as well."""
    properties = SigV4SigningProperties(**PROPERTIES)
    if date is not None:
        properties["date"] = date
    names = {
        "host": f"localhost:{port}",
        "content-type": "application/vnd.amazon.eventstream",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        **(extra or {}),
    }
    request = AWSRequest(
        destination=URI(scheme="https", host="localhost", port=port, path=path),
        method="POST",
        body=None,
        fields=Fields([Field(name=name, values=[value]) for name, value in names.items()]),
    )
    signed = EventStreamSigner().sign(request=request, identity=identity, properties=properties)
    return {entry.name.lower(): entry.as_string() for entry in signed.fields}


class ChunkSigner:
    """Frames of one request, each signed over the one before."""

    def __init__(self, headers: Mapping[str, str], *, identity: AWSCredentialIdentity = GOOD) -> None:
        signature = headers["authorization"].rpartition("Signature=")[2]
        self._signer = AsyncEventSigner(
            initial_signature=signature.encode(), event_encoder_cls=EventHeaderEncoder
        )
        self.identity = identity

    async def frame(self, event: Mapping[str, Any], *, date: str | None = None) -> bytes:
        """One signed frame with one event document."""
        return await self.frame_of(json.dumps(event).encode(), date=date)

    async def frame_of(self, document: bytes, *, date: str | None = None) -> bytes:
        payload = json.dumps({"bytes": base64.b64encode(document).decode()}).encode()
        headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
        properties = SigV4SigningProperties(**PROPERTIES)
        if date is not None:
            properties["date"] = date
        message = EventMessage(headers=headers, payload=payload)
        signed = await self._signer.sign(event=message, identity=self.identity, properties=properties)
        return signed.encode()

    async def last_frame(self) -> bytes:
        """The signed frame without payload that ends the input."""
        signed = await self._signer.sign_empty(
            event=EventMessage(), identity=self.identity, properties=PROPERTIES
        )
        return signed.encode()


@dataclass(slots=True)
class Outcome:
    """What came back on one stream until its end."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset_code: int | None = None
    connection_lost: bool = False

    @property
    def over(self) -> bool:
        return self.ended or self.reset_code is not None or self.connection_lost

    def events(self) -> list[Event]:
        """The frames of the body; raises what the SDK would raise for a broken one."""
        source, events = BytesIO(bytes(self.body)), []
        while (event := Event.decode(source)) is not None:
            events.append(event)
        return events

    def documents(self) -> list[dict[str, Any]]:
        """The event documents of the body."""
        return [
            json.loads(base64.b64decode(json.loads(event.message.payload)["bytes"]))["event"]
            for event in self.events()
            if event.message.headers[":message-type"] == "event"
        ]

    def kinds(self) -> list[str]:
        return [next(iter(document)) for document in self.documents()]


class RawClient(asyncio.Protocol):
    """One connection; everything that comes is kept."""

    def __init__(self, port: int, *, window_bytes: int | None = None) -> None:
        self.port = port
        self._window_bytes = window_bytes
        self.outcomes: dict[int, Outcome] = {}
        self.goaway_code: int | None = None
        self.server_settings: dict[int, int] = {}
        self.lost = False
        self._changed = asyncio.Event()
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._transport: asyncio.Transport

    @classmethod
    async def connect(cls, port: int, ca: Path, *, window_bytes: int | None = None) -> Self:
        """Connect; with `window_bytes` a stream takes no more than that before `read_on`."""
        context = ssl.create_default_context(cafile=ca)
        context.set_alpn_protocols(["h2"])
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(
            lambda: cls(port, window_bytes=window_bytes), "localhost", port, ssl=context
        )
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._window_bytes is not None:
            self._h2.local_settings = Settings(
                client=True, initial_values={SettingCodes.INITIAL_WINDOW_SIZE: self._window_bytes}
            )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(10_000_000)
        self._flush()

    def data_received(self, data: bytes) -> None:
        if (
            data[3:4] == b"\x07" and len(data) == 17
        ):  # h2 would refuse to go on after a GOAWAY, this client does not
            self.goaway_code = int.from_bytes(data[13:17])
            self._changed.set()
            return
        for event in self._h2.receive_data(data):
            self._keep(event)
        self._flush()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        self.lost = True
        for outcome in self.outcomes.values():
            outcome.connection_lost = not outcome.over
        self._changed.set()

    def open(self, headers: Mapping[str, str], *, path: str = MODEL_PATH, method: str = "POST") -> int:
        """Send request headers; return the stream."""
        stream_id = self._h2.get_next_available_stream_id()
        self.outcomes[stream_id] = Outcome()
        pseudo = {
            ":method": method,
            ":scheme": "https",
            ":authority": f"localhost:{self.port}",
            ":path": path,
        }
        rest = {name: value for name, value in headers.items() if name != "host"}
        self._h2.send_headers(stream_id, list((pseudo | rest).items()))
        self._flush()
        return stream_id

    def send(self, stream_id: int, data: bytes, *, end: bool = False) -> None:
        for at in range(0, len(data), 16_384):
            self._h2.send_data(stream_id, data[at : at + 16_384])
        if end:
            self._h2.end_stream(stream_id)
        self._flush()

    def reset(self, stream_id: int) -> None:
        self._h2.reset_stream(stream_id)
        self._flush()

    def read_on(self, stream_id: int, size_bytes: int) -> None:
        """Open the window of a stream by so much."""
        self._h2.increment_flow_control_window(size_bytes, stream_id)
        self._flush()

    def say_goodbye(self) -> None:
        """Send GOAWAY and go on with the streams there are."""
        self._transport.write(goaway(0, 0))

    async def until_over(self, stream_id: int) -> Outcome:
        outcome = self.outcomes[stream_id]
        await self.until(lambda: outcome.over)
        return outcome

    async def until(self, condition: Any) -> None:
        """Wait until something that came makes this true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        self._transport.abort()
        await self.until(lambda: self.lost)

    def _keep(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived(stream_id=int(stream_id), headers=headers):
                assert headers is not None
                pairs = {str(name): str(value) for name, value in headers}
                self.outcomes[stream_id].status = int(pairs.pop(":status"))
                self.outcomes[stream_id].headers = pairs
            case h2.events.DataReceived(stream_id=int(stream_id), data=bytes(data)):
                self.outcomes[stream_id].body += data
                if self._window_bytes is None:
                    self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream_id)
            case h2.events.StreamEnded(stream_id=int(stream_id)):
                self.outcomes[stream_id].ended = True
            case h2.events.StreamReset(stream_id=int(stream_id), error_code=code):
                self.outcomes[stream_id].reset_code = int(code or 0)
            case h2.events.RemoteSettingsChanged(changed_settings=changed):
                self.server_settings |= {int(name): change.new_value for name, change in changed.items()}
            case _:
                pass

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)
