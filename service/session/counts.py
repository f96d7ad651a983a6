"""How many events went which way and what was wrong with them: integers, announced now and then."""

from collections.abc import Iterator

from service.session.effects import Direction, Fault, ValidationCounted


class Counts:
    """Integer adds on the hot path; one announcement a kind when they are flushed."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Direction, str, Fault], int] = {}

    def add(self, direction: Direction, event_type: str, fault: Fault = Fault.NONE, amount: int = 1) -> None:
        """Count events of one type."""
        key = (direction, event_type, fault)
        self._counts[key] = self._counts.get(key, 0) + amount

    def flush(self) -> Iterator[ValidationCounted]:
        """Announce and forget what was counted."""
        counts, self._counts = self._counts, {}
        for (direction, event_type, fault), count in counts.items():
            yield ValidationCounted(direction=direction, event_type=event_type, fault=fault, count=count)

    def __bool__(self) -> bool:
        return bool(self._counts)
