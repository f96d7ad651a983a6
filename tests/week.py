"""`python -m tests.week FILE`: a week of made-up use, written into a store of figures as the service would have written it.

For pictures of the dashboard and for trying it out: the same numbers for the same seed and the same last hour. FILE is a
`statistics.sqlite`; that of `make run` lies in `.run/`. Running it again within the hour adds nothing: its batches
have names, and a batch counts once.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

from service.metrics import figures
from service.metrics.figures import Figures, Where
from service.policies.prices import prices_on
from service.policies.waterfall import Waterfall
from service.session.effects import TurnEnded
from service.stores.statistics import EVERYBODY, Bin
from service.stores.statistics_sqlite import SqliteStatistics
from service.wire.server import ClosedBy, Outcome
from service.wire.sonic_output import Usage

_HOUR_S: Final = 3_600
_HOURS: Final = 7 * 24
_MODEL: Final = "amazon.nova-2-sonic-v1:0"
_PRICED_ON: Final = "2026-11-23"
_SOMEBODY: Final = "somebody"
# Sessions an hour by the hour of the day, UTC: a working day with a pause at noon.
_BY_HOUR: Final = (0, 0, 0, 0, 0, 1, 3, 7, 11, 12, 12, 9, 6, 10, 12, 11, 9, 6, 4, 3, 2, 1, 1, 0)
_BY_WEEKDAY: Final = (1.0, 1.1, 1.2, 1.1, 0.9, 0.3, 0.25)
_LANGUAGES: Final[Mapping[str, int]] = {"en-US": 55, "de-DE": 20, "fr-FR": 12, "es-US": 8, "it-IT": 5}
_ERRORS: Final[Mapping[str, int]] = {"throttled": 5, "stream_error": 3, "timed_out": 2}
_OUTCOMES: Final[Mapping[Outcome, int]] = {
    Outcome.COMPLETED: 860,
    Outcome.INTERRUPTED: 130,
    Outcome.UNANSWERED: 6,
    Outcome.FAILED: 4,
}
_IN_WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.COMPLETED: "completed",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.UNANSWERED: "no_response",
    Outcome.FAILED: "error",
}


def week(now: float, *, seed: int = 7) -> Mapping[Where, Mapping[str, int]]:
    """Sums of the seven days up to now, by hour."""
    dice = Random(seed)
    sums = Figures()
    last_hour = int(now // _HOUR_S)
    for hour in range(last_hour - _HOURS + 1, last_hour + 1):
        at = time.gmtime(hour * _HOUR_S)
        sessions = round(_BY_HOUR[at.tm_hour] * _BY_WEEKDAY[at.tm_wday] * dice.uniform(0.7, 1.3))
        for _ in range(sessions):
            _add_session(sums, time.strftime("%Y-%m-%dT%H", at), dice)
    # Everybody's hours; a user's own days are for budgets.
    return {where: amounts for where, amounts in sums.take(len(sums)).items() if not where.user_id}


def _add_session(sums: Figures, hour: str, dice: Random) -> None:
    turns = 1 + int(dice.expovariate(0.18))
    for _ in range(turns):
        outcome = dice.choices(list(_OUTCOMES), weights=list(_OUTCOMES.values()))[0]
        turn = _turn(outcome, dice)
        sums.add(_SOMEBODY, hour, figures.of_turn(turn, _IN_WORDS[outcome]))
        sums.add(_SOMEBODY, hour, figures.of_usage(turn.used, turn.cost_nano_usd))
    language = dice.choices(list(_LANGUAGES), weights=list(_LANGUAGES.values()))[0]
    sums.add(
        _SOMEBODY,
        hour,
        figures.of_session(duration_ms=turns * dice.randrange(9_000, 22_000), language=language),
    )
    if dice.random() < 0.02:
        kind = dice.choices(list(_ERRORS), weights=list(_ERRORS.values()))[0]
        sums.add(_SOMEBODY, hour, {f"error.{kind}": 1})


def _turn(outcome: Outcome, dice: Random) -> TurnEnded:
    used = Usage(
        input_speech=dice.randrange(40, 220),
        input_text=dice.randrange(20, 260),
        output_speech=dice.randrange(60, 420),
        output_text=dice.randrange(20, 120),
    )
    is_answered = outcome in {Outcome.COMPLETED, Outcome.INTERRUPTED}
    first_ms = min(4_000, round(dice.lognormvariate(6.6, 0.28))) if is_answered else None
    return TurnEnded(
        turn=1,
        outcome=outcome,
        closed_by=ClosedBy.CLIENT,
        response_id=1 if is_answered else None,
        utterance_ms=dice.randrange(600, 5_000),
        endpointing_ms=dice.randrange(400, 700),
        time_to_first_audio_ms=first_ms,
        reply_ms=dice.randrange(1_500, 9_000) if is_answered else None,
        interrupted=outcome is Outcome.INTERRUPTED,
        used=used,
        cost_nano_usd=prices_on(_MODEL, _PRICED_ON).cost_nano_usd(used),
        waterfall=None if first_ms is None else _waterfall(float(first_ms), dice),
    )


def _waterfall(first_ms: float, dice: Random) -> Waterfall:
    uplink, service_in, endpointing = dice.uniform(15, 60), dice.uniform(0.2, 2), dice.uniform(380, 620)
    service_out, downlink = dice.uniform(0.1, 1.5), dice.uniform(15, 60)
    jitter_buffer, output = dice.uniform(40, 120), dice.uniform(10, 45)
    return Waterfall(
        uplink_ms=uplink,
        service_in_ms=service_in,
        endpointing_ms=endpointing,
        model_ms=first_ms,
        service_out_ms=service_out,
        downlink_ms=downlink,
        jitter_buffer_ms=jitter_buffer,
        output_ms=output,
        total_ms=uplink
        + service_in
        + endpointing
        + first_ms
        + service_out
        + downlink
        + jitter_buffer
        + output,
    )


async def write(file: Path, now: float, *, seed: int = 7) -> int:
    """Put the week into a file; how many hours had something in them."""
    store = SqliteStatistics(file, wall_clock=lambda: now)
    hours = week(now, seed=seed)
    try:
        for where, amounts in hours.items():
            batch = f"week {seed} {where.period}"
            await store.add(batch, {Bin(scope=EVERYBODY, period=where.period): amounts})
    finally:
        await store.aclose()
    return len(hours)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.week", description=__doc__)
    parser.add_argument("file", type=Path, help="a statistics.sqlite; made if there is none")
    file: Path = parser.parse_args(arguments).file
    hours = asyncio.run(write(file, time.time()))
    sys.stdout.write(f"{hours} hours of made-up figures are in {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
