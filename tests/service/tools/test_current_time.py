"""What day and time it is, in the zone that was asked for."""

from datetime import UTC, datetime

import pytest

from service.tools.current_time import CurrentTime
from service.tools.ports import ToolArgumentError

TOOL = CurrentTime(utc_now=lambda: datetime(2026, 11, 23, 23, 30, 5, 999, tzinfo=UTC))


async def test_without_a_zone_it_is_utc() -> None:
    expected = {
        "date": "2026-11-23",
        "weekday": "Monday",
        "time": "23:30:05",
        "timeZone": "UTC",
        "utcOffset": "+00:00",
    }

    assert expected == await TOOL.run({})


async def test_a_zone_moves_the_clock_and_the_day() -> None:
    answer = await TOOL.run({"timeZone": "Asia/Kolkata"})

    assert ("2026-11-24", "Tuesday", "05:00:05", "+05:30") == (
        answer["date"],
        answer["weekday"],
        answer["time"],
        answer["utcOffset"],
    )


@pytest.mark.parametrize(
    "zone", ["Atlantis", "", "../../etc/passwd", "/etc/localtime", "Europe", 5, None, "x" * 65, "\0"]
)
async def test_a_zone_nobody_knows_is_refused(zone: object) -> None:
    with pytest.raises(ToolArgumentError, match=r"(?i)time ?zone"):
        await TOOL.run({"timeZone": zone})


async def test_an_argument_it_does_not_have_is_refused() -> None:
    with pytest.raises(ToolArgumentError, match="city"):
        await TOOL.run({"city": "Rome"})
