"""What day and time it is, where the user asks for it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.tools.ports import ToolArgumentError, ToolDescription

_MAX_ZONE_CHARS: Final = 64


class CurrentTime:
    """The date and time now, in a time zone by its IANA name or in UTC."""

    description: Final = ToolDescription(
        name="current_time",
        text=(
            "Tells the current date, weekday and time. Use it whenever the answer depends on what day or time"
            " it is now. Give the time zone when the user names a place; without one the answer is in UTC."
        ),
        schema={
            "type": "object",
            "properties": {
                "timeZone": {"type": "string", "description": "IANA name, for example Europe/Berlin"}
            },
            "required": [],
            "additionalProperties": False,
        },
    )

    def __init__(self, *, utc_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._utc_now = utc_now

    async def run(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """`{date, weekday, time, timeZone, utcOffset}`; raises ToolArgumentError for a zone nobody knows."""
        unknown = arguments.keys() - {"timeZone"}
        if unknown:
            raise ToolArgumentError(f"current_time has no argument {min(unknown)!r}")
        here = self._utc_now().astimezone(_zone(arguments.get("timeZone", "UTC")))
        return {
            "date": here.date().isoformat(),
            "weekday": here.strftime("%A"),
            "time": here.strftime("%H:%M:%S"),
            "timeZone": str(here.tzinfo),
            "utcOffset": here.isoformat()[-6:],
        }


def _zone(name: object) -> ZoneInfo:
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_ZONE_CHARS:
        raise ToolArgumentError("timeZone must be the IANA name of a time zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path, a directory, or not in the database
        raise ToolArgumentError(f"there is no time zone {name!r}; use an IANA name") from None
