"""The whole service in one process, with a model in memory and users without a pool."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession

from service.app import create_app
from service.auth.sign_in import SignIn
from service.metrics.counters import Counters
from service.metrics.instruments import Instruments
from service.settings import Settings
from service.stores.ports import ConversationStore
from service.stores.statistics import StatisticsStore
from tests.service import fake_sign_in
from tests.service.fake_model import FakeModel


@contextmanager
def serving(
    model: FakeModel | None = None,
    *,
    counters: Counters | None = None,
    sign_in: SignIn | None = None,
    statistics: StatisticsStore | None = None,
    instruments: Instruments | None = None,
    store: ConversationStore | None = None,
    wall_clock: Callable[[], float] = lambda: fake_sign_in.NOW,
    bearer: str | None = "alice",
    **settings: Any,
) -> Iterator[TestClient]:
    """A client that is signed in, unless told otherwise."""
    app = create_app(
        Settings(**fake_sign_in.SETTINGS, **settings),
        model=model or FakeModel(),
        sign_in=sign_in or fake_sign_in.fake_sign_in(),
        counters=counters or Counters(),
        statistics=statistics,
        instruments=instruments,
        clock=time.monotonic,
        store=store,
        wall_clock=wall_clock,
    )
    # A WebSocket of the test client is always addressed to `testserver`, unless told otherwise.
    headers = {"host": "localhost", **({} if bearer is None else {"authorization": f"Bearer {bearer}"})}
    with TestClient(app, headers=headers) as client:
        yield client


def refused(client: TestClient, path: str = "/ws", **options: Any) -> tuple[int, str, str]:
    """Status, media type and code of a refused upgrade."""
    with pytest.raises(WebSocketDenialResponse) as denial, client.websocket_connect(path, **options):
        pass
    response = denial.value
    return response.status_code, response.headers["content-type"], response.json()["code"]


def close_code(socket: WebSocketTestSession) -> int:
    """Pass over what is still said, up to the close."""
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    return int(message["code"])


def hear(socket: WebSocketTestSession, wanted: str) -> dict[str, Any]:
    """The next message of this type; what comes before it is passed over."""
    while True:
        message: dict[str, Any] = json.loads(socket.receive_text())
        if message["type"] == wanted:
            return message
