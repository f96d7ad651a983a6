"""`python -m emulators.cognito`: options in, one `ready` line out, then served until a signal comes."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from emulators.cognito.app import create_app
from emulators.cognito.pool import DEFAULT_FILE, Pool, PoolError, load
from emulators.cognito.stand_in import StandIn

_IMPOSSIBLE: Final = 2
_DESCRIPTION: Final = """\
An Amazon Cognito user pool on this machine: managed login, /oauth2/authorize, /oauth2/token, /oauth2/revoke,
/oauth2/userInfo, /logout, discovery and keys, with Cognito's own claims. It needs no AWS account and no network."""
_EXAMPLES: Final = """\
examples:
  python -m emulators.cognito
      the pool of emulators/cognito/pool.toml: demo@example.com and admin@example.com
  python -m emulators.cognito --pool my-pool.toml --port 0
      another pool, on a free port, which the ready line names
  curl -X POST -H 'content-type: application/json' -d '{}' \\
      http://127.0.0.1:8446/control/users/demo@example.com/disable
      what an administrator would do; GET /control/status lists the rest

docs/sign-in.md tells the rest.
"""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, announcing itself when it listens."""

    ready_line = ""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(self.ready_line, flush=True)


def parser() -> argparse.ArgumentParser:
    """The options."""
    result = argparse.ArgumentParser(
        prog="python -m emulators.cognito",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument(
        "--host", default="127.0.0.1", help="address to listen on, and in the issuer (default: 127.0.0.1)"
    )
    result.add_argument("--port", type=_port, default=8446, help="0 for any free one (default: 8446)")
    result.add_argument(
        "--pool", type=Path, default=DEFAULT_FILE, metavar="FILE", help="users and clients, as TOML"
    )
    result.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="what stderr tells",
    )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stand-in; 2 and one sentence when it cannot start."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    try:
        pool = load(options.pool)
        listener = _listen(options.host, options.port)
    except (PoolError, OSError) as error:
        print(f"cognito: {error}", file=sys.stderr)
        return _IMPOSSIBLE
    with listener:
        asyncio.run(_serve(pool, listener, options.host, options.log_level))
    return 0


async def _serve(pool: Pool, listener: socket.socket, host: str, log_level: str) -> None:
    base_url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    stand_in = StandIn(pool=pool, base_url=base_url, clock=time.time)
    config = uvicorn.Config(
        create_app(stand_in),
        access_log=log_level in {"debug", "info"},
        log_config=None,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    user = next(iter(pool.users.values()))
    client_id = next(iter(pool.clients))
    server.ready_line = (
        f"ready {base_url} issuer={stand_in.issuer} client={client_id} control={base_url}/control"
        f" user={user.email} password={user.password}"
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    await server.serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --port"
        ) from error


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
