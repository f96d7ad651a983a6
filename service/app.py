"""The only wiring: settings and adapters in, an ASGI application out."""

import asyncio
import random
import time
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
from service.allowances import BEAT_S, Allowances
from service.api import analytics, conversations, options, page_config, problems, tickets
from service.api import health as health_api
from service.api import recordings as recordings_api
from service.api.page import Page
from service.auth.sign_in import SignIn
from service.bookkeeping import Bookkeeping
from service.driver import SessionCore, Surroundings
from service.errors import ModelFailure
from service.metrics import quota
from service.metrics.contract import SESSION_UTILIZATION, SESSIONS_ACTIVE
from service.metrics.counters import Counters
from service.metrics.instruments import Instruments
from service.metrics.load import LoadMeter
from service.metrics.logs import logger
from service.metrics.publisher import Publisher
from service.metrics.recorder import Recordings
from service.metrics.recording import mask_with, plain
from service.places import SharedPlaces, Unlimited
from service.policies.admission import Admission
from service.policies.allowance import Allowance
from service.policies.breaker import Breaker
from service.policies.budget import Budgets
from service.policies.closure import Closure, TrailingSilence
from service.policies.endpointing import Endpointing
from service.policies.pressure import Limits, Pressure
from service.policies.prices import NANO_USD, Prices, prices_on
from service.policies.profiles import profile_for
from service.policies.quota import Quota
from service.policies.rate import RateLimits
from service.policies.watchdog import Watchdog
from service.reception import Reception, problem_of
from service.session.terms import SessionTerms
from service.sessions import Sessions
from service.settings import Settings
from service.stores.memory import MemoryDocuments
from service.stores.ports import ConversationStore, Documents, StoreError
from service.stores.statistics import StatisticsStore
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
# With what asking takes at worst, a revoked user is out within a minute.
_REVOCATION_S: Final = 30.0
# How often it is asked who owns the conversations held here: one request for a hundred of them.
_OWNERS_S: Final = 4.0
# What the page shows of its user; the service itself asks for neither.
_PAGE_SCOPES: Final = ("email", "profile")
_log = logger("service.app")


