"""Free ports are free, taken ones are taken, and the process that took one is named."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ports

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_port_whose_server_has_closed_is_free_again() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]

    assert ports.is_free(port)


@only_linux
def test_names_the_process_that_listens(taken: int) -> None:
    owner = ports.holder(taken)

    assert owner is not None
    assert f"(process {os.getpid()})" in owner


@only_linux
def test_names_nobody_for_a_free_port() -> None:
    assert ports.holder(1) is None


def test_names_nobody_where_there_is_no_proc(tmp_path: Path) -> None:
    assert ports.holder(8000, proc=tmp_path) is None
