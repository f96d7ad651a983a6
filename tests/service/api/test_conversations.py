"""Past conversations over HTTP, and a conversation over the socket that is found there afterwards."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.stores.ports import Retention
from service.stores.sqlite import SqliteStore
from service.stores.statistics import Bin, of_user
from service.stores.statistics_sqlite import SqliteStatistics
from tests.service import serving as service
from tests.service.fake_sign_in import ISSUER, NOW

HOST = {"host": "localhost"}
PROBLEM = "application/problem+json"
TODAY = time.strftime("%Y-%m-%d", time.gmtime(NOW))


class _Lasting(SqliteStatistics):
    async def aclose(self) -> None:
        """The test reads on after the application's end."""


@contextmanager
def serving(path: Path, user: str | None = "ann") -> Iterator[TestClient]:
    store = SqliteStore(path, retention=Retention(), utc_now=lambda: datetime.now(UTC))
    with service.serving(store=store, bearer=user) as client:
        yield client


def say(client: TestClient, text: str, *, conversation_id: str | None = None) -> tuple[str, dict[str, Any]]:
    """Type one text in a session and wait until its turn is saved; the conversation's id, and that turn."""
    with client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=HOST) as socket:
        start = {"type": "start"} | ({"conversationId": conversation_id} if conversation_id else {})
        socket.send_text(json.dumps(start))
        socket.send_text(json.dumps({"type": "text", "text": text}))
        found = ""
        while True:
            message = json.loads(socket.receive_text())
            assert "error" != message["type"], message
            if message["type"] == "ready":
                found = message["conversationId"]
            if message["type"] == "turn" and message["saved"]:
                return found, message


def test_what_was_said_is_found_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with serving(path) as client:
        conversation_id, turn = say(client, "hello")
    with serving(path) as client:
        (listed,) = client.get("/api/conversations").json()["conversations"]
        read = client.get(f"/api/conversations/{conversation_id}").json()

    assert (1, conversation_id, "hello", 1) == (
        turn["turn"],
        listed["id"],
        listed["title"],
        listed["lastTurn"],
    )
    assert [("hello", "You typed.", "completed")] == [
        (said["user"], said["assistant"], said["outcome"]) for said in read["turns"]
    ]


def test_a_conversation_is_continued_with_its_history_and_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with serving(path) as client:
        conversation_id, _ = say(client, "hello")
        continued, turn = say(client, "and again", conversation_id=conversation_id)
        turns = client.get(f"/api/conversations/{conversation_id}").json()["turns"]

    assert (conversation_id, 2) == (continued, turn["turn"])
    assert ["hello", "and again"] == [said["user"] for said in turns]


def test_another_users_conversation_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with serving(path) as client:
        conversation_id, _ = say(client, "hello")
        theirs = {"authorization": "Bearer bob"}
        url = f"/api/conversations/{conversation_id}"
        answers = [
            client.get(url, headers=theirs),
            client.get(f"{url}/export", headers=theirs),
            client.patch(url, json={"title": "mine"}, headers=theirs),
            client.delete(url, headers=theirs),
        ]

        assert [(404, PROBLEM, "conversation_unknown")] * 4 == [
            (answer.status_code, answer.headers["content-type"], answer.json()["code"]) for answer in answers
        ]
        assert [] == client.get("/api/conversations", headers=theirs).json()["conversations"]
        assert 204 == client.delete("/api/me", headers=theirs).status_code
        assert 200 == client.get(url).status_code


def test_rename_export_delete_and_forget(tmp_path: Path) -> None:
    with serving(tmp_path / "c.sqlite") as client:
        first, _ = say(client, "hello")
        second, _ = say(client, "good day")
        renamed = client.patch(f"/api/conversations/{first}", json={"title": "  Greetings "})
        export = client.get(f"/api/conversations/{first}/export")
        text = client.get(f"/api/conversations/{first}/export?format=text")
        deleted = client.delete(f"/api/conversations/{first}")
        left = client.get("/api/conversations").json()["conversations"]
        forgotten = client.delete("/api/me")
        nothing = client.get("/api/conversations").json()

    assert ("Greetings", 204, 204) == (renamed.json()["title"], deleted.status_code, forgotten.status_code)
    assert 'attachment; filename="conversation.json"' == export.headers["content-disposition"]
    assert ["hello"] == [turn["user"] for turn in export.json()["turns"]]
    assert text.text.startswith("Greetings\n")
    assert text.text.endswith("\nYou: hello\nAssistant: You typed.\n")
    assert [second] == [conversation["id"] for conversation in left]
    assert {"conversations": [], "next": None} == nothing


