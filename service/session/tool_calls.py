"""The tools that run for the current stream; the model waits for each of them, so each is answered once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

MAX_RUNNING: Final = 16
MAX_RESULT_CHARS: Final = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that was started."""

    tool_use_id: str
    name: str
    turn: int
    expires_at: float


class ToolCalls:
    """Calls by their id."""

    def __init__(self) -> None:
        self._running: dict[str, ToolCall] = {}
        self._seen: set[str] = set()

    @property
    def are_running(self) -> bool:
        """Whether any call is unanswered."""
        return bool(self._running)

    @property
    def is_full(self) -> bool:
        """Whether no more tools are started at once."""
        return len(self._running) >= MAX_RUNNING

    def begin(self, call: ToolCall) -> None:
        """A tool was started."""
        self._running[call.tool_use_id] = call

    def is_new(self, tool_use_id: str) -> bool:
        """Whether the model asks for the first time: a tool has its effect once, however often it is asked for."""
        is_new = tool_use_id not in self._seen
        self._seen.add(tool_use_id)
        return is_new

    def finish(self, tool_use_id: str) -> ToolCall | None:
        """The call that ended; None when nobody waits for it any more."""
        return self._running.pop(tool_use_id, None)

    @property
    def next_expiry_at(self) -> float | None:
        """When the next call is given up."""
        return min((call.expires_at for call in self._running.values()), default=None)

    def expired(self, now: float) -> Iterator[ToolCall]:
        """Give up the calls that took too long."""
        for call in [call for call in self._running.values() if call.expires_at <= now]:
            del self._running[call.tool_use_id]
            yield call

    def abandon(self) -> int:
        """The stream that wanted them is gone; how many were running."""
        count = len(self._running)
        self._running.clear()
        self._seen.clear()
        return count


def error_result(sentence: str) -> str:
    """A result that says what went wrong, in the form the model takes."""
    return orjson.dumps({"error": sentence}).decode()


def checked_result(result_json: str) -> str | None:
    """The result if the model will take it: a JSON object that is not huge; None otherwise."""
    if len(result_json) > MAX_RESULT_CHARS:
        return None
    try:
        result = orjson.loads(result_json)
    except orjson.JSONDecodeError:
        return None
    return result_json if isinstance(result, dict) else None
