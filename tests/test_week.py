"""The made-up week is what the dashboard would show of a real one."""

import csv
import io
from pathlib import Path

from tests.service.api.test_analytics import ADMIN, statistics
from tests.service.fake_sign_in import NOW
from tests.service.serving import serving
from tests.week import week, write


async def test_the_dashboard_shows_seven_days_with_something_in_each(tmp_path: Path) -> None:
    hours = await write(tmp_path / "statistics.sqlite", NOW)
    assert hours == await write(tmp_path / "statistics.sqlite", NOW), "twice is once"
    with serving(statistics=statistics(tmp_path)) as client:
        figures = client.get("/api/analytics?days=7", headers=ADMIN).json()
        table = client.get("/api/analytics.csv?days=7", headers=ADMIN).text

    assert 7 == len(figures["days"])
    assert all(day["turns"] > 0 and day["costUsd"] > 0 for day in figures["days"][1:])
    assert 98 < figures["total"]["completionPercent"] < 100
    assert figures["total"]["firstAudioMs"]["p50"] < figures["total"]["heardMs"]["p50"]
    assert {"en-US", "de-DE"} < figures["total"]["languages"].keys()
    lines = list(csv.DictReader(io.StringIO(table)))
    assert [str(day["turns"]) for day in figures["days"]] == [line["turns"] for line in lines]
    assert sum(day["turns"] for day in figures["days"]) == figures["total"]["turns"]


def test_the_same_hour_and_seed_make_the_same_week() -> None:
    assert week(NOW) == week(NOW)
    assert week(NOW) != week(NOW, seed=8)
