import pytest

from service.policies.silence import KeepAlive


def test_silence_is_due_a_little_after_a_clients_frame_and_right_after_silence() -> None:
    keep_alive = KeepAlive()

    assert pytest.approx(10.1) == keep_alive.due_at(10.0, client_is_sending=True)
    assert 10.0 == keep_alive.due_at(10.0, client_is_sending=False)


def test_a_burst_counts_for_two_seconds_at_most() -> None:
    assert 12.0 == KeepAlive().fed_until(10.0, 60.0, now=10.0)


def test_a_gap_is_not_made_up_for() -> None:
    assert 20.5 == KeepAlive().fed_until(10.0, 0.5, now=20.0)
