"""Ten thousand schedules in CI; `make schedules WALKS=1000000` walks as many as you like, on every core."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.service.session.test_schedules import skips_a_seq
from tests.service.session.walks import WalkFailedError, walk

WALKS = int(os.environ.get("WALKS", "10000"))
ONE = os.environ.get("WALK")
FIRST = int(ONE or "0")
_BATCH = 500


def _walk_all(begin: int, end: int) -> None:
    for number in range(begin, end):
        walk(number)


@pytest.mark.timeout(0 if "WALKS" in os.environ else 240)
def test_no_walk_breaks_a_promise() -> None:
    if ONE is not None:
        walk(FIRST)
        return
    if "WALKS" not in os.environ:
        _walk_all(0, WALKS)
        return
    with ProcessPoolExecutor() as workers:
        batches = [
            workers.submit(_walk_all, begin, min(begin + _BATCH, WALKS)) for begin in range(0, WALKS, _BATCH)
        ]
        for batch in batches:
            batch.result()
    sys.stdout.write(f"{WALKS} schedules\n")


def test_a_walk_that_fails_says_how_to_walk_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    skips_a_seq(monkeypatch)
    with pytest.raises(WalkFailedError, match=r"make schedules WALK=\d+") as failed:
        _walk_all(0, 200)
    number = int(str(failed.value).split()[1])

    with pytest.raises(WalkFailedError, match=f"^walk {number}\n"):
        walk(number)
