"""Which connection carries the next stream: a free one, the warm spare, or a new one.

With one stream a connection, which is the default, opening is parallel and a lost connection costs one session. With
several, openings wait for each other, so that they share what one of them opens.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.connection import Connection
from service.transports.bedrock_direct.exchange import Exchange, ExchangeListener

# A connection that says no goodbye is aborted after a second; see `Connection`.
_CLOSE_S: Final = 2.0
_NO_COMMON_PROTOCOL: Final = "NO_APPLICATION_PROTOCOL"


class Pool:
    """The connections to one endpoint."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: ssl.SSLContext,
        connect_s: float,
        silence_s: float,
        streams_per_connection: int,
        spares: int,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._connect_s = connect_s
        self._silence_s = silence_s
        self._streams_per_connection = streams_per_connection
        self._spares = spares
        self._connections: list[Connection] = []
        self._sockets: set[asyncio.Future[None]] = set()
        self._warming: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock() if streams_per_connection > 1 else None

    async def request(self, headers: Sequence[tuple[str, str]], listener: ExchangeListener) -> Exchange:
        """Begin an exchange on some connection; raises ModelFailure."""
        exchange = self._on_free(headers, listener)
        if exchange is None:
            async with self._one_at_a_time or nullcontext():
                exchange = self._on_free(headers, listener)
                if exchange is None:
                    connection = await self.connect()
                    if not self._is_free(connection):
                        raise ModelFailure(
                            ModelFailureKind.UNAVAILABLE, f"{self._where} allows no stream on a connection"
                        )
                    exchange = connection.request(headers, listener)
        self._warm()
        return exchange

    async def connect(self) -> Connection:
        """A new connection, ready for streams; raises ModelFailure (UNREACHABLE, PROTOCOL)."""
        try:
            connection = await self._establish()
        except (ModelFailure, OSError) as error:
            raise self._failure_of(error) from error
        self._connections.append(connection)
        return connection

    async def _establish(self) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_s):
            _, connection = await loop.create_connection(
                lambda: Connection(silence_s=self._silence_s, on_change=self._changed),
                self._host,
                self._port,
                ssl=self._tls,
                server_hostname=self._host,
                ssl_shutdown_timeout=1.0,
            )
            self._sockets.add(connection.gone)
            connection.gone.add_done_callback(self._sockets.discard)
            try:
                await connection.ready
            except BaseException:
                connection.close()
                raise
        return connection

    async def aclose(self) -> None:
        """Close every connection and wait for the sockets; an event loop must not be closed over them."""
        for warming in self._warming:
            warming.cancel()
        if self._warming:
            await asyncio.wait(self._warming)
        for connection in list(self._connections):
            connection.close()
        if self._sockets:
            await asyncio.wait(set(self._sockets), timeout=_CLOSE_S)

    @property
    def has_idle(self) -> bool:
        """Whether a connection stands that carries nothing."""
        return any(connection.limit and not connection.streams for connection in self._connections)

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    def _is_free(self, connection: Connection) -> bool:
        return connection.streams < min(self._streams_per_connection, connection.limit)

    def _on_free(self, headers: Sequence[tuple[str, str]], listener: ExchangeListener) -> Exchange | None:
        for connection in self._connections:
            if self._is_free(connection):
                return connection.request(headers, listener)
        return None

    def _warm(self) -> None:
        """Have a spare ready for the next one who asks; that it cannot be had is his to hear, not ours."""
        if len(self._warming) < self._spares and not self.has_idle:
            warming = asyncio.create_task(self._connect_spare(), name="spare connection to the model")
            self._warming.add(warming)
            warming.add_done_callback(self._warming.discard)

    async def _connect_spare(self) -> None:
        try:
            await self.connect()
        except ModelFailure:
            return

    def _changed(self, connection: Connection) -> None:
        """A stream ended, or the connection did: keep it as a spare, or let it go."""
        if connection not in self._connections:
            return
        idle = [other for other in self._connections if not other.streams and other.limit]
        if connection.closed:
            self._connections.remove(connection)
        # Twice the spares, so that a stream that ends leaves its connection to the next one.
        elif not connection.streams and len(idle) > 2 * self._spares:
            self._connections.remove(connection)
            connection.close()

    def _failure_of(self, error: ModelFailure | OSError) -> ModelFailure:
        where = self._where
        match error:
            case ModelFailure():
                return ModelFailure(error.kind, f"{where}: {error.message}")
            case TimeoutError():
                said = f"{where} completed no TLS handshake within {self._connect_s:g} s"
                return ModelFailure(ModelFailureKind.UNREACHABLE, said)
            case ssl.SSLCertVerificationError():
                said = f"{where}: its certificate is not trusted ({error.verify_message})"
                return ModelFailure(ModelFailureKind.UNREACHABLE, said)
            case ssl.SSLError() if _NO_COMMON_PROTOCOL in (error.reason or ""):
                return ModelFailure(ModelFailureKind.PROTOCOL, f"{where}: the endpoint does not speak HTTP/2")
            case _:
                return ModelFailure(ModelFailureKind.UNREACHABLE, f"{where}: {error}")
