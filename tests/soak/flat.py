"""Whether a figure stayed flat: the slope through all its samples, not the difference of its ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

WARM_UP: Final = 0.2
"""The first part of a run is not judged: caches fill, pools of threads and of memory grow to their size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much a figure may rise over the judged part: a share of itself, or so much, whichever is more."""

    share: float
    least: float

    def of(self, usual: float) -> float:
        return max(self.least, self.share * usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A figure over time."""

    name: str
    unit: str
    usual: float
    """Its median."""
    per_hour: float
    """Its slope."""
    rise: float
    """What the slope makes of the judged part of the run."""
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.rise <= self.allowed

    def __str__(self) -> str:
        verdict = "flat" if self.is_flat else "RISING"
        return (
            f"{self.name}: median {self.usual:.1f}{self.unit}, {self.per_hour:+.2f}{self.unit} an hour,"
            f" {self.rise:+.2f}{self.unit} over the judged part of at most {self.allowed:.1f}{self.unit}: {verdict}"
        )


def trend(
    name: str, samples: Sequence[tuple[float, float]], allowance: Allowance, *, unit: str = ""
) -> Trend:
    """Judge pairs of seconds and a figure.

    The slope is Theil and Sen's, the median of the slopes between all pairs: one sample, or a third of
    them, cannot turn it.
    """
    begins_at = samples[0][0] + WARM_UP * (samples[-1][0] - samples[0][0])
    judged = [sample for sample in samples if sample[0] >= begins_at]
    slope = median((b - a) / (later - at) for (at, a), (later, b) in combinations(judged, 2))
    usual = median(figure for _, figure in judged)
    return Trend(
        name=name,
        unit=unit,
        usual=usual,
        per_hour=slope * 3_600,
        rise=slope * (judged[-1][0] - judged[0][0]),
        allowed=allowance.of(usual),
    )
