"""Whether a port of this machine is free and, if not, who holds it."""

import contextlib
import errno
import socket
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
# /proc/net/tcp writes the state as hexadecimal; 0A is TCP_LISTEN in the kernel's net/tcp_states.h.
_LISTEN: Final = "0A"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now; port 0 always can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are only lingering counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as refusal:
            if refusal.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def holder(port: int, *, proc: Path = Path("/proc")) -> str | None:
    """The process that listens on a port, as `python -m service (process 4711)`; None where that cannot be seen."""
    inodes = _listening_inodes(port, proc)
    if not inodes:
        return None
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.glob("[0-9]*"):
        # Another user's process cannot be read, and one may end while we look.
        with contextlib.suppress(OSError):
            if any(_target(link) in sockets for link in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
                return f"{command.decode(errors='replace')[:120]} (process {process.name})"
    return None


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:
        return None  # a descriptor that was closed while we looked


def _listening_inodes(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
