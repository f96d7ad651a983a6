"""Plain integers by name: what happened since the process began.

Names are a small closed vocabulary in snake case, one label at most; a session, a user or a sentence is never
part of a name. What publishes them elsewhere reads `snapshot()`.
"""

from collections import Counter
from collections.abc import Mapping


class Counters:
    """Counts by name and label; no locks, because one event loop owns them."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, amount: int = 1, *, label: str = "") -> None:
        """Count `amount` more of `name`, or of its part `label`."""
        if amount:
            self._counts[name, label] += amount

    def value(self, name: str, label: str = "") -> int:
        """What has been counted so far."""
        return self._counts[name, label]

    def snapshot(self) -> Mapping[str, int]:
        """Every count so far, as `name` or `name.label`, in order."""
        named = {f"{name}.{label}" if label else name: count for (name, label), count in self._counts.items()}
        return dict(sorted(named.items()))
