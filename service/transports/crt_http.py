"""One HTTP/2 connection of the AWS Common Runtime, with the repairs that Nova Sonic's long streams need.

Measured against smithy-http 0.6.0 and awscrt 0.32.2, which `pyproject.toml` pins:

- the client's pool is one connection per host, without regard for stream limits or GOAWAY, so every stream
  gets a client of its own; event loop and TLS context are shared, because a TLS context costs 12 ms to make;
- a stream that is reset before its headers leaves `_await_response` waiting for ever, so a completion that
  failed is handed to the header future;
- a reset in the middle looks like a clean end, so the completion stays readable as `completion_error`;
- writing to a stream that has completed leaves an unobserved exception (2080) in a hidden task;
- awscrt sets no TCP_NODELAY; `service.transports.nodelay` does.
"""

import asyncio
import copy
from concurrent import futures
from pathlib import Path
from typing import Any, Self

# awscrt ships no py.typed.
from awscrt import http as crt_http  # type: ignore[import-untyped]
from awscrt import io as crt_io
from awscrt.aio.http import AIOHttpClientConnectionUnified  # type: ignore[import-untyped]
from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]
from smithy_core import URI
from smithy_http.aio import crt


class StreamHTTPClient(crt.AWSCRTHTTPClient):
    """The SDK's transport for exactly one stream over exactly one connection."""

    def __init__(self, *, ca_file: Path | None = None) -> None:
        super().__init__(eventloop=crt._AWSCRTEventLoop())  # noqa: SLF001 - the one way to share a CRT loop
        if ca_file is not None:
            options = crt_io.TlsContextOptions()
            options.override_default_trust_store_from_path(None, str(ca_file))
            self._tls_ctx = crt_io.ClientTlsContext(options)
        self._connection: Any = None
        self._stream: Any = None

    def for_one_stream(self) -> Self:
        """A client that shares this one's event loop and TLS context and nothing else."""
        fresh = copy.copy(self)
        fresh._connections = {}  # noqa: SLF001 - our own class
        fresh._connection = None  # noqa: SLF001 - our own class
        fresh._stream = None  # noqa: SLF001 - our own class
        return fresh

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # The SDK copies its configuration; a copied transport would lose the private CA and the connection.
        return self

    @property
    def completion_error(self) -> AwsCrtError | None:
        """Why the stream broke off, if it did."""
        if self._stream is None or not self._stream.completion_future.done():
            return None
        error = self._stream.completion_future.exception()
        return error if isinstance(error, AwsCrtError) else None

    @property
    def remote_ended(self) -> bool:
        """Whether the other side ended the response in order (END_STREAM)."""
        return self._stream is not None and bool(self._stream._remote_completion_future.done())  # noqa: SLF001 - not public

    async def connect(self, url: URI, *, timeout_s: float) -> None:
        """Open the connection; TimeoutError, AwsCrtError, or ConnectionError when it is not HTTP/2."""
        # s2n holds a failed TLS handshake back for 10 to 30 s, so the deadline has to be ours.
        async with asyncio.timeout(timeout_s):
            connection = await self._connecting(url)
        if connection.version is not crt_http.HttpVersion.Http2:
            _close(connection)
            raise ConnectionError("the endpoint does not speak HTTP/2")
        self._connection = connection

    def _connecting(self, url: URI) -> asyncio.Future[Any]:
        """The connection to come; one that comes when nobody waits any more closes itself.

        The binding's own coroutine cancels CRT's future with itself, and CRT then fails to resolve it.
        """
        tls = self._tls_ctx.new_connection_options()
        tls.set_server_name(url.host)
        tls.set_alpn_list(["h2", "http/1.1"])
        attempt: futures.Future[Any] = AIOHttpClientConnectionUnified._generic_new(  # noqa: SLF001 - see above
            host_name=url.host,
            port=url.port or self._HTTPS_PORT,
            bootstrap=self._client_bootstrap,
            socket_options=self._socket_options,
            tls_connection_options=tls,
            proxy_options=None,
            asyncio_connection=True,
        )
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Any] = loop.create_future()

        def arrived(_: object) -> None:
            """In CRT's thread."""
            try:
                loop.call_soon_threadsafe(_hand_over, attempt, waiting)
            except RuntimeError:  # the loop is closed, and with it whoever waited
                _close_late(attempt)

        attempt.add_done_callback(arrived)
        return waiting

    def abort(self) -> None:
        """Close the connection now; whatever waits on its stream ends with CONNECTION_CLOSED."""
        if self._connection is not None:
            _close(self._connection)

    async def close(self) -> None:
        # The SDK's client would wait for the shutdown without a bound; abort() is all that is needed.
        self.abort()

    async def _get_connection(self, url: object) -> Any:  # noqa: ARG002 - the SDK's signature
        if self._connection is None:
            raise ConnectionError("connect() comes before the first request")
        return self._connection

    async def _await_response(self, stream: Any) -> crt.AWSCRTHTTPResponse:
        self._stream = stream
        stream._writer.add_done_callback(_observe)  # noqa: SLF001 - the hidden task; aws-crt-python #762
        stream.completion_future.add_done_callback(lambda _: _fail_headers(stream))
        return await super()._await_response(stream)


def _fail_headers(stream: Any) -> None:
    """Wake whoever waits for headers that will not come. Runs in the thread that would deliver them."""
    error = stream.completion_future.exception()
    waiting: futures.Future[int] = stream._response_status_future  # noqa: SLF001 - awscrt leaves it unresolved
    if error is not None and not waiting.done():
        waiting.set_exception(error)


def _observe(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()


def _hand_over(attempt: futures.Future[Any], waiting: asyncio.Future[Any]) -> None:
    if waiting.done():
        _close_late(attempt)
    elif (error := attempt.exception()) is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(attempt.result())


def _close_late(attempt: futures.Future[Any]) -> None:
    if attempt.exception() is None:
        _close(attempt.result())


def _close(connection: Any) -> None:
    # The synchronous close of the same binding. The asyncio class has a coroutine in its place, which would
    # have to be waited for, and whose cancellation would break the future that CRT resolves.
    crt_http.HttpClientConnection.close(connection)
