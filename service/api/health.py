"""Whether this process lives, and whether it should get new sessions.

`/health` and `/health/live` stay green while draining: a load balancer that took the process for dead would
cut the sessions that are still being served. `/health/ready` is the one that turns red, with the reasons.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from http import HTTPStatus
from typing import Literal, Protocol

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse


class Phase(Enum):
    """Where the process is in its life; it only moves downwards."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"


class LogPipe(Protocol):
    """The way of the log out of the process."""

    @property
    def is_stalled(self) -> bool:
        """Whether nobody reads it."""

    @property
    def dropped(self) -> int:
        """Lines given up since the process began."""


class Health:
    """What this process knows about itself."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.model_problem: str | None = None
        """Why the last check of the model failed; None when it passed."""
        self.load_problem: str | None = None
        """Why this process takes no more work; None when it does."""

    def note_load(self, problem: str | None) -> None:
        """The load became too much, or no longer is."""
        self.load_problem = problem

    @property
    def reasons(self) -> list[str]:
        """Why no new session should come here; empty when one may."""
        reasons = [] if self.phase is Phase.SERVING else [self.phase.value]
        if self.model_problem is not None:
            reasons.append(self.model_problem)
        if self.load_problem is not None:
            reasons.append(self.load_problem)
        return reasons


class Alive(BaseModel):
    """This process answers."""

    status: Literal["ok"]
    phase: Phase


class Readiness(BaseModel):
    """Whether a new session should come here."""

    status: Literal["ready", "not ready"]
    reasons: list[str]
    sessions: int
    maxSessions: int  # noqa: N815 - as on the wire
    log: Literal["ok", "stalled"]
    logLinesDropped: int  # noqa: N815 - as on the wire


def router(
    health: Health, *, sessions: Callable[[], int], max_sessions: int, log: LogPipe | None = None
) -> APIRouter:
    """GET /health, /health/live and /health/ready."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", response_model=Alive, summary="Whether this process lives")
    @routes.get("/health/live", response_model=Alive, summary="The same")
    async def live() -> JSONResponse:
        return _answer({"status": "ok", "phase": health.phase.value})

    @routes.get(
        "/health/ready",
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "Not ready, with the reasons"}},
        summary="Whether it should get new sessions",
    )
    async def ready() -> JSONResponse:
        reasons = health.reasons
        body = {
            "status": "not ready" if reasons else "ready",
            "reasons": reasons,
            "sessions": sessions(),
            "maxSessions": max_sessions,
            # Nobody reads the log: worth knowing, and no reason to turn people away.
            "log": "stalled" if log is not None and log.is_stalled else "ok",
            "logLinesDropped": 0 if log is None else log.dropped,
        }
        return _answer(body, HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK)

    return routes


def _answer(body: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
