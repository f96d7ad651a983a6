"""What waits for the model keeps its order, and audio that waited too long is given up."""

from service.transports.outbox import Outbox


def drained(outbox: Outbox) -> list[bytes]:
    taken = []
    while (payload := outbox.take()) is not None:
        taken.append(payload)
    return taken


def test_everything_comes_out_in_the_order_it_went_in() -> None:
    outbox = Outbox()
    for payload in (b"a", b"b", b"c"):
        outbox.put(payload, droppable=payload == b"b", now=0.0)

    assert [b"a", b"b", b"c"] == drained(outbox)
    assert 0 == outbox.dropped


def test_a_burst_passes_however_long_it_is() -> None:
    outbox = Outbox(max_wait_s=0.5)
    for number in range(100):
        outbox.put(bytes([number]), droppable=True, now=7.0)

    assert (100, 0) == (len(outbox), outbox.dropped)


def test_audio_that_waited_half_a_second_is_given_up_oldest_first() -> None:
    outbox = Outbox(max_wait_s=0.5)
    for number in range(20):
        outbox.put(bytes([number]), droppable=True, now=number * 0.1)

    assert [bytes([number]) for number in range(14, 20)] == drained(outbox)
    assert 14 == outbox.dropped


def test_what_must_arrive_stays_in_its_place_among_dropped_audio() -> None:
    outbox = Outbox(max_wait_s=0.5)
    outbox.put(b"old audio", droppable=True, now=0.0)
    outbox.put(b"end", droppable=False, now=0.1)
    outbox.put(b"more old audio", droppable=True, now=0.2)
    outbox.put(b"audio", droppable=True, now=9.0)

    assert [b"end", b"audio"] == drained(outbox)
    assert 2 == outbox.dropped
