from service.metrics.contract import (
    CONTRACT,
    EVENT_LOOP_LAG,
    MODEL_ERROR,
    OUTCOME_UNKNOWN,
    TURN,
    UP,
)
from service.metrics.registry import Registry


def test_what_was_counted_is_taken_once() -> None:
    registry = Registry()
    registry.add(UP)
    registry.add(TURN, 3, outcome="completed")
    registry.observe(EVENT_LOOP_LAG, 2.0)
    taken = registry.take({"SessionsActive": 4.0})
    assert {("Up", ""): 1, ("Turn", "completed"): 3} == taken.counts
    assert {"EventLoopLag": 1} == {name: len(spread) for name, spread in taken.spreads.items()}
    assert {"SessionsActive": 4.0} == taken.gauges
    again = registry.take({})
    assert ({}, {}) == (again.counts, again.spreads)


def test_ten_thousand_distinct_errors_make_no_new_metric() -> None:
    registry = Registry()
    size = len(registry._counts)
    for number in range(10_000):
        registry.add(MODEL_ERROR, outcome=f"error {number} of user {number}")
    assert size == len(registry._counts)
    assert 10_000 == registry.value(OUTCOME_UNKNOWN)


def test_an_outcome_of_a_metric_without_any_is_refused_as_well() -> None:
    registry = Registry()
    registry.add(UP, outcome="yes")
    registry.add(TURN)
    assert (0, 2) == (registry.value(UP), registry.value(OUTCOME_UNKNOWN))


def test_every_metric_of_the_contract_can_be_added_to() -> None:
    registry = Registry()
    for metric in CONTRACT.values():
        if metric.unit.value == "Milliseconds":
            registry.observe(metric, 1.0)
        elif metric.kind.name == "COUNT":
            for outcome in metric.outcomes or ("",):
                registry.add(metric, outcome=outcome)
    taken = registry.take({})
    assert ("OutcomeUnknown", "") in taken.counts  # it is a metric itself, and was added to once
    assert 1 == taken.counts["OutcomeUnknown", ""]
