"""How many sessions the task holds, and whether the configuration still says so."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from stacks.paths import CONFIG
from tests.box.box import Ingredients
from tests.box.capacity import HEAD, NUMBERS, Measured, as_line, document, measure, rows, write

pytestmark = [pytest.mark.process, pytest.mark.timeout(1500)]

_CAPACITY = CONFIG / "capacity.json"
# A machine with other work measures the other work.
_QUIET_LOAD = 1.0
_SECONDS = 10.0
_SETTLE_S = 4.0


def test_the_box_holds_what_the_configuration_says(
    ingredients: Ingredients, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measures anew and writes config/capacity.json on a quiet machine or when told to (CAPACITY=write)."""
    wish = os.environ.get("CAPACITY", "")
    memory = int(ingredients.deployed.task["memory"])
    is_quiet = os.getloadavg()[0] < _QUIET_LOAD
    with capsys.disabled():
        if wish == "write" or (is_quiet and not os.environ.get("CI")):
            print(f"\n{HEAD}")
            measured = []
            for row in rows(ingredients, NUMBERS, settle_s=_SETTLE_S, seconds=_SECONDS):
                measured.append(row)
                print(as_line(row, memory), flush=True)
            write(_CAPACITY, document(measured, dict(ingredients.deployed.task), _SECONDS))
            print(f"written: {_CAPACITY}")
            return
        committed = json.loads(_CAPACITY.read_text())["held"]["sessions"]
        # Half of it must work whatever else this machine does; the figure itself needs a quiet one.
        row = measure(ingredients, committed // 2, settle_s=_SETTLE_S, seconds=_SECONDS / 2)
        why = "CI" if os.environ.get("CI") else f"a load of {os.getloadavg()[0]:.1f}"
        print(f"\nconfig/capacity.json is kept ({why}); half of its {committed} sessions here:\n{HEAD}")
        print(as_line(row, memory))
    assert row.opened == row.sessions, row
    assert {} == row.errors, row
    assert 0 == row.ended_for_memory, row


ROW = Measured(
    sessions=20, opened=20, cpu_percent=30.0, throttled_percent=0.0, in_p50_ms=1.0, in_p99_ms=5.0, out_p50_ms=1.0,
    out_p99_ms=5.0, memory_mib=200.0, errors={}, ended_for_memory=0,
)  # fmt: skip


def test_the_last_number_that_keeps_every_promise_is_the_one_that_is_held() -> None:
    slow = replace(ROW, sessions=40, opened=40, out_p99_ms=51.0)

    written = document([ROW, slow], {"cpu": "512", "memory": "1024"}, 1.0)

    assert {"sessions": 20, "cpuPercent": 30.0, "memoryMib": 200.0} == written["held"]
    assert 2 == len(written["rows"])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"opened": 19}, "1 did not open, no error"),
        ({"errors": {"error busy": 2}}, "0 did not open, 2 x error busy"),
        ({"in_p99_ms": 50.1}, "p99 of the added delay is 50 ms"),
        ({"memory_mib": 900.0}, "900 MiB of memory"),
        ({"ended_for_memory": 1}, "200 MiB of memory"),
    ],
)
def test_every_promise_can_be_broken(change: dict[str, Any], complaint: str) -> None:
    assert complaint == replace(ROW, **change).complaint(1024)


def test_a_box_that_holds_nobody_is_no_capacity() -> None:
    with pytest.raises(ValueError, match="holds not even 20"):
        document([replace(ROW, opened=0)], {"cpu": "512", "memory": "1024"}, 1.0)
