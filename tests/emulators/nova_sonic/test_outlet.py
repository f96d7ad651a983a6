import asyncio
from collections.abc import Iterator

import pytest

from emulators.nova_sonic.outlet import Outlet
from emulators.nova_sonic.wire.exchange import ResponseWriter
from emulators.nova_sonic.wire.responses import error_response


class RecordingConnection:
    """A `Connection` that writes down what it is asked to do."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def send_headers(self, stream_id: int, status: int, headers: object) -> None:
        del stream_id, headers
        self.done.append(status)

    def send_body(self, stream_id: int, data: bytes) -> None:
        del stream_id
        self.done.append(data)

    def end_body(self, stream_id: int) -> None:
        del stream_id
        self.done.append("end")

    def reset(self, stream_id: int, code: int) -> None:
        self.done.append(("reset", stream_id, code))

    def goaway(self, code: int) -> None:
        self.done.append(("goaway", code))

    def cut(self, stream_id: int, data: bytes) -> None:
        self.done.append(("cut", stream_id, data))

    def abort(self) -> None:
        self.done.append("abort")


class HandLoop(asyncio.SelectorEventLoop):
    """A loop whose clock moves by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def time(self) -> float:
        return self.at

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, second by second, and what is due happen."""
        until = self.at + seconds
        while self.at < until:
            self.at = min(until, self.at + 1.0)
            for _ in range(2):  # a due timer becomes ready in one turn and may run in the next
                self.call_soon(self.stop)
                self.run_forever()


@pytest.fixture
def loop() -> Iterator[HandLoop]:
    hand_loop = HandLoop()
    yield hand_loop
    hand_loop.close()


@pytest.fixture
def connection() -> RecordingConnection:
    return RecordingConnection()


@pytest.fixture
def outlet(connection: RecordingConnection, loop: HandLoop) -> Outlet:
    return Outlet(ResponseWriter(connection, 1), loop=loop, request_id="r1")


def test_without_faults_everything_passes_at_once(outlet: Outlet, connection: RecordingConnection) -> None:
    outlet.begin()
    outlet.send(b"one")
    outlet.send(b"two")
    outlet.end()

    assert [200, b"one", b"two", "end"] == connection.done


def test_headers_leave_once_and_before_anything_else(outlet: Outlet, connection: RecordingConnection) -> None:
    before = outlet.headers_sent
    outlet.send(b"one")
    outlet.begin()

    assert (False, True) == (before, outlet.headers_sent)
    assert [200, b"one"] == connection.done


def test_an_end_alone_has_headers(outlet: Outlet, connection: RecordingConnection) -> None:
    outlet.end()

    assert [200, "end"] == connection.done


def test_a_refusal_is_the_whole_answer(outlet: Outlet, connection: RecordingConnection) -> None:
    refusal = error_response("ThrottlingException", "no", request_id="r1")
    outlet.refuse(refusal)
    outlet.send(b"late")

    assert [429, refusal.body, "end"] == connection.done


def test_late_headers_come_with_all_that_waited(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.hold(3.0)
    outlet.begin()
    outlet.send(b"one")
    outlet.send(b"two")
    outlet.end()
    loop.pass_time(2.0)
    assert [] == connection.done

    loop.pass_time(2.0)
    assert [200, b"onetwo", "end"] == connection.done


def test_headers_are_not_late_for_a_client_that_was_later(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.hold(3.0)
    loop.pass_time(4.0)
    assert [] == connection.done

    outlet.send(b"one")
    assert [200, b"one"] == connection.done


def test_headers_may_never_come(outlet: Outlet, connection: RecordingConnection, loop: HandLoop) -> None:
    outlet.hold(None)
    outlet.send(b"one")
    outlet.end()
    loop.pass_time(1000.0)

    assert [] == connection.done


def test_a_trickle_lets_some_bytes_through_each_second(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.send(b"before")
    outlet.slow_down(2)
    outlet.send(b"abc")
    outlet.end()
    assert [200, b"before"] == connection.done

    loop.pass_time(1.5)
    assert [200, b"before", b"ab"] == connection.done
    loop.pass_time(3.0)
    assert [200, b"before", b"ab", b"c", "end"] == connection.done


def test_a_trickle_does_not_hurry_the_headers(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.slow_down(1)
    loop.pass_time(2.0)
    assert [] == connection.done

    outlet.send(b"ab")
    assert [200] == connection.done
    loop.pass_time(1.5)
    assert [200, b"a"] == connection.done


def test_late_headers_and_a_trickle_go_together(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.hold(1.0)
    outlet.slow_down(1)
    outlet.send(b"ab")
    outlet.end()
    loop.pass_time(5.0)

    assert [200, b"a", b"b", "end"] == connection.done


def test_a_mute_outlet_sends_nothing_more(outlet: Outlet, connection: RecordingConnection) -> None:
    outlet.send(b"one")
    outlet.mute()
    outlet.send(b"two")
    outlet.end()

    assert [200, b"one"] == connection.done
    assert outlet.headers_sent


def test_a_closed_outlet_forgets_what_waits(
    outlet: Outlet, connection: RecordingConnection, loop: HandLoop
) -> None:
    outlet.hold(1.0)
    outlet.send(b"one")
    outlet.close()
    loop.pass_time(5.0)

    assert [] == connection.done
