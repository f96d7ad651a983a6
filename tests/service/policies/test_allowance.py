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


def test_a_lease_is_over_at_its_end_and_not_before() -> None:
    record = holding("a")
    lease_s = TWO.lease_s

    assert {"a", "c"} == set(TWO.enter(record, "c", day=TODAY, now=NOW + lease_s - 0.001).live)
    assert {"c"} == set(TWO.enter(record, "c", day=TODAY, now=NOW + lease_s).live)


def test_the_oldest_is_the_one_that_began_first_whatever_its_name() -> None:
    record = holding("z", "m")

    assert {"m", "a"} == set(TWO.enter(record, "a", day=TODAY, now=NOW + 5).live)


def test_of_two_that_began_at_once_the_same_one_goes_everywhere() -> None:
    record = TWO.enter(TWO.enter(Record(), "z", day=TODAY, now=NOW), "m", day=TODAY, now=NOW)

    assert {"z", "a"} == set(TWO.enter(record, "a", day=TODAY, now=NOW + 5).live)


def test_saying_that_one_lives_prolongs_the_lease_and_makes_nobody_younger() -> None:
    record = holding("a", "b")
    record, _ = TWO.beat(record, "b", used_s=1.0, day=TODAY, now=NOW + 50)
    record, _ = TWO.beat(record, "a", used_s=1.0, day=TODAY, now=NOW + 55)

    assert {"a", "b"} == set(record.live)
    assert {"b", "c"} == set(TWO.enter(record, "c", day=TODAY, now=NOW + 100).live)


def test_a_session_that_is_counted_again_is_the_newest() -> None:
    record, _ = TWO.beat(holding("b"), "a", used_s=0.0, day=TODAY, now=NOW + 1)

    assert {"a", "c"} == set(TWO.enter(record, "c", day=TODAY, now=NOW + 2).live)


def test_coming_again_takes_the_place_one_had() -> None:
    record = TWO.enter(holding("a", "b"), "a", day=TODAY, now=NOW + 5)

    assert {"a", "b"} == set(record.live)
    assert {"a", "c"} == set(TWO.enter(record, "c", day=TODAY, now=NOW + 6).live), "`b` is the oldest now"


def test_a_session_begun_on_a_new_day_finds_nothing_used() -> None:
    spent, _ = TWO.beat(holding("a"), "a", used_s=900.0, day=TODAY, now=NOW + 2)
    record = TWO.enter(spent, "b", day="2026-11-24", now=NOW + 3)

    assert ("2026-11-24", 0.0) == (record.day, record.used_s)


def test_who_leaves_takes_no_place_and_has_used_what_it_used() -> None:
    record = TWO.leave(holding("a", "b"), "a", used_s=7.0, day=TODAY)
    again = TWO.leave(record, "b", used_s=2.0, day=TODAY)
    tomorrow = TWO.leave(record, "b", used_s=2.0, day="2026-11-24")

    assert ({"b"}, 7.0) == (set(record.live), record.used_s)
    assert (set(), 9.0) == (set(again.live), again.used_s)
    assert ("2026-11-24", 2.0) == (tomorrow.day, tomorrow.used_s)


def test_a_stranger_who_leaves_changes_nobody_elses_place() -> None:
    assert {"a", "b"} == set(TWO.leave(holding("a", "b"), "x", used_s=0.0, day=TODAY).live)


def test_without_a_limit_of_time_nothing_is_ever_spent() -> None:
    record, standing = Allowance(sessions=2).beat(holding("a"), "a", used_s=1e6, day=TODAY, now=NOW)

    assert Standing.GOES_ON is standing
    assert not Allowance(sessions=2).is_spent(record, TODAY)
    assert Allowance(day_s=0.5).is_spent(record, TODAY)


def test_one_limit_is_enough_to_count() -> None:
    limits = [Allowance(), Allowance(sessions=1), Allowance(day_s=0.5)]

    assert [False, True, True] == [allowance.is_limited for allowance in limits]
