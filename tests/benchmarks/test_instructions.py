"""The frame path does not grow unseen: its length in instructions, which no machine and no load changes."""

import json
import sys

import pytest

from benchmarks import instructions

RECORD = json.loads(instructions.RECORD.read_text())
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.skipif(HERE != RECORD["python"], reason=f"the counts are those of Python {RECORD['python']}")
def test_a_frame_takes_no_more_instructions_than_recorded() -> None:
    """After a change that is worth its length, `python -m benchmarks.instructions --write` records the new one."""
    counts = instructions.count()

    assert RECORD["counts"].keys() == counts.keys()
    longer = {
        name: (count, RECORD["counts"][name])
        for name, count in counts.items()
        if count > 1.03 * RECORD["counts"][name]
    }
    shorter = {
        name: (count, RECORD["counts"][name])
        for name, count in counts.items()
        if count < 0.9 * RECORD["counts"][name]
    }
    assert ({}, {}) == (longer, shorter)
