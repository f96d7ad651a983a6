"""A small drill: six conversations through three restarts; `make drill` holds the large one."""

from pathlib import Path

import pytest

from tests.drill.rolling import Drill
from tests.e2e.processes import running_emulator

pytestmark = pytest.mark.process


@pytest.mark.timeout(240)
async def test_nobody_is_dropped_by_rolling_restarts(tmp_path: Path) -> None:
    with running_emulator(tmp_path) as emulator:
        report = await Drill(tmp_path, emulator, sessions=6, restarts=4).run()

    assert ([], []) == (report.dropped, report.lost_turns), report
    assert {"SIGTERM", "SIGKILL"} == {restart.how for restart in report.restarts}
    assert report.saved_turns > 0, report
