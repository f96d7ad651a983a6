from service.policies.continuation import Continuation


def test_the_next_stream_is_prepared_after_six_minutes_each_session_in_its_own_moment() -> None:
    continuation = Continuation()

    assert (1_360.0, 1_379.2) == (
        continuation.prepared_at(1_000.0, 0.0),
        continuation.prepared_at(1_000.0, 1.0),
    )


def test_a_stream_is_left_at_half_past_seven_and_a_little_later_while_it_speaks() -> None:
    continuation = Continuation()

    assert (1_450.0, 1_465.0) == (
        continuation.forced_at(1_000.0, is_speaking=False),
        continuation.forced_at(1_000.0, is_speaking=True),
    )
