from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest

from emulators.nova_sonic.brains.dialogue.clock import (
    Asked,
    asks_for,
    elsewhere,
    tell,
    tell_elsewhere,
    tell_from,
    tool_for,
)

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("heard", "asked"),
    [
        ("What time is it?", Asked.TIME),
        ("Do you know what time it is?", Asked.TIME),
        ("Could you tell me the time, please?", Asked.TIME),
        ("What's the time?", Asked.TIME),
        ("What time is it at the moment?", Asked.TIME),
        ("What day is it today?", Asked.DAY),
        ("Which day of the week is it?", Asked.DAY),
        ("What's today's date?", Asked.DATE),
        ("What is the date today?", Asked.DATE),
        ("Which month is it?", Asked.MONTH),
        ("What year is it?", Asked.YEAR),
    ],
)
def test_questions_about_the_time_are_recognised(heard: str, asked: Asked) -> None:
    assert asked is asks_for(heard)


@pytest.mark.parametrize(
    "heard",
    [
        "What time do you close?",
        "How long does it take?",
        "What is the time to first audio?",
        "What day is it tomorrow?",
        "What time is it in Tokyo?",
        "Set an alarm for seven.",
        "",
    ],
)
def test_other_questions_with_time_in_them_are_not(heard: str) -> None:
    assert asks_for(heard) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked.TIME, "It is 3:04 PM."),
        (Asked.DAY, "Today is Monday."),
        (Asked.DATE, "Today is Monday, November 23."),
        (Asked.MONTH, "It is November."),
        (Asked.YEAR, "It is 2026."),
    ],
)
def test_the_time_is_told_as_people_say_it(asked: Asked, said: str) -> None:
    assert said == tell(asked, NOW)


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "It is 12:04 AM."), (12, "It is 12:04 PM."), (9, "It is 9:04 AM.")]
)
def test_midnight_and_noon_are_twelve(hour: int, said: str) -> None:
    assert said == tell(Asked.TIME, NOW.replace(hour=hour))


def test_the_time_in_a_large_city_is_known() -> None:
    assert "new york" == elsewhere("What time is it in New York right now?")
    assert "In New York, it is 9:04 AM." == tell_elsewhere("new york", NOW)
    assert tell_elsewhere("atlantis", NOW) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"date": "2026-11-23", "weekday": "Monday", "time": "13:30:00", "utcOffset": "+00:00"},
            "It is 2:30 PM.",
        ),
        ({"date": "2026-11-23", "time": "13:30:00"}, "It is 1:30 PM."),
        ({"now": {"iso": "2026-11-23T13:30:00Z"}}, "It is 2:30 PM."),
        ({"time": "14:05"}, "It is 2:05 PM."),
        ({"text": "The time is 3:20 pm."}, "It is 3:20 PM."),
        ({"content": ["12:01 a.m."]}, "It is 12:01 AM."),
    ],
)
def test_the_time_is_found_in_a_tools_result_and_told_where_the_user_is(
    content: Mapping[str, object], said: str
) -> None:
    assert said == tell_from(Asked.TIME, content, NOW)


def test_the_date_follows_the_users_zone() -> None:
    content = {"date": "2026-11-23", "time": "23:30:00", "utcOffset": "+00:00"}

    assert "Today is Tuesday, November 24." == tell_from(Asked.DATE, content, NOW)


@pytest.mark.parametrize(
    "content", [{}, {"error": "no clock"}, {"date": "2026-11-23"}, {"time": 5}, {"time": "25:61"}]
)
def test_a_result_without_a_time_is_not_made_into_one(content: Mapping[str, object]) -> None:
    assert tell_from(Asked.TIME, content, NOW) is None


@pytest.mark.parametrize(
    "name", ["current_time", "get_time", "getCurrentTime", "getDateAndTimeTool", "clock", "current-date-time"]
)
def test_a_clock_is_recognised_by_its_name(name: str) -> None:
    assert name == tool_for(["get_weather", name])


def test_tools_that_only_sound_like_a_clock_are_left_alone() -> None:
    assert tool_for(["set_timer", "time_off_request", "update", "get_train_times", "book_date"]) is None