def create_app(
    settings: Settings,
    *,
    model: ModelTransport,
    sign_in: SignIn,
    counters: Counters,
    clock: Callable[[], float],
    store: ConversationStore | None = None,
    documents: Documents | None = None,
    wall_clock: Callable[[], float] = time.time,
    chance: Callable[[], float] = random.random,
    new_id: Callable[[], str] = identifiers.new_id,
    instruments: Instruments | None = None,
    new_token: Callable[[], str] = identifiers.new_token,
    statistics: StatisticsStore | None = None,
    elsewhere: Callable[[], int] = lambda: 0,
    on_sessions: Callable[[int], None] = lambda _: None,
) -> FastAPI:
    """The application; `app.state.sessions` is what has to be drained before it stops.

    Of several workers each is told how many sessions the others have, and tells how many it has.
    """
    health = health_api.Health()
    instruments = instruments or Instruments()
    books = Bookkeeping(
        statistics,
        Budgets(
            user_nano_usd=_nano(settings.budget_user_usd),
            deployment_nano_usd=_nano(settings.budget_deployment_usd),
        ),
        registry=instruments.registry,
        wall_clock=wall_clock,
        new_id=new_id,
    )
    recordings = Recordings(
        most=settings.recordings,
        most_bytes=settings.recording_bytes,
        new_mask=lambda: plain if settings.recording_words else mask_with(new_token().encode()),
        wall_clock=wall_clock,
    )
    prices = lambda: prices_on(settings.model_id, _day(wall_clock()))  # noqa: E731 - asked for each session
    places = _places(settings, documents or MemoryDocuments(wall_clock), new_id, wall_clock)
    allowances = Allowances(
        Allowance(sessions=settings.user_sessions, day_s=settings.user_minutes_per_day * 60.0),
        documents or MemoryDocuments(wall_clock),
        wall_clock=wall_clock,
    )
    pressure = Pressure(Limits(cpu_share=settings.max_cpu_percent / 100, lag_s=settings.max_lag_ms / 1_000))
    meter = LoadMeter(
        pressure,
        cores=quota.cores() / max(1, settings.workers),
        clock=clock,
        on_change=health.note_load,
    )
    tools = Registry([CurrentTime()], timeout_s=settings.tool_timeout_s, report=_report_tool)
    sessions = Sessions(
        admission=Admission(max_sessions=settings.max_sessions),
        sign_in=sign_in,
        health=health,
        counters=counters,
        registry=instruments.registry,
        books=books,
        traces=instruments.traces,
        prices=prices,
        surroundings=Surroundings(
            model=GuardedTransport(model, Breaker(), clock),
            tools=tools,
            clock=clock,
            close_timeout_s=settings.model_close_timeout_s + 5.0,
            store=store,
            store_timeout_s=settings.store_timeout_s,
            places=places,
            allowances=allowances,
            pressure=pressure,
        ),
        new_session=partial(
            _new_session,
            _terms(settings, tools, keeps_history=store is not None),
            recordings,
            prices,
            new_id,
            chance,
        ),
        new_id=new_id,
        new_token=new_token,
        wall_clock=wall_clock,
        elsewhere=elsewhere,
        on_change=on_sessions,
    )
    publisher = instruments.publisher(
        stage=settings.stage,
        properties={"service": "voice", "model": settings.model_id, "region": settings.region},
        gauges=lambda: {
            SESSIONS_ACTIVE.name: len(sessions),
            SESSION_UTILIZATION.name: round(100 * (len(sessions) + elsewhere()) / settings.max_sessions, 2),
        },
        clock=clock,
        wall_clock=wall_clock,
    )
    rules = Rules(allowed_origins=settings.allowed_origins, loopback_only=settings.is_loopback)
    app = FastAPI(
        title="Voice assistant",
        version="1",
        lifespan=partial(
            _lifespan,
            model=model,
            store=store,
            health=health,
            sessions=sessions,
            publisher=publisher,
            books=books,
            places=places,
            meter=meter,
        ),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.sessions = sessions
    problems.install(app)
    app.include_router(
        health_api.router(
            health,
            sessions=lambda: len(sessions) + elsewhere(),
            max_sessions=settings.max_sessions,
            log=instruments.pipe,
        )
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
    app.include_router(
        page_config.router(
            authority=settings.auth_issuer,
            client_id=settings.auth_client_ids[0],
            domain=settings.auth_domain,
            scopes=(*settings.auth_scopes, *_PAGE_SCOPES),
        )
    )
    reception = Reception(
        rules=rules,
        sign_in=sign_in,
        sessions=sessions,
        allowances=allowances,
        admin_group=settings.auth_admin_group,
    )
    app.include_router(recordings_api.router(recordings, admit=reception.administrator))
    if statistics is not None:
        app.include_router(
            analytics.router(
                statistics,
                admit=reception.administrator,
                live=lambda: len(sessions) + elsewhere(),
                places=settings.max_sessions,
                wall_clock=wall_clock,
            )
        )
    app.include_router(tickets.router(reception.issue))
    if store is not None:
        app.include_router(
            conversations.router(store, user_of=reception.user_of, on_deleted=sessions.deleted)
        )
    entrance = Entrance(
        rules=rules,
        admit=sessions.admit,
        refuse=_refusal,
        count=lambda name, label: counters.add(name, label=label),
        outbox_bytes=settings.outbox_bytes,
        outbox_stall_s=settings.outbox_stall_s,
    )
    app.router.routes.append(WebSocketRoute("/ws", entrance.serve))
    if settings.page_dir is not None:
        app.mount("/", Page(settings.page_dir, connects_to=(settings.auth_issuer, settings.auth_domain)))
    return app


def _places(
    settings: Settings,
    documents: Documents,
    new_id: Callable[[], str],
    wall_clock: Callable[[], float],
) -> SharedPlaces | Unlimited:
    if not settings.model_quota:
        return Unlimited()
    return SharedPlaces(Quota(streams=settings.model_quota), documents, task=new_id(), wall_clock=wall_clock)


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
        needs_place=bool(settings.model_quota or settings.user_sessions or settings.user_minutes_per_day),
        queue_patience_s=settings.queue_patience_s,
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


def _new_session(
    terms: SessionTerms,
    recordings: Recordings,
    prices: Callable[[], Prices],
    new_id: Callable[[], str],
    chance: Callable[[], float],
    *,
    session_id: str,
    subprotocol: Subprotocol,
    resume_token: str,
    signed_in_until: float,
    now: float,
) -> SessionCore:
    own = replace(
        terms,
        session_id=session_id,
        conversation_id=new_id(),
        subprotocol=subprotocol,
        resume_token=resume_token,
        sign_in_expires_at=signed_in_until,
        prices=prices(),
    )
    # Chance only spreads waits, so that sessions do not act in step.
    return recordings.session(own, now=now, chance=chance)


def _refusal(refused: Refused) -> Response:
    return problem_of(refused).response()


def _nano(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * NANO_USD)


def _day(timestamp: float) -> str:
    """The day, UTC, as 2026-11-23."""
    return time.strftime("%Y-%m-%d", time.gmtime(timestamp))


def _report_tool(name: str, error: Exception) -> None:
    _log.error("tool failed", tool=name, exc_info=error)


@asynccontextmanager
async def _lifespan(
    _: FastAPI,
    *,
    model: ModelTransport,
    store: ConversationStore | None,
    health: health_api.Health,
    sessions: Sessions,
    publisher: Publisher,
    books: Bookkeeping,
    places: SharedPlaces | Unlimited,
    meter: LoadMeter,
) -> AsyncIterator[None]:
    health.model_problem = "the model has not been checked yet"
    working = {
        asyncio.create_task(_check(model, health), name="model check"),
        asyncio.create_task(_watch(sessions), name="revocation watch"),
        asyncio.create_task(meter.run(), name="load meter"),
        asyncio.create_task(_count(sessions), name="count of users"),
        asyncio.create_task(_look_after(sessions), name="watch over owners"),
        asyncio.create_task(books.run(), name="bookkeeping"),
        asyncio.create_task(publisher.run(), name="metrics"),
    }
    if isinstance(places, SharedPlaces):
        working.add(asyncio.create_task(places.run(), name="ledger of streams"))
    health.phase = health_api.Phase.SERVING
    try:
        yield
    finally:
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        await books.aclose()
        publisher.flush()
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


async def _count(sessions: Sessions) -> None:
    """Count what users hold and use, again and again; a store that is away costs nobody a running session."""
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            await sessions.count()
        except StoreError as error:
            _log.warning("users could not be counted", reason=str(error))
        except Exception:  # noqa: BLE001 - the next round counts again
            _log.exception("counting users failed")


async def _look_after(sessions: Sessions) -> None:
    """End what goes on elsewhere, soon; a store that does not answer is asked again."""
    while True:
        await asyncio.sleep(_OWNERS_S)
        try:
            if ended := await sessions.look_after():
                _log.info("sessions ended, their conversations go on elsewhere", sessions=ended)
        except (StoreError, TimeoutError) as error:
            _log.warning("it cannot be asked who owns what", reason=str(error) or "no answer in time")
        except Exception:  # noqa: BLE001 - the next round asks again
            _log.exception("asking who owns what failed")


async def _watch(sessions: Sessions) -> None:
    """End the sessions of users whose sign-in was taken back; the issuer tells nobody, so it is asked."""
    while True:
        await asyncio.sleep(_REVOCATION_S)
        try:
            if ended := await sessions.end_revoked():
                _log.info("sessions ended, sign-in revoked", sessions=ended)
        except Exception:  # noqa: BLE001 - the next sweep asks again
            _log.exception("asking about revoked sign-ins failed")
