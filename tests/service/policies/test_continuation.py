from service.policies.continuation import Continuation


def test_a_stream_is_left_between_six_minutes_and_half_past_seven() -> None:
    continuation = Continuation()

    assert (1_360.0, 1_450.0) == (continuation.quiet_at(1_000.0), continuation.forced_at(1_000.0))
