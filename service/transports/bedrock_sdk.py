"""InvokeModelWithBidirectionalStream through the official SDK, made safe for long streams.

Each rule has cost somebody a production incident (letters: failure modes measured with SDK 0.12.0):

- One transport per stream over a shared event loop: a connection is not shared, so neither a stream limit (i)
  nor GOAWAY (j) nor a lost connection touches another session.
- The connection stands before the SDK is asked for a stream: refused, unresolved, untrusted and too slow are
  errors of `open`, not sends that block later (b).
- Credentials are resolved first (a) and frozen for the stream.
- The response is awaited from the beginning, while the first events are sent: Bedrock answers only then.
- One task writes (k: concurrent sends break the chain of signatures), one reads, and the reader is never
  cancelled (f): to end it, the connection is closed.
- The end of the response is an end only if we asked for it; else it is a lost connection (d).
- Every wait has a deadline (c, e), and every task's exception is looked at (h).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

# The SDK ships no py.typed.
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
    InvokeModelWithBidirectionalStreamOutputChunk,
)
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_core import URI

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_credentials import Credentials
from service.transports.bedrock_failures import failure_of
from service.transports.crt_http import StreamHTTPClient
from service.transports.nodelay import NoDelay
from service.transports.outbox import Outbox
from service.transports.ports import ModelStreamListener

_SESSION_END: Final = b'"sessionEnd"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each wait on the model may take."""

    connect_s: float = 5.0
    credentials_s: float = 10.0
    accept_s: float = 10.0
    send_s: float = 20.0
    close_s: float = 5.0
    # After the connection was closed CRT ends the stream at once; this bounds its failure to do so.
    abort_s: float = 2.0
    # A failed send and the reason for it arrive in either order.
    reason_s: float = 0.5


