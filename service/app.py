"""The only wiring: settings and adapters in, an ASGI application out."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

import orjson
from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from service import identifiers
from service.api import conversations, options, problems
from service.api import health as health_api
from service.api.page import Page
from service.auth.ports import Authenticator
from service.driver import SessionCore, Surroundings
from service.errors import ModelFailure
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.policies.admission import Admission
from service.policies.breaker import Breaker
from service.policies.closure import Closure, TrailingSilence
from service.policies.endpointing import Endpointing
from service.policies.profiles import profile_for
from service.policies.rate import RateLimits
from service.policies.watchdog import Watchdog
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.sessions import Sessions
from service.settings import Settings
from service.stores.ports import ConversationStore
from service.tools.current_time import CurrentTime
from service.tools.registry import Registry
from service.transports.guarded import GuardedTransport
from service.transports.handshake import Refused, Rules
from service.transports.ports import ModelTransport
from service.transports.websocket import Entrance
from service.wire.sonic_input import Tool
from service.wire.subprotocol import Subprotocol

# How often a model that failed its check is checked again.
_RECHECK_S: Final = 10.0
# The session gives a tool a little longer than the registry does, so that the registry's answer comes first.
_TOOL_GRACE_S: Final = 1.0
_log = logger("service.app")


def create_app(
    settings: Settings,
    *,
    model: ModelTransport,
    authenticator: Authenticator,
    counters: Counters,
    clock: Callable[[], float],
    store: ConversationStore | None = None,
    new_id: Callable[[], str] = identifiers.new_id,
    new_token: Callable[[], str] = identifiers.new_token,
) -> FastAPI:
    """The application; `app.state.sessions` is what has to be drained before it stops."""
    health = health_api.Health()
    tools = Registry([CurrentTime()], timeout_s=settings.tool_timeout_s, report=_report_tool)
    sessions = Sessions(
        admission=Admission(max_sessions=settings.max_sessions),
        authenticator=authenticator,
        health=health,
        counters=counters,
        surroundings=Surroundings(
            model=GuardedTransport(model, Breaker(), clock),
            tools=tools,
            clock=clock,
            close_timeout_s=settings.model_close_timeout_s + 5.0,
            store=store,
            store_timeout_s=settings.store_timeout_s,
        ),
        new_session=partial(_new_session, _terms(settings, tools, keeps_history=store is not None), new_id),
        new_id=new_id,
        new_token=new_token,
    )
    app = FastAPI(
        title="Voice assistant",
        lifespan=partial(_lifespan, model=model, store=store, health=health),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.sessions = sessions
    problems.install(app)
    app.include_router(
        health_api.router(health, sessions=sessions.__len__, max_sessions=settings.max_sessions)
    )
    app.include_router(
        options.router(
            profile_for(settings.model_id),
            model_id=settings.model_id,
            language=settings.language,
            voice=settings.voice,
            silence_threshold_ms=settings.silence_threshold_ms,
            watchdog_ms=settings.watchdog_ms,
            max_message_bytes=settings.max_message_bytes,
        )
    )
    rules = Rules(allowed_origins=settings.allowed_origins, loopback_only=settings.is_loopback)
    if store is not None:
        app.include_router(
            conversations.router(store, authenticator=authenticator, is_foreign_host=rules.is_foreign_host)
        )
    entrance = Entrance(
        rules=rules,
        admit=sessions.admit,
        refuse=_refusal,
        count=lambda name, label: counters.add(name, label=label),
        outbox_bytes=settings.outbox_bytes,
    )
    app.router.routes.append(WebSocketRoute("/ws", entrance.serve))
    if settings.page_dir is not None:
        app.mount("/", Page(settings.page_dir))
    return app


def _terms(settings: Settings, tools: Registry, *, keeps_history: bool) -> SessionTerms:
    """What every session of this deployment begins with."""
    return SessionTerms(
        session_id="",
        conversation_id="",
        model_id=settings.model_id,
        profile=profile_for(settings.model_id),
        language=settings.language,
        voice=settings.voice,
        instructions=settings.instructions,
        tools=tuple(
            Tool(name=tool.name, description=tool.text, schema=orjson.dumps(dict(tool.schema)).decode())
            for tool in tools.descriptions
        ),
        keeps_history=keeps_history,
        parked_s=settings.park_s,
        closure=Closure(settings.closure),
        trailing=TrailingSilence(after_speech_ms=settings.trailing_silence_ms),
        endpointing=Endpointing(silence_threshold_ms=settings.silence_threshold_ms),
        watchdog=Watchdog(patience_s=settings.watchdog_ms / 1_000),
        rates=RateLimits(audio_rate=settings.max_input_rate, control_per_s=settings.max_control_per_s),
        start_timeout_s=settings.start_timeout_s,
        open_timeout_s=settings.model_accept_timeout_s,
        reply_timeout_s=settings.reply_timeout_ms / 1_000,
        tool_timeout_s=settings.tool_timeout_s + _TOOL_GRACE_S,
        idle_timeout_s=settings.idle_timeout_s,
        max_session_s=settings.max_session_s,
        heartbeat_ms=settings.heartbeat_ms,
        max_message_bytes=settings.max_message_bytes,
    )


def _new_session(  # noqa: PLR0917 - two that are bound, and what a session is begun with
    terms: SessionTerms,
    new_id: Callable[[], str],
    session_id: str,
    subprotocol: Subprotocol,
    now: float,
    resume_token: str,
) -> SessionCore:
    own = replace(
        terms,
        session_id=session_id,
        conversation_id=new_id(),
        subprotocol=subprotocol,
        resume_token=resume_token,
    )
    # Chance only spreads waits, so that sessions do not act in step.
    return Session(own, now=now, jitter=random.random)


def _refusal(refused: Refused) -> Response:
    headers = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
    return problems.problem(refused.status, refused.code, refused.detail, headers=headers)


def _report_tool(name: str, error: Exception) -> None:
    _log.error("tool failed", tool=name, exc_info=error)


@asynccontextmanager
async def _lifespan(
    _: FastAPI, *, model: ModelTransport, store: ConversationStore | None, health: health_api.Health
) -> AsyncIterator[None]:
    health.model_problem = "the model has not been checked yet"
    checking = asyncio.create_task(_check(model, health), name="model check")
    health.phase = health_api.Phase.SERVING
    try:
        yield
    finally:
        checking.cancel()
        await asyncio.wait({checking})
        await model.aclose()
        if store is not None:
            await store.aclose()


async def _check(model: ModelTransport, health: health_api.Health) -> None:
    """Check the model until it passes; sessions are taken all the while, so that users learn the reason."""
    while True:
        try:
            await model.check()
        except ModelFailure as failure:
            health.model_problem = str(failure)
            _log.error("the model cannot be reached", kind=failure.kind.value, reason=failure.message)
            await asyncio.sleep(_RECHECK_S)
        else:
            health.model_problem = None
            _log.info("the model can be reached")
            return
