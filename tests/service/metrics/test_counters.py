"""Counts by name and label."""

from service.metrics.counters import Counters


def test_counts_add_up_by_name_and_label() -> None:
    counters = Counters()
    counters.add("turns")
    counters.add("turns", 2)
    counters.add("refused", label="draining")
    counters.add("nothing", 0)

    assert {"refused.draining": 1, "turns": 3} == counters.snapshot()
    assert (3, 1, 0) == (
        counters.value("turns"),
        counters.value("refused", "draining"),
        counters.value("refused", "full"),
    )