class BedrockSdkTransport:
    """Streams to one model in one Region."""

    def __init__(
        self,
        *,
        model_id: str,
        region: str,
        endpoint: str | None,
        ca_file: Path | None,
        deadlines: Deadlines,
        count: Callable[[str, int], None],
    ) -> None:
        self._model_id = model_id
        self._region = region
        self._url = _url(endpoint or f"https://bedrock-runtime.{region}.amazonaws.com")
        self._ca_file = ca_file
        self._deadlines = deadlines
        self._count = count
        self._credentials = Credentials(timeout_s=deadlines.credentials_s)
        self._no_delay = NoDelay(port=self._url.port or 443)
        self._http: StreamHTTPClient | None = None
        self._streams: dict[asyncio.Task[None], BedrockSdkStream] = {}

    async def check(self) -> None:
        """Prove that the SDK can duplex, credentials resolve and the endpoint speaks HTTP/2 over trusted TLS."""
        if not hasattr(AsyncBedrockRuntimeClient, "invoke_model_with_bidirectional_stream"):
            raise ModelFailure(ModelFailureKind.PROTOCOL, "the SDK has no InvokeModelWithBidirectionalStream")
        if not getattr(StreamHTTPClient, "SUPPORTS_DUPLEX_STREAMING", False):
            raise ModelFailure(
                ModelFailureKind.PROTOCOL, "the SDK's HTTP client cannot send while it receives"
            )
        await self._credentials.identity()
        http = self._new_http()
        await self._connect(http)
        http.abort()

    async def open(self, listener: ModelStreamListener) -> "BedrockSdkStream":
        """Open a stream; raises ModelFailure (CREDENTIALS, UNREACHABLE, PROTOCOL, TIMED_OUT)."""
        identity = await self._credentials.identity()
        http = self._new_http()
        try:
            await self._connect(http)
            duplex = await self._invoke(http, StaticCredentialsResolver(identity))
        except BaseException:
            http.abort()
            raise
        stream = BedrockSdkStream(duplex, http, listener, self._deadlines)
        running = asyncio.create_task(stream.run(), name="model stream")
        self._streams[running] = stream
        running.add_done_callback(self._forget)
        return stream

    async def aclose(self) -> None:
        """End every stream that is still open, within the deadlines."""
        for stream in self._streams.values():
            stream.close()
        if self._streams:
            await asyncio.wait(set(self._streams))

    def _new_http(self) -> StreamHTTPClient:
        if self._http is None:
            self._http = StreamHTTPClient(ca_file=self._ca_file)
        return self._http.for_one_stream()

    async def _connect(self, http: StreamHTTPClient) -> None:
        where = f"{self._url.host}:{self._url.port or 443}"
        try:
            await http.connect(self._url, timeout_s=self._deadlines.connect_s)
        except TimeoutError:
            raise ModelFailure(
                ModelFailureKind.UNREACHABLE,
                f"{where} completed no TLS handshake within {self._deadlines.connect_s:g} s"
                " (it may be down, or its certificate not trusted)",
            ) from None
        except Exception as error:
            failure = failure_of(error)
            raise ModelFailure(failure.kind, f"{where}: {failure.message}") from error
        self._count("model_socket_nodelay", self._no_delay.apply())

    async def _invoke(self, http: StreamHTTPClient, identity: StaticCredentialsResolver) -> Any:
        config = await AsyncBedrockRuntimeConfig.resolve(
            region=self._region,
            endpoint_uri=str(self._url.build()),
            transport=http,
            aws_credentials_identity_resolver=identity,
        )
        client = AsyncBedrockRuntimeClient(config=config)
        asked = asyncio.ensure_future(
            client.invoke_model_with_bidirectional_stream(
                InvokeModelWithBidirectionalStreamOperationInput(model_id=self._model_id)
            )
        )
        # The call returns before any answer. It hangs for ever when its own preparation fails.
        done, _ = await asyncio.wait({asked}, timeout=self._deadlines.connect_s)
        if not done:
            asked.cancel()
            raise ModelFailure(ModelFailureKind.TIMED_OUT, "the SDK did not begin the request")
        try:
            return asked.result()
        except Exception as error:
            raise failure_of(error) from error

    def _forget(self, running: asyncio.Task[None]) -> None:
        stream = self._streams.pop(running)
        self._count("model_frames_dropped", stream.dropped_frames)


class _Phase(Enum):
    """Where a stream is; it only moves downwards."""

    OPEN = "both sides are open"
    ENDING = "we have nothing more to send"
    ABORTED = "we closed the connection"
    OVER = "the listener has been told"


