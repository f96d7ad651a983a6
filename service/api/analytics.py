"""How the assistant is used, for administrators: by day, by hour, as JSON for the dashboard and as CSV for a sheet."""

import csv
import io
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from service.api.problems import ProblemError, describe
from service.api.visitors import AnyVisitor, Visitor
from service.metrics.figures import FIRST_AUDIO, HEARD, quantile_ms
from service.metrics.logs import logger
from service.policies.prices import usd
from service.stores.statistics import EVERYBODY, StatisticsStore, StatisticsUnavailableError, Sums

_DAY_S: Final = 86_400
_MS_A_MINUTE: Final = 60_000
_RETRY_AFTER_S: Final = 5
_log = logger("service.api")


class Asked(BaseModel):
    """What a request may say; anything else is a mistake, and said to be one."""

    model_config = ConfigDict(extra="forbid")
    days: int = Field(default=7, ge=1, le=92, description="today and the days before it, UTC")


type Wanted = Annotated[Asked, Query()]


class Spans(BaseModel):
    """Percentiles in milliseconds; null where there was none."""

    p50: float | None
    p95: float | None
    p99: float | None


class Period(BaseModel):
    """What happened within one hour, one day, or all of them."""

    period: str = Field(description="2026-11-23 or 2026-11-23T18, UTC; `all` for the whole")
    sessions: int = Field(description="that ended")
    minutes: float = Field(description="they lasted, together")
    turns: int
    completed: int
    interrupted: int
    unanswered: int
    failed: int
    completionPercent: float | None = Field(description="completed or interrupted, of all")  # noqa: N815 - on the wire
    firstAudioMs: Spans = Field(description="closure of the turn to the first reply audio")  # noqa: N815 - as above
    heardMs: Spans = Field(description="end of speech to the first sample played, as clients told")  # noqa: N815 - as above
    languages: dict[str, int] = Field(description="sessions by language")
    errors: dict[str, int] = Field(description="lost model streams by kind")
    tokens: dict[str, int] = Field(description="by direction and kind")
    costUsd: float = Field(description="of those tokens, by list price")  # noqa: N815 - as above


class Analytics(BaseModel):
    """The dashboard's figures."""

    liveSessions: int = Field(description="of the process that answers, now")  # noqa: N815 - as above
    places: int = Field(description="sessions it can hold")
    total: Period
    days: list[Period]
    hours: list[Period] = Field(description="of the last two days; only those in which something happened")


_REFUSALS: Final = describe(
    {
        HTTPStatus.BAD_REQUEST: "No request that could be answered",
        HTTPStatus.UNAUTHORIZED: "Sign in, or sign in again",
        HTTPStatus.FORBIDDEN: "Signed in, and no administrator; or a page of a foreign origin",
        HTTPStatus.SERVICE_UNAVAILABLE: "Nothing can be read now; `Retry-After` says for how long",
    }
)


def router(
    store: StatisticsStore,
    *,
    admit: Callable[[Visitor], Awaitable[object]],
    live: Callable[[], int],
    places: int,
    wall_clock: Callable[[], float],
) -> APIRouter:
    """/api/analytics and /api/analytics.csv; `admit` raises ProblemError for whoever is no administrator."""
    routes = APIRouter(tags=["administration"])

    async def read(visitor: Visitor, days: int) -> Sequence[tuple[str, Sums]]:
        await admit(visitor)
        now = wall_clock()
        try:
            return await store.read(EVERYBODY, f"{_day(now - (days - 1) * _DAY_S)}T00", f"{_day(now)}T23")
        except StatisticsUnavailableError as error:
            _log.warning("statistics cannot be read", reason=str(error))
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "statistics_unavailable",
                "The figures cannot be read at the moment; please try again.",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            ) from error

    @routes.get("/api/analytics", response_model=Analytics, responses={**_REFUSALS}, summary="How it is used")
    async def analytics(visitor: AnyVisitor, asked: Wanted) -> Response:
        hours = await read(visitor, asked.days)
        now = wall_clock()
        body = Analytics(
            liveSessions=live(),
            places=places,
            total=period_of("all", _sum(sums for _, sums in hours)),
            days=[period_of(day, sums) for day, sums in _by_day(hours, now, asked.days)],
            hours=[period_of(hour, sums) for hour, sums in hours if hour >= f"{_day(now - _DAY_S)}T00"],
        )
        return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})

    @routes.get(
        "/api/analytics.csv",
        response_class=Response,
        responses={**_REFUSALS, 200: {"description": "A line a day", "content": {"text/csv": {}}}},
        summary="The same as a table",
    )
    async def table(visitor: AnyVisitor, asked: Wanted) -> Response:
        hours = await read(visitor, asked.days)
        lines = [period_of(day, sums) for day, sums in _by_day(hours, wall_clock(), asked.days)]
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="analytics.csv"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(_csv(lines), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def period_of(period: str, sums: Sums) -> Period:
    """One period as it is shown."""
    turns = sums.get("turns", 0)
    ended = {
        outcome: sums.get(f"turns.{outcome}", 0)
        for outcome in ("completed", "interrupted", "no_response", "error")
    }
    well = ended["completed"] + ended["interrupted"]
    return Period(
        period=period,
        sessions=sums.get("sessions", 0),
        minutes=round(sums.get("session_ms", 0) / _MS_A_MINUTE, 2),
        turns=turns,
        completed=ended["completed"],
        interrupted=ended["interrupted"],
        unanswered=ended["no_response"],
        failed=ended["error"],
        completionPercent=round(100 * well / turns, 2) if turns else None,
        firstAudioMs=_spans(sums, FIRST_AUDIO),
        heardMs=_spans(sums, HEARD),
        languages=_below(sums, "language."),
        errors=_below(sums, "error."),
        tokens=_below(sums, "tokens."),
        costUsd=usd(sums.get("cost_nano", 0)),
    )


def _spans(sums: Sums, name: str) -> Spans:
    return Spans(
        p50=quantile_ms(sums, name, 0.5), p95=quantile_ms(sums, name, 0.95), p99=quantile_ms(sums, name, 0.99)
    )


def _below(sums: Sums, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): amount for name, amount in sums.items() if name.startswith(prefix)}


def _sum(many: Any) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for sums in many:
        total.update(sums)
    return total


def _by_day(hours: Sequence[tuple[str, Sums]], now: float, days: int) -> Sequence[tuple[str, Sums]]:
    """Every day, also one on which nothing happened."""
    names = [_day(now - back * _DAY_S) for back in reversed(range(days))]
    return [(name, _sum(sums for hour, sums in hours if hour.startswith(name))) for name in names]


def _day(timestamp: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(timestamp))


def _csv(lines: Sequence[Period]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            *("day", "sessions", "minutes", "turns", "completed", "interrupted", "unanswered", "failed"),
            *(
                "completion_percent",
                "first_audio_p50_ms",
                "first_audio_p95_ms",
                "heard_p50_ms",
                "heard_p95_ms",
            ),
            *("tokens", "cost_usd"),
        ]
    )
    for line in lines:
        writer.writerow(
            [
                *(line.period, line.sessions, line.minutes, line.turns, line.completed, line.interrupted),
                *(line.unanswered, line.failed, line.completionPercent),
                *(line.firstAudioMs.p50, line.firstAudioMs.p95, line.heardMs.p50, line.heardMs.p95),
                *(sum(line.tokens.values()), f"{line.costUsd:.9f}"),
            ]
        )
    return text.getvalue()