def test_the_list_is_read_page_by_page(tmp_path: Path) -> None:
    with serving(tmp_path / "c.sqlite") as client:
        ids = [say(client, f"number {i}")[0] for i in range(3)]
        first = client.get("/api/conversations?limit=2").json()
        second = client.get(f"/api/conversations?limit=2&before={first['next']}").json()

    assert sorted(ids, reverse=True) == [
        one["id"] for one in first["conversations"] + second["conversations"]
    ]
    assert None is second["next"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/conversations?limit=0", None),
        ("GET", "/api/conversations?limit=x", None),
        ("PATCH", "/api/conversations/x", {"title": " "}),
        ("PATCH", "/api/conversations/x", {"title": "x" * 201}),
        ("PATCH", "/api/conversations/x", {"name": "x"}),
    ],
)
def test_a_request_that_cannot_be_is_refused(tmp_path: Path, method: str, path: str, body: object) -> None:
    with serving(tmp_path / "c.sqlite") as client:
        answer = client.request(method, path, json=body)

    assert (400, PROBLEM) == (answer.status_code, answer.headers["content-type"])


def test_nobody_asks_without_signing_in(tmp_path: Path) -> None:
    with serving(tmp_path / "c.sqlite", user=None) as client:
        answer = client.get("/api/conversations")

    assert (401, "sign_in_required", True) == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["www-authenticate"].startswith("Bearer"),
    )


def test_a_page_that_gave_this_machine_a_name_of_its_own_reads_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "c.sqlite") as client:
        answer = client.get("/api/conversations", headers={"host": "evil.example:8000"})

    assert (403, "forbidden_host") == (answer.status_code, answer.json()["code"])


def test_a_store_that_is_away_is_a_503_with_a_time_to_come_again(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"not a database" * 100)
    with serving(tmp_path / "c.sqlite") as client:
        answer = client.get("/api/conversations")

    assert (503, "history_unavailable", "2") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["retry-after"],
    )


def test_a_conversation_goes_on_although_nothing_can_be_saved(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"not a database" * 100)
    with (
        serving(tmp_path / "c.sqlite") as client,
        client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=HOST) as socket,
    ):
        socket.send_text(json.dumps({"type": "text", "text": "hello"}))
        kinds: list[tuple[str, Any]] = []
        while ("turn", False) not in kinds or ("error", "not_saved") not in kinds:
            message = json.loads(socket.receive_text())
            kinds.append((message["type"], message.get("saved", message.get("code"))))
        socket.send_text(json.dumps({"type": "end"}))


@pytest.mark.parametrize(("budget_usd", "left"), [(None, []), (1.0, [TODAY])])
def test_who_is_forgotten_leaves_no_sums_but_what_a_budget_counts_today(
    tmp_path: Path, budget_usd: float | None, left: list[str]
) -> None:
    ann = of_user(f"{ISSUER}#ann")
    sums = _Lasting(tmp_path / "s.sqlite", wall_clock=lambda: NOW)
    asyncio.run(sums.add("old", {Bin(scope=ann, period="2023-11-13"): {"turns": 9}}))
    asyncio.run(sums.add("new", {Bin(scope=ann, period=TODAY): {"turns": 1}}))
    store = SqliteStore(tmp_path / "c.sqlite", retention=Retention(), utc_now=lambda: datetime.now(UTC))
    with service.serving(store=store, bearer="ann", statistics=sums, budget_user_usd=budget_usd) as client:
        assert 204 == client.delete("/api/me").status_code

    assert left == [period for period, _ in asyncio.run(sums.read(ann, "2000", "2100"))]


def test_who_is_forgotten_is_recorded_no_more_and_others_still_are(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "c.sqlite", retention=Retention(), utc_now=lambda: datetime.now(UTC))
    admin = {"authorization": "Bearer admin"}
    with service.serving(store=store, bearer="ann", recordings=5) as client:

        def kept() -> list[str]:
            listed = client.get("/api/recordings", headers=admin).json()["recordings"]
            return [one["sessionId"] for one in listed]

        say(client, "hello")
        (of_ann,) = kept()
        client.headers["authorization"] = "Bearer bob"
        conversation_of_bob, _ = say(client, "hello")
        of_bob = next(name for name in kept() if name != of_ann)
        assert 204 == client.delete(f"/api/conversations/{conversation_of_bob}").status_code
        client.headers["authorization"] = "Bearer ann"

        assert 204 == client.delete("/api/me").status_code

        assert [of_bob] == kept()
        assert 404 == client.get(f"/api/recordings/{of_ann}", headers=admin).status_code
