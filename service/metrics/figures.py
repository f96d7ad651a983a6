"""What the dashboard and the budgets are made of: sums by hour for the deployment, by day for a user.

Names are a closed vocabulary: outcomes, kinds of errors, the profile's languages, and buckets of spans.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.metrics.histogram import bucket_of, middle_of
from service.policies.prices import TokenCounts
from service.session.effects import TurnEnded

FIRST_AUDIO: Final = "first_audio"
HEARD: Final = "heard"
"""From the end of speech to the first sample played, where the client told."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Where:
    """Whose figures: a user's of a day, or, without a user, everybody's of an hour."""

    user_id: str
    period: str


class Figures:
    """Sums that were not written yet."""

    def __init__(self) -> None:
        self._sums: dict[Where, Counter[str]] = {}

    def add(self, user_id: str, hour: str, amounts: Mapping[str, int]) -> None:
        """Add to the user's day and to everybody's hour; `hour` as 2026-11-23T18."""
        day = hour.partition("T")[0]
        for where in (Where(user_id="", period=hour), Where(user_id=user_id, period=day)):
            sums = self._sums.setdefault(where, Counter())
            for name, amount in amounts.items():
                if amount:
                    sums[name] += amount

    def take(self, most: int) -> Mapping[Where, Mapping[str, int]]:
        """Up to so many bins, which are ours to write now."""
        taken = dict(list(self._sums.items())[:most])
        for where in taken:
            del self._sums[where]
        return {where: sums for where, sums in taken.items() if sums}

    def __len__(self) -> int:
        return len(self._sums)


def of_turn(turn: TurnEnded, outcome: str) -> Mapping[str, int]:
    """What one turn adds."""
    amounts = {"turns": 1, f"turns.{outcome}": 1, "interruptions": int(turn.interrupted)}
    if turn.time_to_first_audio_ms is not None:
        amounts[f"{FIRST_AUDIO}.{bucket_of(turn.time_to_first_audio_ms)}"] = 1
    if turn.waterfall is not None and turn.waterfall.is_whole:
        amounts[f"{HEARD}.{bucket_of(round(turn.waterfall.total_ms))}"] = 1
    return amounts


def of_usage(used: TokenCounts, cost_nano_usd: int) -> Mapping[str, int]:
    """What tokens add."""
    return {
        "tokens.in_speech": used.input_speech,
        "tokens.in_text": used.input_text,
        "tokens.out_speech": used.output_speech,
        "tokens.out_text": used.output_text,
        "cost_nano": cost_nano_usd,
    }


def of_session(*, duration_ms: int, language: str) -> Mapping[str, int]:
    """What one session adds at its end."""
    return {"sessions": 1, "session_ms": duration_ms, f"language.{language}": 1}


def quantile_ms(sums: Mapping[str, int], name: str, share: float) -> float | None:
    """A percentile of the spans under a name; None for none."""
    prefix = f"{name}."
    buckets = sorted(
        (int(key.removeprefix(prefix)), count) for key, count in sums.items() if key.startswith(prefix)
    )
    wanted, seen = share * sum(count for _, count in buckets), 0
    for bucket, count in buckets:
        seen += count
        if seen >= wanted:
            return round(middle_of(bucket), 1)
    return None
