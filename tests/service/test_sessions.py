"""A lost connection, seen from outside: the same process goes on, another one takes over, a stranger is refused."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession

from service.stores.ports import Retention, StoreUnavailableError
from service.stores.sqlite import SqliteStore
from tests.service.fake_model import FakeModel
from tests.service.serving import serving

LOST = 1006


@contextmanager
def process(path: Path | None) -> Iterator[tuple[TestClient, FakeModel]]:
    """One process over a store, which others may share."""
    model = FakeModel()
    store = path and SqliteStore(path, retention=Retention(), utc_now=lambda: datetime.now(UTC))
    with serving(model, store=store or None, bearer=None) as client:
        yield client, model


@contextmanager
def socket(client: TestClient, user: str = "ann") -> Iterator[WebSocketTestSession]:
    headers = {"host": "localhost", "authorization": f"Bearer {user}"}
    with client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=headers) as opened:
        yield opened


def hear(opened: WebSocketTestSession, kind: str, **fields: Any) -> dict[str, Any]:
    """The next message like this."""
    while True:
        message: dict[str, Any] = json.loads(opened.receive_text())
        if {"type": kind, **fields}.items() <= message.items():
            return message
        assert "error" != message["type"], message


def refusal(opened: WebSocketTestSession) -> tuple[str, int]:
    """The error, and the code of the close."""
    error = json.loads(opened.receive_text())
    closed = opened.receive()
    return str(error["code"]), int(closed["code"])


def say(opened: WebSocketTestSession, kind: str, **fields: Any) -> None:
    opened.send_text(json.dumps({"type": kind, **fields}))


def resume(ready: Mapping[str, Any], last_seq: int) -> dict[str, Any]:
    return {"sessionId": ready["sessionId"], "resumeToken": ready["resumeToken"], "lastSeq": last_seq}


@pytest.mark.parametrize("kept", [True, False], ids=["with a store", "without one"])
def test_the_same_process_goes_on_where_it_was(tmp_path: Path, *, kept: bool) -> None:
    with process(tmp_path / "c.sqlite" if kept else None) as (client, model), socket(client) as first:
        say(first, "start")
        ready = hear(first, "ready")
        say(first, "text", text="hello")
        turn = hear(first, "turn")
        first.close(LOST)
        with socket(client) as second:
            say(second, "start", resume=resume(ready, turn["seq"] - 1))
            missed = json.loads(second.receive_text())
            again = hear(second, "ready")
            say(second, "text", text="still there?")
            hear(second, "turn", turn=2)
            say(second, "end")

    assert turn == missed
    assert (True, ready["sessionId"], ready["conversationId"], 1) == (
        again["resumed"],
        again["sessionId"],
        again["conversationId"],
        len(model.streams),
    )
    assert again["resumeToken"] != ready["resumeToken"]


def test_a_connection_that_still_stands_is_closed_for_the_new_one(tmp_path: Path) -> None:
    with process(tmp_path / "c.sqlite") as (client, _), socket(client) as first:
        say(first, "start")
        ready = hear(first, "ready")
        with socket(client) as second:
            say(second, "start", resume=resume(ready, ready["seq"]))
            assert hear(second, "ready")["resumed"]
            while (message := first.receive())["type"] != "websocket.close":
                pass
            assert 4409 == message["code"]
            say(second, "end")


def test_another_process_takes_over_with_everything_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with process(path) as (client, _), socket(client) as first:
        say(first, "start")
        ready = hear(first, "ready")
        say(first, "text", text="hello")
        hear(first, "turn", saved=True)
        with process(path) as (other, model), socket(other) as second:
            say(second, "start", resume=resume(ready, 3))
            again = hear(second, "ready")
            say(second, "text", text="still there?")
            hear(second, "turn", turn=2, saved=True)
            say(second, "end")
        # The one that was left behind finds out with its next turn, and writes nothing.
        say(first, "text", text="am I alone?")
        assert "superseded" == hear_error(first)

    told = [body["content"] for name, body in model.streams[0].sent if name == "textInput"]
    assert (False, ready["conversationId"], 2) == (again["resumed"], again["conversationId"], again["epoch"])
    assert ["hello", "You typed."] == told[1:3]


def hear_error(opened: WebSocketTestSession) -> str:
    while (message := json.loads(opened.receive_text()))["type"] != "error":
        pass
    return str(message["code"])


def test_a_token_is_good_once_and_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with process(path) as (client, _), socket(client) as first:
        say(first, "start")
        ready = hear(first, "ready")
        say(first, "text", text="hello")
        hear(first, "turn", saved=True)
        with socket(client, "bob") as thief:
            say(thief, "start", resume=resume(ready, ready["seq"]))
            assert ("conversation_unknown", 4410) == refusal(thief)
        with process(path) as (other, _):
            with socket(other) as second:
                say(second, "start", resume=resume(ready, ready["seq"]))
                hear(second, "ready")
                say(second, "end")
            with socket(other) as third:
                say(third, "start", resume=resume(ready, ready["seq"]))
                assert ("conversation_unknown", 4410) == refusal(third)


@pytest.mark.parametrize(
    "change",
    [{"resumeToken": "invented"}, {"sessionId": "01JD0000000000000000000000"}, {"sessionId": "../x"}],
    ids=["an invented token", "an invented session", "no session's name"],
)
def test_what_was_invented_is_refused_and_a_fresh_start_works(tmp_path: Path, change: dict[str, str]) -> None:
    with process(tmp_path / "c.sqlite") as (client, _):
        with socket(client) as first:
            say(first, "start")
            ready = hear(first, "ready")
            say(first, "text", text="hello")
            hear(first, "turn", saved=True)
            say(first, "end")
        with socket(client) as second:
            say(second, "start", resume=resume(ready, ready["seq"]) | change)
            assert ("conversation_unknown", 4410) == refusal(second)
        with socket(client) as third:
            say(third, "start", conversationId=ready["conversationId"])
            assert ready["conversationId"] == hear(third, "ready")["conversationId"]
            say(third, "end")


@contextmanager
def talking(client: TestClient) -> Iterator[tuple[WebSocketTestSession, dict[str, Any]]]:
    """A session with one saved turn, and its `ready`."""
    with socket(client) as opened:
        say(opened, "start")
        ready = hear(opened, "ready")
        say(opened, "text", text="hello")
        hear(opened, "turn", saved=True)
        yield opened, ready


def look_after(client: TestClient) -> int:
    """As the process does every four seconds: how many sessions ended."""
    portal, app = client.portal, client.app
    assert portal is not None
    assert isinstance(app, FastAPI)
    return int(portal.call(app.state.sessions.look_after))


def test_an_owner_that_says_nothing_learns_soon_that_its_conversation_goes_on_elsewhere(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.sqlite"
    with process(path) as (client, _), talking(client) as (first, ready), process(path) as (other, _):
        assert [0, 0] == [look_after(client), look_after(other)]
        with socket(other) as second:
            say(second, "start", conversationId=ready["conversationId"])
            hear(second, "ready", epoch=2)
            assert [1, 0] == [look_after(client), look_after(other)]
            assert ("superseded", 4409) == refusal(first)
            say(second, "text", text="I am not alone")
            hear(second, "turn", saved=True)
            say(second, "end")


def test_an_owner_that_says_nothing_learns_soon_that_its_conversation_was_deleted(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with process(path) as (client, _), talking(client) as (first, ready), process(path) as (other, _):
        address = f"/api/conversations/{ready['conversationId']}"
        assert 204 == other.delete(address, headers={"authorization": "Bearer ann"}).status_code
        assert 1 == look_after(client)
        assert ("conversation_unknown", 4410) == refusal(first)


def test_a_store_that_cannot_say_who_owns_what_ends_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def throttled(*_: object) -> None:
        raise StoreUnavailableError("throttled")

    with process(tmp_path / "c.sqlite") as (client, _), talking(client) as (first, _):
        monkeypatch.setattr(SqliteStore, "epochs", throttled)
        with pytest.raises(StoreUnavailableError):
            look_after(client)
        say(first, "text", text="still there?")
        hear(first, "turn", turn=2, saved=True)
        say(first, "end")
