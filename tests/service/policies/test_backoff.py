from hypothesis import given
from hypothesis import strategies as st

from service.policies.backoff import Backoff


def test_waits_grow_to_the_longest_and_stay_there() -> None:
    waits = [Backoff().wait_s(failures, 1.0) for failures in (1, 2, 3, 5, 6, 1_000)]

    assert [0.5, 1.0, 2.0, 8.0, 15.0, 15.0] == waits


@given(st.integers(1, 100), st.floats(0, 1))
def test_a_wait_is_never_nothing_and_never_longer_than_the_longest(failures: int, jitter: float) -> None:
    assert 0.05 <= Backoff().wait_s(failures, jitter) <= 15.0
