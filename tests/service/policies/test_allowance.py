"""What one user may hold and use: the newest session wins, and a day has so many minutes."""

from hypothesis import given
from hypothesis import strategies as st

from service.policies.allowance import Allowance, Record, Standing

TWO = Allowance(sessions=2, day_s=600.0)
NOW, TODAY = 1_000.0, "2026-11-23"


def holding(*sessions: str, allowance: Allowance = TWO) -> Record:
    record = Record()
    for index, session in enumerate(sessions):
        record = allowance.enter(record, session, day=TODAY, now=NOW + index)
    return record


def test_the_oldest_session_gives_way_to_the_newest() -> None:
    record = holding("a", "b", "c")
    after, standing = TWO.beat(record, "a", used_s=5.0, day=TODAY, now=NOW + 10)

    assert ({"b", "c"}, Standing.GAVE_WAY) == (set(record.live), standing)
    assert ({"b", "c"}, 5.0) == (set(after.live), after.used_s)


def test_a_session_that_says_nothing_any_more_takes_no_place() -> None:
    record = TWO.enter(holding("a", "b"), "c", day=TODAY, now=NOW + 60.5)

    assert {"b", "c"} == set(record.live)


def test_a_session_that_was_forgotten_while_the_store_was_away_is_counted_again() -> None:
    _, standing = TWO.beat(holding("b"), "a", used_s=1.0, day=TODAY, now=NOW + 1)

    assert Standing.GOES_ON is standing


def test_a_day_is_spent_once_all_sessions_together_have_lasted_so_long() -> None:
    record = holding("a", "b")
    record, first = TWO.beat(record, "a", used_s=400.0, day=TODAY, now=NOW + 2)
    record, second = TWO.beat(record, "b", used_s=200.0, day=TODAY, now=NOW + 3)

    assert [Standing.GOES_ON, Standing.SPENT] == [first, second]
    assert [True, False] == [TWO.is_spent(record, day) for day in (TODAY, "2026-11-24")]


def test_a_new_day_begins_with_nothing_used() -> None:
    spent, _ = TWO.beat(holding("a"), "a", used_s=900.0, day=TODAY, now=NOW + 2)
    record, standing = TWO.beat(spent, "a", used_s=3.0, day="2026-11-24", now=NOW + 3)

    assert (3.0, Standing.GOES_ON) == (record.used_s, standing)


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 30)), max_size=30))
def test_a_user_never_holds_more_than_one_may(limit: int, steps: list[tuple[str, float]]) -> None:
    allowance = Allowance(sessions=limit)
    record, now = Record(), NOW
    for session, seconds in steps:
        now += seconds
        record = allowance.enter(record, session, day=TODAY, now=now)

        assert len(record.live) <= limit
        assert session in record.live
