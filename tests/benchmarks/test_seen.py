"""What it costs to be seen can be measured; how much that is, is for a quiet machine to say."""

import asyncio

from benchmarks import seen
from benchmarks.frame_path import plain
from service.driver import Driver


def test_both_sessions_do_the_same_work_and_the_difference_is_told() -> None:
    more_ms, bare_ms = asyncio.run(seen.added(Driver, plain, rounds=3))
    assert bare_ms > 0
    assert more_ms < 10 * bare_ms
