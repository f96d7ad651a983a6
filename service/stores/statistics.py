"""Sums for the dashboard and the budgets, and what every way of keeping them promises.

A bin holds named integers that are only ever added to: what happened in one hour of the deployment, or on one day of
one user. Adding is repeatable: a batch that was written although its answer was lost is not added a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

EVERYBODY: Final = "all"
"""The scope of the deployment; its periods are hours, UTC, as 2026-11-23T18."""
KEPT_S: Final = 400 * 86_400.0
"""A year and a month: a month can be compared with the same one a year ago."""


class StatisticsUnavailableError(Exception):
    """Raised when sums cannot be read or added to now; worth another try."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Bin:
    """What is summed: a scope and a period."""

    scope: str
    period: str


def of_user(user_id: str) -> str:
    """The scope of a user; its periods are days, UTC, as 2026-11-23."""
    return f"user#{user_id}"


type Sums = Mapping[str, int]


class StatisticsStore(Protocol):
    """A way of keeping sums. Every method raises StatisticsUnavailableError."""

    async def add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        """Add to all bins or to none, once for each batch id; at most 90 bins."""

    async def read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        """The bins of a scope from one period to another, both included, in order."""

    async def forget(self, scope: str, *, but: str = "") -> None:
        """Remove every bin of a scope, but that of the one period named."""

    async def aclose(self) -> None:
        """Let go of files, connections and threads."""
