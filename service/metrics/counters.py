"""Plain integers by name: what happened since the process began.

Names are a small closed vocabulary in snake case, one label at most; a session, a user or a sentence is never
part of a name. What publishes them elsewhere reads `snapshot()`.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Direction(StrEnum):
    """Which border a message was checked at."""

    FROM_CLIENT = "from_client"
    TO_CLIENT = "to_client"
    FROM_MODEL = "from_model"
    TO_MODEL = "to_model"


class Fault(StrEnum):
    """What checking a message found."""

    NONE = "ok"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    OUT_OF_ORDER = "out_of_order"


class Counters:
    """Counts by name and label; no locks, because one event loop owns them."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, amount: int = 1, *, label: str = "") -> None:
        """Count `amount` more of `name`, or of its part `label`."""
        if amount:
            self._counts[name, label] += amount

    def validated(self, direction: Direction, message_type: str, fault: Fault = Fault.NONE) -> None:
        """Count one checked message by border, type and what was found.

        `message_type` is a type of ours or of the model's; what a peer made up is counted as `other`.
        """
        self._counts[f"messages_{direction.value}", f"{message_type}.{fault.value}"] += 1

    def value(self, name: str, label: str = "") -> int:
        """What has been counted so far."""
        return self._counts[name, label]

    def snapshot(self) -> Mapping[str, int]:
        """Every count so far, as `name` or `name.label`, in order."""
        named = {f"{name}.{label}" if label else name: count for (name, label), count in self._counts.items()}
        return dict(sorted(named.items()))
