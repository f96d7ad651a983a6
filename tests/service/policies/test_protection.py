from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.policies.protection import Protection, ProtectionPolicy


def asked(policy: ProtectionPolicy, now: float, *, sessions: int, draining: bool = False) -> bool | None:
    """What is asked for, and granted."""
    wanted = policy.due(sessions=sessions, draining=draining, now=now)
    if wanted is not None:
        policy.answered(wanted, now, well=True)
    return wanted


def test_nothing_is_asked_while_nobody_talks() -> None:
    assert [None] * 3 == [asked(ProtectionPolicy(), now, sessions=0) for now in (0.0, 60.0, 3_600.0)]


def test_it_is_asked_for_with_the_first_session_and_renewed_before_it_ends() -> None:
    policy = ProtectionPolicy()
    times = [now for now in range(3_600) if asked(policy, float(now), sessions=1)]

    assert [*range(0, 3_600, 300)] == times
    assert all(later - earlier < policy.terms.expires_min * 60 / 2 + 1 for earlier, later in pairwise(times))


def test_it_is_given_back_when_nobody_has_talked_for_a_while() -> None:
    policy = ProtectionPolicy()
    asked(policy, 0.0, sessions=2)

    assert [None, False, None] == [asked(policy, now, sessions=0) for now in (29.0, 30.0, 31.0)]


def test_a_call_soon_after_another_asks_for_nothing() -> None:
    policy = ProtectionPolicy()
    asked(policy, 0.0, sessions=1)

    assert [None, None] == [asked(policy, 10.0, sessions=0), asked(policy, 20.0, sessions=1)]


def test_a_process_that_drains_gives_it_back_at_once_and_never_asks_again() -> None:
    policy = ProtectionPolicy()
    asked(policy, 0.0, sessions=5)

    assert [False, None, None] == [
        asked(policy, now, sessions=5, draining=True) for now in (1.0, 2.0, 1_000.0)
    ]


def test_an_agent_that_failed_is_asked_again_after_a_while() -> None:
    policy = ProtectionPolicy()
    assert policy.due(sessions=1, draining=False, now=0.0)
    policy.answered(True, 0.0, well=False)

    assert [None, True] == [policy.due(sessions=1, draining=False, now=now) for now in (14.9, 15.0)]


@given(st.lists(st.tuples(st.floats(0.1, 400.0), st.integers(0, 3), st.booleans()), max_size=60))
def test_whatever_the_agent_does_a_task_with_sessions_is_protected_or_about_to_ask(
    steps: list[tuple[float, int, bool]],
) -> None:
    policy, now, protected_until = ProtectionPolicy(Protection()), 0.0, 0.0
    for wait_s, sessions, works in steps:
        now += wait_s
        wanted = policy.due(sessions=sessions, draining=False, now=now)
        if wanted is not None:
            policy.answered(wanted, now, well=works)
            if works:
                protected_until = now + 600.0 if wanted else 0.0
            assert wanted or sessions == 0
        elif sessions > 0 and protected_until < now:
            # The agent failed a moment ago.
            assert policy.due(sessions=sessions, draining=False, now=now + policy.terms.retry_s)
