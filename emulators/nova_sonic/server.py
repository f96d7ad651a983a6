"""Listening: the TLS port that plays Bedrock, the control port, and stopping both."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final

from emulators.nova_sonic.control import Control, ControlConnection
from emulators.nova_sonic.emulator import Emulator

LOOPBACK: Final = "localhost"
_BACKLOG: Final = 512
_GOODBYE_S: Final = 0.2
"""How long clients get to read their GOAWAY."""

log = logging.getLogger(__name__)


class ListenError(Exception):
    """A port cannot be used; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where to listen; port 0 takes any free one."""

    host: str
    port: int
    control_host: str
    control_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where the emulator listens, as URLs."""

    endpoint: str
    control: str


async def serve(
    emulator: Emulator, addresses: Addresses, tls: SSLContext, *, announce: Callable[[Ready], None]
) -> None:
    """Serve until SIGINT or SIGTERM; raise `ListenError` when a port cannot be used."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    sockets = _listen(addresses.host, addresses.port, option="--port")
    control_sockets = _listen(addresses.control_host, addresses.control_port, option="--control-port")
    ready = Ready(
        endpoint=f"https://{_url_host(addresses.host)}:{sockets[0].getsockname()[1]}",
        control=f"http://{_url_host(addresses.control_host)}:{control_sockets[0].getsockname()[1]}",
    )
    control = Control(emulator, endpoint=ready.endpoint)
    loopback = addresses.control_host in {LOOPBACK, "127.0.0.1", "::1"}
    servers = [
        await loop.create_server(emulator.connection, sock=sock, ssl=tls, backlog=_BACKLOG)
        for sock in sockets
    ] + [
        await loop.create_server(lambda: ControlConnection(control, loopback=loopback), sock=sock)
        for sock in control_sockets
    ]
    announce(ready)
    await stop.wait()
    log.info("stopping")
    for server in servers:
        server.close()
    emulator.close()
    await asyncio.sleep(_GOODBYE_S)


def _listen(host: str, port: int, *, option: str) -> list[socket.socket]:
    """Bind one address, or both loopback addresses to the same port: clients differ in which one they try first."""
    if host != LOOPBACK:
        return [_bind(host, port, option=option)]
    first = _bind("127.0.0.1", port, option=option)
    try:
        return [first, _bind("::1", first.getsockname()[1], option=option)]
    except ListenError:
        return [first]  # no IPv6 on this machine, or its port is taken; IPv4 is enough


def _bind(host: str, port: int, *, option: str) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.setblocking(False)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ListenError(
                f"port {port} on {host} is in use, perhaps by another emulator; "
                f"stop that one or give {option} another number, 0 for any free one"
            ) from error
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
