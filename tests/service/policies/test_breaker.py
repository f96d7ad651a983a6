from service.policies.breaker import Breaker


def broken(tries: int = 10) -> Breaker:
    breaker = Breaker()
    for _ in range(tries):
        breaker.tried(worked=False, now=100.0)
    return breaker


def test_a_few_failures_stop_nobody() -> None:
    assert broken(9).may_try(100.0)


def test_when_most_of_many_tries_failed_nobody_asks_for_a_while() -> None:
    breaker = broken()

    assert [False, False] == [breaker.may_try(now) for now in (100.0, 104.9)]


def test_half_is_not_most() -> None:
    breaker = Breaker()
    for i in range(20):
        breaker.tried(worked=i % 2 == 0, now=100.0)

    assert breaker.may_try(100.0)


def test_one_finds_out_whether_it_works_again_and_then_everybody_may() -> None:
    breaker = broken()
    probes = [breaker.may_try(105.0), breaker.may_try(105.0)]
    breaker.tried(worked=True, now=106.0)

    assert [True, False] == probes
    assert breaker.may_try(106.0)


def test_a_probe_that_fails_is_followed_by_another_rest() -> None:
    breaker = broken()
    breaker.may_try(105.0)
    breaker.tried(worked=False, now=105.5)

    assert [False, True] == [breaker.may_try(109.9), breaker.may_try(110.0)]


def test_a_probe_of_which_nothing_is_heard_does_not_shut_everybody_out() -> None:
    breaker = broken()
    breaker.may_try(105.0)

    assert breaker.may_try(110.0)


def test_old_failures_are_forgotten() -> None:
    breaker = broken(9)
    breaker.tried(worked=False, now=131.0)

    assert breaker.may_try(131.0)


def test_a_failure_counts_for_its_whole_window() -> None:
    breaker = broken(9)
    breaker.tried(worked=False, now=130.0)

    assert not breaker.may_try(130.0)


def test_just_more_than_half_is_most() -> None:
    breaker = Breaker()
    for i in range(21):
        breaker.tried(worked=i < 10, now=100.0)

    assert not breaker.may_try(100.0)


def test_one_failure_among_many_stops_nobody() -> None:
    breaker = Breaker()
    for i in range(20):
        breaker.tried(worked=i > 0, now=100.0)

    assert breaker.may_try(100.0)


def test_half_is_not_most_however_late_it_fails() -> None:
    breaker = Breaker()
    for i in range(20):
        breaker.tried(worked=i < 10, now=100.0)

    assert breaker.may_try(100.0)