class BedrockSdkStream:
    """One stream: a queue, the task that empties it, the task that reads, and a supervisor over both."""

    def __init__(
        self, duplex: Any, http: StreamHTTPClient, listener: ModelStreamListener, deadlines: Deadlines
    ) -> None:
        self._duplex = duplex
        self._http = http
        self._listener = listener
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._phase = _Phase.OPEN
        self._ended_by_us = False
        self._verdict: ModelFailure | None = None
        self._given_up: asyncio.Future[None] = self._loop.create_future()
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def dropped_frames(self) -> int:
        """Droppable documents that the model did not take in time."""
        return self._outbox.dropped

    def send(self, payload: bytes, *, droppable: bool) -> None:
        """Queue one event document."""
        if self._phase is not _Phase.OPEN:
            return
        if not droppable and _SESSION_END in payload:
            self._ended_by_us = True
        self._outbox.put(payload, droppable=droppable, now=self._loop.time())
        self._wake.set()

    def close(self) -> None:
        """End our side after what is queued; the stream is over within the deadline for closing."""
        if self._phase is not _Phase.OPEN:
            return
        self._phase = _Phase.ENDING
        self._ended_by_us = True
        self._wake.set()
        self._after(
            self._deadlines.close_s,
            ModelFailure(ModelFailureKind.TIMED_OUT, "the model did not end its side after we ended ours"),
        )

    async def run(self) -> None:
        """Read and write until the stream is over, tell the listener, release the connection."""
        unanswered = self._after(
            self._deadlines.accept_s,
            ModelFailure(ModelFailureKind.TIMED_OUT, "the model did not answer the request"),
        )
        reader = asyncio.create_task(self._read(unanswered), name="model stream reader")
        writer = asyncio.create_task(self._write(), name="model stream writer")
        writer.add_done_callback(self._on_writer_done)
        ends: set[asyncio.Future[Any]] = {reader, self._given_up}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for timer in self._timers:
            timer.cancel()
        failure = reader.result() if reader.done() else self._verdict
        self._phase = _Phase.OVER
        self._listener.on_stream_closed(failure)
        self._http.abort()
        writer.cancel()
        await asyncio.wait({writer}, timeout=self._deadlines.abort_s)
        # Ends the SDK's hidden task that feeds the request body; nothing reads what would be flushed.
        await self._duplex.input_stream._writer.close(flush=False)  # noqa: SLF001 - close() would flush

    async def _read(self, unanswered: asyncio.TimerHandle) -> ModelFailure | None:
        """Hand over what arrives; why the stream ended, None if we ended it. Never cancelled."""
        try:
            _, events = await self._duplex.await_output()
            unanswered.cancel()
            self._listener.on_stream_accepted()
            while (event := await events.receive()) is not None:
                if isinstance(event, InvokeModelWithBidirectionalStreamOutputChunk):
                    self._listener.on_stream_event(event.value.bytes_ or b"")
        except Exception as error:  # noqa: BLE001 - the SDK raises KeyError and OSError as well; all end the stream
            return self._verdict or failure_of(self._http.completion_error or error)
        if self._verdict is not None:
            return self._verdict
        if self._http.remote_ended:
            if self._ended_by_us:
                return None
            return ModelFailure(
                ModelFailureKind.CONNECTION_LOST, "the model ended the stream without being asked"
            )
        return failure_of(self._http.completion_error or ConnectionResetError("the connection went away"))

    async def _write(self) -> None:
        """Send what is queued, one at a time, and end our side when asked to."""
        while True:
            payload = self._outbox.take()
            if payload is not None:
                chunk = InvokeModelWithBidirectionalStreamInputChunk(
                    value=BidirectionalInputPayloadPart(bytes_=payload)
                )
                async with asyncio.timeout(self._deadlines.send_s):
                    await self._duplex.input_stream.send(chunk)
            elif self._phase is _Phase.OPEN:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._duplex.input_stream.close()
                return

    def _on_writer_done(self, writer: asyncio.Task[None]) -> None:
        if writer.cancelled() or (error := writer.exception()) is None:
            return
        failure = (
            ModelFailure(
                ModelFailureKind.TIMED_OUT, f"the model took no input for {self._deadlines.send_s:g} s"
            )
            if isinstance(error, TimeoutError)
            else ModelFailure(ModelFailureKind.CONNECTION_LOST, "the request could not be written")
        )
        self._after(self._deadlines.reason_s, failure)

    def _after(self, delay_s: float, failure: ModelFailure) -> asyncio.TimerHandle:
        timer = self._loop.call_later(delay_s, self._abort, failure)
        self._timers.append(timer)
        return timer

    def _abort(self, failure: ModelFailure) -> None:
        """Close the connection, which ends the reader; give the reader up if it does not."""
        if self._phase in {_Phase.ABORTED, _Phase.OVER}:
            return
        self._phase = _Phase.ABORTED
        self._verdict = failure
        self._http.abort()
        self._timers.append(self._loop.call_later(self._deadlines.abort_s, self._give_up))

    def _give_up(self) -> None:
        if not self._given_up.done():
            self._given_up.set_result(None)


def _url(endpoint: str) -> URI:
    parts = urlsplit(endpoint)
    return URI(scheme=parts.scheme, host=parts.hostname or "", port=parts.port)
