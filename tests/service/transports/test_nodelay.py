"""Nagle's algorithm is turned off on connections to the model's port, and on nothing else."""

import socket
import sys
from collections.abc import Iterator

import pytest

from service.transports.nodelay import NoDelay

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's descriptors")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def is_set(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_a_connection_to_the_port_is_set_once(listener: socket.socket) -> None:
    no_delay = NoDelay(port=port_of(listener))
    with socket.create_connection(listener.getsockname()) as connection:
        before = is_set(connection)
        first, second = no_delay.apply(), no_delay.apply()

        assert (False, True) == (before, is_set(connection))
        assert (1, 0) == (first, second)


def test_a_connection_to_another_port_is_left_alone(listener: socket.socket) -> None:
    no_delay = NoDelay(port=port_of(listener) - 1)
    with socket.create_connection(listener.getsockname()) as connection:
        assert 0 == no_delay.apply()
        assert not is_set(connection)


def test_a_descriptor_that_is_used_again_is_seen_again(listener: socket.socket) -> None:
    no_delay = NoDelay(port=port_of(listener))
    with socket.create_connection(listener.getsockname()) as connection:
        number = connection.fileno()
        no_delay.apply()
    with socket.create_connection(listener.getsockname()) as connection:
        assert number == connection.fileno()
        assert 1 == no_delay.apply()
