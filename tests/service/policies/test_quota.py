"""The ledger of streams: never more than there are, the longest waiting first, something kept for those that go on."""

from hypothesis import given
from hypothesis import strategies as st

from service.policies.quota import Demand, Granted, Ledger, Quota, Share

QUOTA = Quota(streams=20)
NOW = 1_000.0


def share(**fields: object) -> Share:
    return Share(until=NOW + 10, **fields)  # type: ignore[arg-type]  # as the test gives them


def granted(ledger: Ledger, demand: Demand, quota: Quota = QUOTA) -> Granted:
    return quota.settle(ledger, "me", demand, NOW)[1]


def test_new_conversations_leave_a_fifth_for_those_that_go_on() -> None:
    ledger = {"other": share(places=14)}
    new = granted(ledger, Demand(places=0, extra=0, waiting=[1.0, 2.0, 3.0]))
    urgent = granted(ledger, Demand(places=2, extra=0, urgent=3, extra_wanted=9))

    assert (2, [1]) == (new.places, new.positions)
    assert (3, 1) == (urgent.urgent, urgent.extra)


def test_who_waits_longest_is_next_wherever_that_is() -> None:
    ledger = {"other": share(places=15, waiting=(5.0, 30.0))}
    mine = granted(ledger, Demand(places=0, extra=0, waiting=[10.0, 20.0, 40.0]))

    assert (0, [2, 3, 5]) == (mine.places, mine.positions)


def test_a_task_that_says_nothing_any_more_has_nothing() -> None:
    ledger = {"gone": Share(until=NOW, places=20, waiting=(1.0,))}
    settled, mine = QUOTA.settle(ledger, "me", Demand(places=0, extra=0, waiting=[9.0]), NOW)

    assert (1, {"me"}) == (mine.places, set(settled))


def test_a_quota_of_one_still_lets_somebody_talk() -> None:
    assert 1 == granted({}, Demand(places=0, extra=0, waiting=[1.0, 2.0]), Quota(streams=1)).places


def test_the_ledger_names_no_more_waiting_than_fit() -> None:
    settled, mine = QUOTA.settle({}, "me", Demand(places=20, extra=0, waiting=list(range(500))), NOW)

    assert (200, 500) == (len(settled["me"].waiting), len(mine.positions))


COUNTS = st.integers(0, 8)
DEMANDS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), COUNTS, COUNTS, st.lists(st.integers(0, 50), max_size=6)),
    max_size=40,
)


@given(st.integers(1, 25), DEMANDS)
def test_whatever_is_asked_in_whatever_order_there_are_never_more_than_there_are(
    streams: int, demands: list[tuple[str, int, int, list[int]]]
) -> None:
    quota = Quota(streams=streams)
    ledger: Ledger = {}
    for task, urgent, extra, arrivals in demands:
        held = ledger.get(task, Share(until=0.0))
        demand = Demand(
            places=held.places,
            extra=held.extra,
            urgent=urgent,
            extra_wanted=extra,
            waiting=[float(at) for at in sorted(arrivals)],
        )
        ledger, got = quota.settle(ledger, task, demand, NOW)
        used = sum(share.streams for share in ledger.values())

        assert used <= streams
        assert got.places == 0 or used <= quota.for_new
        assert len(got.positions) == len(arrivals) - got.places
        assert sorted(got.positions) == list(got.positions)


def test_what_a_task_holds_stands_in_the_ledger_until_it_is_silent_for_the_lease() -> None:
    demand = Demand(places=3, extra=1, urgent=2, extra_wanted=1, waiting=[1.0, 2.0])
    settled, _ = QUOTA.settle({}, "me", demand, NOW)

    assert Share(until=NOW + QUOTA.lease_s, places=7, extra=2, waiting=()) == settled["me"]
    assert 9 == settled["me"].streams


def test_of_two_who_came_at_the_same_instant_the_same_one_is_first_everywhere() -> None:
    """By the name of the task: `a` before `me`, and `me` before `z`."""
    ledger = {"a": share(places=14, waiting=(5.0,)), "z": share(places=1, waiting=(5.0,))}

    assert (0, [2]) == (
        (mine := granted(ledger | {"b": share(places=1)}, Demand(places=0, extra=0, waiting=[5.0]))).places,
        mine.positions,
    )
