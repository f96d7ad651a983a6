"""Every route is documented, and schemathesis finds no request that makes the service break its own word."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.python.asgi import get_client

from service.app import create_app
from service.metrics.counters import Counters
from service.settings import Settings
from service.stores.ports import Retention
from service.stores.sqlite import SqliteStore
from service.stores.statistics_sqlite import SqliteStatistics
from tests.service.auth import tokens
from tests.service.auth.tokens import real_verifier
from tests.service.fake_model import FakeModel
from tests.service.fake_sign_in import NOW, SETTINGS, fake_sign_in


class _Lasting(SqliteStore):
    """schemathesis starts and ends the application for every request; the file stays open."""

    async def aclose(self) -> None:
        """Not yet."""


class _LastingSums(SqliteStatistics):
    """The same for the sums."""

    async def aclose(self) -> None:
        """Not yet."""


def _application(store: Path) -> FastAPI:
    # Not on loopback, where it would answer to loopback's names only; schemathesis has a name of its own.
    return create_app(
        Settings(**SETTINGS, host="0.0.0.0"),  # noqa: S104 - nothing listens here
        model=FakeModel(),
        sign_in=fake_sign_in(verifier=real_verifier()),
        counters=Counters(),
        clock=lambda: 0.0,
        store=_Lasting(store, retention=Retention(), utc_now=lambda: datetime.now(UTC)),
        statistics=_LastingSums(store.with_name("statistics.sqlite"), wall_clock=lambda: NOW),
        wall_clock=lambda: NOW,
    )


_FOLDER: Final = TemporaryDirectory()
APP: Final = _application(Path(_FOLDER.name) / "conversations.sqlite")
SCHEMA: Final = schemathesis.openapi.from_dict(APP.openapi())
SCHEMA.app = APP
BOUNDED: Final = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    """The application's own start and end, around all requests."""
    with _FOLDER, get_client(cast("Any", APP)):
        yield


def test_every_route_is_documented() -> None:
    # FastAPI keeps an included router as it is; its routes are its own.
    routers = [route.original_router for route in APP.routes if hasattr(route, "original_router")]
    served = {
        (route.path, method) for router in routers for route in router.routes for method in route.methods
    }
    documented = {
        (path, method.upper()) for path, methods in APP.openapi()["paths"].items() for method in methods
    }

    assert {"/api/tickets", "/api/options", "/api/conversations", "/config.json", "/health/ready"} < {
        path for path, _ in documented
    }
    assert served == documented


def test_every_answer_that_is_documented_has_a_shape_and_words() -> None:
    for path, methods in APP.openapi()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            for status, answer in operation["responses"].items():
                assert bool(answer.get("content")) is (status != "204"), (method, path, status)
                assert answer["description"], (method, path, status)


@SCHEMA.parametrize()
@BOUNDED
def test_schemathesis_finds_nothing_as_a_stranger(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate()


@SCHEMA.parametrize()
@BOUNDED
def test_schemathesis_finds_nothing_as_a_user(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {tokens.sign()}"})


@SCHEMA.include(path_regex="analytics|recordings").parametrize()
@BOUNDED
def test_schemathesis_finds_nothing_as_an_administrator(case: schemathesis.Case[Any]) -> None:
    token = tokens.sign(claims={**tokens.CLAIMS, "cognito:groups": ["admins"]})
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code != HTTPStatus.FORBIDDEN, "it saw more than the door"
