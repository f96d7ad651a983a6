from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, WindowUpdated
from hypothesis import given
from hypothesis import strategies as st

from emulators.nova_sonic.wire.http2_frames import (
    DATA,
    FLAG_END_STREAM,
    FrameSplitter,
    goaway,
    window_update,
)


def a_clients_bytes() -> bytes:
    """What the h2 library sends for one request with two pieces of body."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    client.send_headers(1, [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/")])
    client.send_data(1, b"first")
    client.send_data(1, b"second", end_stream=True)
    return client.data_to_send()


def a_client_with_a_stream() -> H2Connection:
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    client.send_headers(1, [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/")])
    return client


@given(cuts=st.lists(st.integers(1, 50), max_size=20))
def test_frames_are_found_however_the_bytes_were_cut(cuts: list[int]) -> None:
    whole = left = a_clients_bytes()
    splitter, frames = FrameSplitter(), []
    for size in cuts:
        frames += splitter.feed(left[:size])
        left = left[size:]
    frames += splitter.feed(left)

    assert whole == b"".join(frame.whole for frame in frames)
    assert [(1, 0, b"first"), (1, FLAG_END_STREAM, b"second")] == [
        (frame.stream_id, frame.flags, frame.payload) for frame in frames if frame.kind == DATA
    ]


def test_an_impossible_length_is_left_to_h2() -> None:
    splitter = FrameSplitter()
    splitter.feed(bytes(24))
    monster = b"\xff\xff\xff\x00\x00\x00\x00\x00\x01rest"

    (frame,) = splitter.feed(monster)
    assert monster == frame.whole


def test_h2_understands_our_window_updates() -> None:
    client = a_client_with_a_stream()
    before = client.local_flow_control_window(1)
    events = client.receive_data(
        b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + window_update(1, 5) + window_update(0, 7)
    )

    assert [(1, 5), (0, 7)] == [
        (event.stream_id, event.delta) for event in events if isinstance(event, WindowUpdated)
    ]
    assert before + 5 == client.local_flow_control_window(1)


def test_h2_understands_our_goaway() -> None:
    events = a_client_with_a_stream().receive_data(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + goaway(1, 0))

    (ended,) = [event for event in events if isinstance(event, ConnectionTerminated)]
    assert (0, 1) == (ended.error_code, ended.last_stream_id)
