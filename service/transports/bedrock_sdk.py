"""InvokeModelWithBidirectionalStream through the official SDK, made safe for long streams.

Each rule answers a failure measured with SDK 0.12.0:

- One transport per stream over a shared event loop: a connection is not shared, so neither a stream limit nor
  GOAWAY nor a lost connection touches another session.
- The connection stands before the SDK is asked for a stream: refused, unresolved, untrusted and too slow are
  errors of `open`, not sends that block later.
- Credentials are resolved first, because the SDK would wait for ever, and frozen for the stream.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# The SDK ships no py.typed.
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped]
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    InvokeModelWithBidirectionalStreamOperationInput,
)
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_core import URI

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_credentials import Credentials
from service.transports.bedrock_failures import failure_of
from service.transports.bedrock_stream import BedrockSdkStream
from service.transports.crt_http import StreamHTTPClient
from service.transports.deadlines import Deadlines
from service.transports.nodelay import NoDelay
from service.transports.ports import ModelStreamListener


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

    async def open(self, listener: ModelStreamListener) -> BedrockSdkStream:
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


def _url(endpoint: str) -> URI:
    parts = urlsplit(endpoint)
    return URI(scheme=parts.scheme, host=parts.hostname or "", port=parts.port)
