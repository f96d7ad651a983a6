"""A network of the box's own: loopback and the address at which ECS gives tasks their credentials, nothing else."""

import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Where every Fargate task finds the ECS agent's credentials.
AGENT_ADDRESS: Final = "169.254.170.2"
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
_UP_AND_RUNNING: Final = 0x1 | 0x40


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and every process started from it, sees only this network until the block ends."""
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        os.unshare(os.CLONE_NEWNET)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            _set_flags(control, "lo")
            _set_address(control, _SIOCSIFADDR, "lo:1", AGENT_ADDRESS)
            _set_address(control, _SIOCSIFNETMASK, "lo:1", "255.255.255.255")
        yield
    finally:
        os.setns(outside, os.CLONE_NEWNET)
        os.close(outside)


def _set_flags(control: socket.socket, interface: str) -> None:
    fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", interface.encode(), _UP_AND_RUNNING))


def _set_address(control: socket.socket, request: int, interface: str, address: str) -> None:
    packed = struct.pack("16sHH4s8x", interface.encode(), socket.AF_INET, 0, socket.inet_aton(address))
    fcntl.ioctl(control, request, packed)
