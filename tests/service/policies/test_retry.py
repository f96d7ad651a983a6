import pytest

from service.policies.retry import Retry


@pytest.mark.parametrize(("failures", "wait_s"), [(1, 0.0), (2, 1.0), (3, 3.0), (4, None), (9, None)])
def test_three_tries_with_growing_waits(failures: int, wait_s: float | None) -> None:
    assert wait_s == Retry().wait_s(failures, jitter=0.5)


def test_a_wait_is_spread_by_half_of_itself() -> None:
    assert (1.5, 4.5) == (Retry().wait_s(3, jitter=0.0), Retry().wait_s(3, jitter=1.0))
