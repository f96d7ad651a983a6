"""When a sign-in is told to run out, and when it has."""

from service.policies.sign_in import Expiry


def test_an_ordinary_token_is_announced_two_minutes_before() -> None:
    assert 3_480.0 == Expiry().warns_at(granted_at=0.0, expires_at=3_600.0)


def test_a_short_token_is_announced_half_way() -> None:
    assert 130.0 == Expiry().warns_at(granted_at=100.0, expires_at=160.0)


def test_the_two_meet_at_twice_the_warning() -> None:
    assert [120.0, 119.5] == [Expiry().warns_at(granted_at=0.0, expires_at=at) for at in (240.0, 239.0)]


def test_a_token_that_was_over_before_it_came_is_announced_at_its_end() -> None:
    assert 50.0 == Expiry().warns_at(granted_at=100.0, expires_at=50.0)


def test_clocks_may_differ_by_the_leeway() -> None:
    assert 160.0 == Expiry().ends_at(100.0)
