"""The only wiring: settings and adapters in, an ASGI application out."""

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from service import identifiers
from service.allowances import Allowances
from service.api import analytics, conversations, options, page_config, problems, tickets
from service.api import health as health_api
from service.api import recordings as recordings_api
from service.api.page import Page
from service.auth.sign_in import SignIn
from service.bookkeeping import Bookkeeping
from service.lifespan import Lifespan
from service.metrics import quota
from service.metrics.contract import QUEUE_DEPTH, SESSION_UTILIZATION, SESSIONS_ACTIVE
from service.metrics.counters import Counters
from service.metrics.instruments import Instruments
from service.metrics.load import LoadMeter
from service.metrics.logs import logger
from service.metrics.recorder import Recordings
from service.metrics.recording import mask_with, plain
from service.newcomer import Newcomers, terms_of
from service.places import SharedPlaces, Unlimited
from service.policies.admission import Admission
from service.policies.allowance import Allowance
from service.policies.breaker import Breaker
from service.policies.budget import Budgets
from service.policies.pressure import Limits, Pressure
from service.policies.prices import NANO_USD
from service.policies.profiles import profile_for
from service.policies.quota import Quota
from service.reception import Reception, problem_of
from service.sessions import Sessions
from service.settings import Settings
from service.stores.memory import MemoryDocuments
from service.stores.ports import ConversationStore, Documents
from service.stores.statistics import StatisticsStore
from service.surroundings import Surroundings
from service.task_protection import TaskProtection
from service.tools.current_time import CurrentTime
from service.tools.registry import Registry
from service.transports.guarded import GuardedTransport
from service.transports.handshake import Refused, Rules
from service.transports.ports import ModelTransport
from service.transports.websocket import Entrance

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
    protection: TaskProtection | None = None,
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
    newcomers = Newcomers(
        terms=terms_of(settings, tools, keeps_history=store is not None),
        recordings=recordings,
        wall_clock=wall_clock,
        new_id=new_id,
        chance=chance,
    )
    sessions = Sessions(
        admission=Admission(max_sessions=settings.max_sessions),
        sign_in=sign_in,
        health=health,
        counters=counters,
        registry=instruments.registry,
        books=books,
        traces=instruments.traces,
        prices=newcomers.prices,
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
        new_session=newcomers.begin,
        new_id=new_id,
        new_token=new_token,
        wall_clock=wall_clock,
        elsewhere=elsewhere,
        on_change=on_sessions,
    )
    rules = Rules(allowed_origins=settings.allowed_origins, loopback_only=settings.is_loopback)
    entrance = Entrance(
        rules=rules,
        admit=sessions.admit,
        refuse=_refusal,
        count=lambda name, label: counters.add(name, label=label),
        outbox_bytes=settings.outbox_bytes,
        outbox_stall_s=settings.outbox_stall_s,
    )
    publisher = instruments.publisher(
        stage=settings.stage,
        properties={"service": "voice", "model": settings.model_id, "region": settings.region},
        gauges=lambda: {
            SESSIONS_ACTIVE.name: len(sessions),
            QUEUE_DEPTH.name: entrance.most_waiting_bytes(),
            SESSION_UTILIZATION.name: round(100 * (len(sessions) + elsewhere()) / settings.max_sessions, 2),
        },
        clock=clock,
        wall_clock=wall_clock,
    )
    app = FastAPI(
        title="Voice assistant",
        version="1",
        lifespan=Lifespan(
            model=model,
            store=store,
            health=health,
            sessions=sessions,
            publisher=publisher,
            books=books,
            places=places,
            meter=meter,
            protection=protection,
            elsewhere=elsewhere,
        ).run,
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
            admin_group=settings.auth_admin_group,
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
            conversations.router(
                store,
                user_of=reception.user_of,
                on_deleted=partial(_deleted, sessions, recordings),
                forget_figures=books.forget,
            )
        )
    app.router.routes.append(WebSocketRoute("/ws", entrance.serve))
    if settings.page_dir is not None:
        app.mount("/", Page(settings.page_dir, connects_to=(settings.auth_issuer, settings.auth_domain)))
    return app


def _deleted(sessions: Sessions, recordings: Recordings, user_id: str, conversation_id: str | None) -> None:
    """A user deleted a conversation, or everything: then what was recorded of them goes as well."""
    sessions.deleted(user_id, conversation_id)
    if conversation_id is None:
        recordings.forget(user_id)


def _places(
    settings: Settings,
    documents: Documents,
    new_id: Callable[[], str],
    wall_clock: Callable[[], float],
) -> SharedPlaces | Unlimited:
    if not settings.model_quota:
        return Unlimited()
    return SharedPlaces(Quota(streams=settings.model_quota), documents, task=new_id(), wall_clock=wall_clock)


def _refusal(refused: Refused) -> Response:
    return problem_of(refused).response()


def _nano(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * NANO_USD)


def _report_tool(name: str, error: Exception) -> None:
    _log.error("tool failed", tool=name, exc_info=error)
