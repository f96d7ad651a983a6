"""Reaching the service: the WebSocket, and the list of what may be chosen. Every refusal becomes one sentence."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, NegotiationError
from websockets.typing import Subprotocol as OfferedSubprotocol

from talk.protocol import Subprotocol

_LARGEST_MESSAGE_BYTES: Final = 1 << 20
# A service that is gone without a word is missed within twice this.
HEARTBEAT_S: Final = 5.0
_HOW_TO_SIGN_IN: Final = " Sign in with --user and --password, or give a --token."


class CannotConnect(Exception):  # noqa: N818 - what happened, in the words of the message it carries
    """No conversation began; the message says why and, where it is known, what to do."""


def socket_url(url: str) -> str:
    """`http://host:8000` and the like as the address of the WebSocket; a URL with a path is taken as it is."""
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"ws", "wss"} or not parts.netloc:
        raise CannotConnect(f"{url} is not an address of the service; one looks like ws://127.0.0.1:8000/ws")
    return urlunsplit((scheme, parts.netloc, parts.path if parts.path.strip("/") else "/ws", parts.query, ""))


@contextlib.asynccontextmanager
async def connect(
    url: str, *, subprotocol: Subprotocol, timeout_s: float, token: str | None = None
) -> AsyncIterator[ClientConnection]:
    """An open WebSocket; raises CannotConnect. What goes wrong after that is the caller's."""
    address = socket_url(url)
    try:
        socket = await open_socket(
            address,
            subprotocols=[OfferedSubprotocol(subprotocol)],
            # A program can set a header, so it needs no ticket to begin with.
            additional_headers={} if token is None else {"Authorization": f"Bearer {token}"},
            # PCM does not shrink, and deflate costs the service more than everything else it does with a frame.
            compression=None,
            max_size=_LARGEST_MESSAGE_BYTES,
            open_timeout=timeout_s,
            close_timeout=2.0,
            ping_interval=HEARTBEAT_S,
            ping_timeout=HEARTBEAT_S,
        )
    except InvalidStatus as refusal:
        response = refusal.response
        raise CannotConnect(
            f"{address} refused the connection with HTTP {response.status_code}: "
            f"{_reason(bytes(response.body or b''), response.reason_phrase)}"
            + (_HOW_TO_SIGN_IN if response.status_code == HTTPStatus.UNAUTHORIZED else "")
        ) from refusal
    except (InvalidURI, NegotiationError) as refusal:
        raise CannotConnect(f"{address}: {refusal}") from refusal
    except (InvalidHandshake, EOFError) as refusal:
        raise CannotConnect(
            f"{address} does not speak WebSocket: {refusal}. Is it the assistant?"
        ) from refusal
    except TimeoutError as refusal:
        raise CannotConnect(f"{address} did not answer within {timeout_s:g} s") from refusal
    except OSError as refusal:
        raise CannotConnect(_unreachable(address, refusal)) from refusal
    try:
        if socket.subprotocol != subprotocol:
            raise CannotConnect(f"{address} does not speak {subprotocol}; is it the assistant?")
        yield socket
    finally:
        await socket.close()


async def fetch_options(url: str, *, timeout_s: float) -> dict[str, Any]:
    """What `GET /api/options` of the same service says; raises CannotConnect."""
    parts = urlsplit(socket_url(url))
    scheme = "https" if parts.scheme == "wss" else "http"
    address = urlunsplit((scheme, parts.netloc, "/api/options", "", ""))
    return await asyncio.to_thread(get_json, address, timeout_s)


def get_json(address: str, timeout_s: float) -> dict[str, Any]:
    """The JSON object at an address; raises CannotConnect."""
    try:
        # socket_url() lets no scheme but http and https pass.
        with urllib.request.urlopen(address, timeout=timeout_s) as response:  # noqa: S310 - see above
            options: dict[str, Any] = json.load(response)
            return options
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise CannotConnect(
                f"{address}: HTTP {refusal.code}: {_reason(refusal.read(), refusal.reason)}"
            ) from None
    except urllib.error.URLError as refusal:
        raise CannotConnect(_unreachable(address, refusal.reason)) from refusal
    except ValueError as refusal:
        raise CannotConnect(f"{address} did not answer with JSON; is it the assistant?") from refusal


def _unreachable(address: str, failure: object) -> str:
    if isinstance(failure, ConnectionRefusedError) or "Connect call failed" in str(failure):
        return f"nothing listens at {address}. Start the assistant in another terminal with: make run"
    return f"{address} cannot be reached: {failure}"


def _reason(body: bytes, otherwise: str) -> str:
    """The detail of a problem document (RFC 9457), or the HTTP reason."""
    with contextlib.suppress(ValueError):
        match json.loads(body):
            case {"detail": str(detail)} | {"title": str(detail)}:
                return detail
            case _:
                pass
    return otherwise
