"""Send times inside audio, and the delays that become figures."""

from benchmarks.stamps import Delays, delay_ms, stamp


def test_a_stamped_piece_tells_how_long_ago_it_was_stamped() -> None:
    delay = delay_ms(b"head" + stamp() + b"rest", offset=4)

    assert delay is not None
    assert 0 <= delay < 1000


def test_audio_without_a_stamp_has_no_delay() -> None:
    assert delay_ms(bytes(1024)) is None
    assert delay_ms(b"") is None
    assert delay_ms(stamp()[:12]) is None


def test_quantiles_are_the_upper_edge_of_a_fiftieth_of_a_millisecond() -> None:
    delays = Delays()
    for delay in (0.05, 0.12, 0.13, 5.0):
        delays.add(delay)

    assert 0.14 == delays.quantile(0.5)
    assert 5.02 == delays.quantile(0.99)
    assert Delays().quantile(0.5) is None


def test_what_is_far_too_late_is_still_counted() -> None:
    delays = Delays()
    delays.add(60_000.0)

    assert 1 == delays.total
    assert delays.quantile(0.5) == 2000.02


def test_delays_cross_a_process_boundary_unchanged() -> None:
    delays = Delays()
    delays.add(1.0)
    delays.add(1.0)

    assert delays == Delays.from_json(delays.as_json())
