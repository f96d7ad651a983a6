"""InvokeModelWithBidirectionalStream without the SDK: `h2`, our own framing and signing, no task a stream."""

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_credentials import Credentials
from service.transports.bedrock_direct.envelope import Envelopes
from service.transports.bedrock_direct.pool import Pool
from service.transports.bedrock_direct.signing import FrameSigner, Keys, sign_request
from service.transports.bedrock_direct.stream import BedrockDirectStream
from service.transports.deadlines import Deadlines
from service.transports.ports import ModelStreamListener

_HTTPS_PORT: Final = 443
# Beyond its own deadlines, for the loop to get round to it.
_GRACE_S: Final = 1.0


class BedrockDirectTransport:
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
        streams_per_connection: int = 1,
        spare_connections: int = 1,
        silence_s: float = 10.0,
        utc_now: Callable[[], float] = time.time,
    ) -> None:
        """`silence_s` is how long a connection may be silent before it is asked with a PING, and then to answer it."""
        url = urlsplit(endpoint or f"https://bedrock-runtime.{region}.amazonaws.com")
        self._host = url.hostname or ""
        self._port = url.port or _HTTPS_PORT
        self._authority = self._host if self._port == _HTTPS_PORT else f"{self._host}:{self._port}"
        self._model_id = model_id
        self._region = region
        self._ca_file = ca_file
        self._deadlines = deadlines
        self._count = count
        self._streams_per_connection = streams_per_connection
        self._spare_connections = spare_connections
        self._silence_s = silence_s
        self._utc_now = utc_now
        self._credentials = Credentials(timeout_s=deadlines.credentials_s)
        self._pool: Pool | None = None
        self._streams: set[BedrockDirectStream] = set()
        self._all_over = asyncio.Event()
        self._all_over.set()

    async def check(self) -> None:
        """Prove that credentials resolve and that the endpoint speaks HTTP/2 over trusted TLS; keeps the connection."""
        await self._credentials.identity()
        pool = self._connections()
        if not pool.has_idle:
            await pool.connect()

    async def open(self, listener: ModelStreamListener) -> BedrockDirectStream:
        """Open a stream; raises ModelFailure (CREDENTIALS, UNREACHABLE, PROTOCOL, UNAVAILABLE)."""
        identity = await self._credentials.identity()
        keys = Keys(
            access_key_id=identity.access_key_id,
            secret=identity.secret_access_key,
            session_token=identity.session_token,
        )
        request = sign_request(
            keys=keys,
            region=self._region,
            authority=self._authority,
            model_id=self._model_id,
            at=self._utc_now(),
        )
        signer = FrameSigner(secret=keys.secret, region=self._region, signature=request.signature)
        stream = BedrockDirectStream(
            listener, Envelopes(signer), self._deadlines, utc_now=self._utc_now, on_over=self._forget
        )
        stream.begin(await self._connections().request(request.headers, stream))
        self._streams.add(stream)
        self._all_over.clear()
        return stream

    async def aclose(self) -> None:
        """End every stream that is still open, within the deadlines, and close the connections."""
        for stream in list(self._streams):
            stream.close()
        try:
            async with asyncio.timeout(self._deadlines.close_s + _GRACE_S):
                await self._all_over.wait()
        except TimeoutError:
            self._count("model_streams_left", len(self._streams))
        if self._pool is not None:
            await self._pool.aclose()

    def _connections(self) -> Pool:
        if self._pool is None:
            try:
                tls = ssl.create_default_context(cafile=self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ModelFailure(
                    ModelFailureKind.UNREACHABLE, f"the authorities to trust cannot be read: {error}"
                ) from error
            tls.set_alpn_protocols(["h2"])
            self._pool = Pool(
                host=self._host,
                port=self._port,
                tls=tls,
                connect_s=self._deadlines.connect_s,
                silence_s=self._silence_s,
                streams_per_connection=self._streams_per_connection,
                spares=self._spare_connections,
            )
        return self._pool

    def _forget(self, stream: BedrockDirectStream) -> None:
        self._streams.discard(stream)
        if not self._streams:
            self._all_over.set()
        self._count("model_frames_dropped", stream.dropped_frames)
