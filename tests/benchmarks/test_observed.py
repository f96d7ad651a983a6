"""What the unseen service leaves out is really left out; how much that is, is for a quiet machine to say."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_TRY: Final = """
from benchmarks.without import DUTIES
from service import driver
from service.metrics.sessions import SessionRecord
from service.session.arrivals import Arrivals

DUTIES["being seen"]()
arrivals = Arrivals()
arrivals.note(1.0, 2.0)
assert arrivals.of(1.0) is None
assert not any(not number & driver._ONE_IN for number in range(1, 10_000))
record = object.__new__(SessionRecord)
assert record.record("anything") is record.ended(now=1.0) is None
"""


def test_a_service_that_is_not_seen_takes_nothing_down() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _TRY], cwd=root, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
