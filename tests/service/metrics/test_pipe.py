import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import orjson
import pytest

from service.metrics.pipe import LinePipe


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with suppress(OSError):
            os.close(end)


def wait_for(condition: Callable[[], bool]) -> None:
    """Give the writing thread its turn."""
    while not condition():
        threading.Event().wait(0.001)


def _read_until(reading: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        seen += os.read(reading, 65_536)
    return seen


def test_lines_come_out_in_order(ends: tuple[int, int]) -> None:
    reading, writing = ends
    pipe = LinePipe(writing, clock=_Clock())
    for number in range(100):
        pipe.write(f"line {number}\n")
    pipe.close()
    assert [f"line {number}" for number in range(100)] == _read_until(reading, b"line 99\n").decode().split(
        "\n"
    )[:-1]


def test_a_pipe_that_nobody_reads_is_bounded_counted_and_visible(ends: tuple[int, int]) -> None:
    reading, writing = ends
    clock = _Clock()
    pipe = LinePipe(writing, clock=clock, most_bytes=100_000)
    line = "x" * 999 + "\n"
    # The pipe of the system takes 64 KiB; everything after that waits here, and then is given up.
    for _ in range(1_000):
        pipe.write(line)
    assert pipe.dropped >= 1_000 - 100 - 65 - 1
    assert pipe.waiting_bytes <= 100_000
    wait_for(lambda: pipe._writing_since is not None)
    clock.now += 60
    assert pipe.is_stalled
    assert 0 == pipe.newly_dropped(), "the line that told it would be given up as well"

    os.set_blocking(reading, False)
    drained = b""
    while pipe.waiting_bytes:
        with suppress(BlockingIOError):
            drained += os.read(reading, 65_536)
    os.set_blocking(reading, True)
    wait_for(lambda: not pipe.is_stalled)
    newly = pipe.newly_dropped()
    assert newly == pipe.dropped
    assert 0 == pipe.newly_dropped()
    pipe.write("after\n")
    told = _read_until(reading, b"after\n").split(b"\n")[-3]
    assert {"event": "log lines were dropped", "level": "warning", "lines": newly} == orjson.loads(told)
    pipe.close()


def test_a_reader_that_is_gone_costs_lines_and_nothing_else(ends: tuple[int, int]) -> None:
    reading, writing = ends
    os.close(reading)
    pipe = LinePipe(writing, clock=_Clock())
    pipe.write("to nobody\n")
    pipe.close()
    assert 0 == pipe.waiting_bytes


def test_what_comes_after_the_end_is_counted_as_dropped(ends: tuple[int, int]) -> None:
    pipe = LinePipe(ends[1], clock=_Clock())
    pipe.close()
    pipe.write("late\n")
    assert 1 == pipe.dropped
