"""Spans in buckets: adding is integer arithmetic, memory is bounded, and percentiles are right within 1.6 %."""

from collections.abc import Mapping, Sequence
from typing import Final

_SUB_BITS: Final = 5
_SUB: Final = 1 << _SUB_BITS
_MOST_US: Final = 1 << 40
"""Twelve days; what is longer counts as this long."""


def bucket_of(us: int) -> int:
    """The bucket of so many microseconds; a power of two is split into 32."""
    if us < _SUB:
        return max(0, us)
    us = min(us, _MOST_US)
    shift = us.bit_length() - _SUB_BITS - 1
    return (shift << _SUB_BITS) + (us >> shift)


def middle_of(bucket: int) -> float:
    """The middle of a bucket, in microseconds."""
    if bucket < 2 * _SUB:
        return float(bucket)
    shift = (bucket >> _SUB_BITS) - 1
    return ((bucket - (shift << _SUB_BITS)) + 0.5) * (1 << shift)


class Histogram:
    """Counts by bucket; about a thousand buckets at most."""

    __slots__ = ("_counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self._counts: dict[int, int] = dict(counts or {})

    def add_ms(self, span_ms: float) -> None:
        """Count one span."""
        bucket = bucket_of(int(span_ms * 1_000))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def __len__(self) -> int:
        return sum(self._counts.values())

    @property
    def counts(self) -> Mapping[int, int]:
        """What was counted, by bucket."""
        return self._counts

    def quantile_ms(self, share: float) -> float | None:
        """The span that this share of all does not exceed; None for none."""
        wanted = share * len(self)
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return middle_of(bucket) / 1_000
        return None

    def values_ms(self, most: int) -> Sequence[float]:
        """The spans in order; where there are more than `most`, as many at even ranks, the longest among them."""
        total = len(self)
        spans: list[float] = []
        seen = 0
        for bucket in sorted(self._counts):
            before, seen = seen, seen + self._counts[bucket]
            repeats = self._counts[bucket] if total <= most else seen * most // total - before * most // total
            spans += [round(middle_of(bucket) / 1_000, 3)] * repeats
        return spans
