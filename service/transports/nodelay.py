"""TCP_NODELAY for sockets that somebody else opened in this process.

awscrt opens its sockets in C and offers no option for it. Nagle's algorithm then holds back an event that is
shorter than a segment until the last one is acknowledged: 18 ms at the median, 38 ms at p99 on paths with
large segments. Linux lists a process's descriptors, so the option can be set from outside.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = Path("/proc/self/fd")
_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})


class NoDelay:
    """Finds the new TCP connections to one port and turns Nagle's algorithm off on them.

    A socket that does not belong to us but leads to the same port only loses a delay nobody wants.
    """

    def __init__(self, *, port: int) -> None:
        self._port = port
        self._seen: frozenset[str] = frozenset()

    def apply(self) -> int:
        """Look at the sockets opened since the last call; how many were set. 0 where /proc is missing."""
        try:
            descriptors = [entry.name for entry in _DESCRIPTORS.iterdir()]
        except OSError:
            return 0
        # The link names the socket, not the descriptor, so a number that was used again is seen as new.
        sockets = {link: int(name) for name in descriptors if (link := _link(name)).startswith("socket:")}
        fresh = [descriptor for link, descriptor in sockets.items() if link not in self._seen]
        self._seen = frozenset(sockets)
        return sum(self._set(descriptor) for descriptor in fresh)

    def _set(self, descriptor: int) -> bool:
        # A duplicate: the owner may close its descriptor at any moment, and closing ours closes nothing.
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
            if connection.type == socket.SOCK_STREAM and connection.family in _INTERNET:
                if connection.getpeername()[1] != self._port:
                    return False
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return True
        return False


def _link(name: str) -> str:
    try:
        return str((_DESCRIPTORS / name).readlink())
    except OSError:  # closed since the listing
        return ""
