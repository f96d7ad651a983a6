"""What administrators see of how the assistant is used; others are told that they may not."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from service import replay
from service.bookkeeping import Bookkeeping
from service.metrics.registry import Registry
from service.policies.budget import Budget, Budgets
from service.stores.statistics import EVERYBODY, Bin, of_user
from service.stores.statistics_sqlite import SqliteStatistics
from tests.service.fake_model import FakeModel
from tests.service.fake_sign_in import ISSUER, NOW
from tests.service.serving import close_code, hear, serving

HOST = {"host": "localhost"}
ADMIN = {"authorization": "Bearer admin"}
TODAY = time.strftime("%Y-%m-%d", time.gmtime(NOW))


class _Lasting(SqliteStatistics):
    async def aclose(self) -> None:
        """The test reads on after the application's end."""


def statistics(tmp_path: Path) -> _Lasting:
    return _Lasting(tmp_path / "statistics.sqlite", wall_clock=lambda: NOW)


class _ChargingModel(FakeModel):
    """Each reply costs 1000 tokens of speech, which is 1.2 cents."""

    def charge(self, total: int) -> None:
        self.streams[-1].say(
            "usageEvent",
            details={
                "total": {
                    "input": {"speechTokens": 0, "textTokens": 0},
                    "output": {"speechTokens": total, "textTokens": 0},
                }
            },
        )


def one_turn(client: TestClient, model: _ChargingModel, words: str = "hello") -> dict[str, Any]:
    with client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=HOST) as socket:
        socket.send_text(json.dumps({"type": "start"}))
        hear(socket, "ready")
        model.charge(1_000)
        hear(socket, "usage")
        socket.send_text(json.dumps({"type": "text", "text": words}))
        turn = hear(socket, "turn")
        socket.send_text(json.dumps({"type": "end"}))
        assert 1000 == close_code(socket)
    return turn


@pytest.mark.parametrize(
    "path", ["/api/analytics", "/api/analytics.csv", "/api/recordings", "/api/recordings/abc"]
)
def test_only_administrators_see_figures_and_recordings(tmp_path: Path, path: str) -> None:
    with serving(statistics=statistics(tmp_path)) as client:
        refused = client.get(path)
        assert (403, "not_an_administrator") == (refused.status_code, refused.json()["code"])
        assert 401 == client.get(path, headers={"authorization": "Bearer nobody"}).status_code
        assert client.get(path, headers=ADMIN).status_code in {200, 404}


async def test_a_turn_is_in_the_figures_with_its_outcome_its_language_and_its_cost(tmp_path: Path) -> None:
    sums, model = statistics(tmp_path), _ChargingModel()
    with serving(model, statistics=sums) as client:
        turn = one_turn(client, model)
        assert 0.012 == turn["costUsd"]
    with serving(statistics=sums) as client:
        seen = client.get("/api/analytics?days=3", headers=ADMIN).json()
    today = seen["days"][-1]
    assert [None, None, 100.0] == [day["completionPercent"] for day in seen["days"]]
    assert (TODAY, 1, 1, 1, 0) == tuple(
        today[name] for name in ("period", "sessions", "turns", "completed", "failed")
    )
    assert {"en-US": 1} == today["languages"]
    assert {"out_speech": 1_000} == {name: count for name, count in today["tokens"].items() if count}
    assert 0.012 == today["costUsd"] == seen["total"]["costUsd"]
    assert today["firstAudioMs"]["p50"] is not None
    assert (0, 50) == (seen["liveSessions"], seen["places"])
    assert 1 == len(seen["hours"])
    (of_alice,) = await sums.read(of_user(f"{ISSUER}#alice"), TODAY, TODAY)
    assert 12_000_000 == of_alice[1]["cost_nano"]


def test_the_table_has_a_line_for_every_day(tmp_path: Path) -> None:
    sums, model = statistics(tmp_path), _ChargingModel()
    with serving(model, statistics=sums) as client:
        one_turn(client, model)
    with serving(statistics=sums) as client:
        answer = client.get("/api/analytics.csv?days=7", headers=ADMIN)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert 7 == len(lines)
    assert (TODAY, "1", "0.012000000") == tuple(lines[-1][name] for name in ("day", "turns", "cost_usd"))
    assert "0" == lines[0]["turns"]


def test_a_store_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "statistics.sqlite").mkdir()
    with serving(statistics=statistics(tmp_path)) as client:
        answer = client.get("/api/analytics", headers=ADMIN)
    assert (503, "statistics_unavailable") == (answer.status_code, answer.json()["code"])
    assert "retry-after" in answer.headers


def test_a_recording_can_be_downloaded_and_replayed_and_holds_no_word(tmp_path: Path) -> None:
    model = _ChargingModel()
    with serving(model, statistics=statistics(tmp_path), recordings=5) as client:
        one_turn(client, model, words="Xylophonquarz")
        (listed,) = client.get("/api/recordings", headers=ADMIN).json()["recordings"]
        answer = client.get(f"/api/recordings/{listed['sessionId']}", headers=ADMIN)
        assert 404 == client.get("/api/recordings/nobody", headers=ADMIN).status_code
    assert b"xylophonquarz" not in answer.content.lower()
    replayed = replay.replay(answer.content)
    assert replayed.is_same
    assert [0.012] == [turn.cost_nano_usd / 1e9 for _, turn in replayed.turns]


def test_a_user_who_has_spent_the_allowance_hears_a_goodbye_and_comes_back_tomorrow(tmp_path: Path) -> None:
    sums, model = statistics(tmp_path), _ChargingModel()
    with serving(model, statistics=sums, budget_user_usd=0.01) as client:
        with client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=HOST) as socket:
            socket.send_text(json.dumps({"type": "start"}))
            hear(socket, "ready")
            model.charge(1_000)
            socket.send_text(json.dumps({"type": "text", "text": "hello"}))
            assert "budget" == hear(socket, "goAway")["reason"]
            assert hear(socket, "audio")["data"], "the goodbye is spoken"
            assert "budget_spent" == hear(socket, "error")["code"]
            assert 4403 == close_code(socket)
        refused = client.post("/api/tickets")
        assert (429, "budget_spent") == (refused.status_code, refused.json()["code"])
        assert int(refused.headers["retry-after"]) <= 86_400
    with serving(model, statistics=sums, budget_user_usd=0.01) as client:
        assert 429 == client.post("/api/tickets").status_code, "known to the store"
        assert 200 == client.post("/api/tickets", headers={"authorization": "Bearer bob"}).status_code
    tomorrow = NOW + 86_400
    with serving(model, statistics=sums, budget_user_usd=0.01, wall_clock=lambda: tomorrow) as client:
        assert 200 == client.post("/api/tickets").status_code


class _Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


async def test_the_deployments_budget_is_everybodys_and_ends_at_midnight(tmp_path: Path) -> None:
    clock = _Clock()
    ids = iter(f"batch-{number}" for number in range(100))
    books = Bookkeeping(
        statistics(tmp_path),
        Budgets(deployment_nano_usd=100),
        registry=Registry(),
        wall_clock=clock,
        new_id=lambda: next(ids),
    )
    assert await books.allow("ann") is None
    books.add("ann", {"cost_nano": 99})
    assert books.spent("bob") is None
    books.add("ann", {"cost_nano": 1})
    assert Budget.DEPLOYMENT == await books.allow("bob")
    await books.flush()
    clock.now += books.renewed_in_s() - 1
    assert Budget.DEPLOYMENT == await books.allow("bob")
    clock.now += 1
    assert await books.allow("bob") is None


async def test_figures_wait_for_a_store_that_is_away_and_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "statistics.sqlite"
    path.mkdir()
    sums = _Lasting(path, wall_clock=lambda: NOW)
    ids = iter(f"batch-{number}" for number in range(100))
    books = Bookkeeping(
        sums, Budgets(), registry=Registry(), wall_clock=lambda: NOW, new_id=lambda: next(ids)
    )
    books.add("ann", {"turns": 1})
    await books.flush()
    books.add("ann", {"turns": 2})
    path.rmdir()
    await books.flush()
    await books.flush()
    ((_, read),) = await sums.read(EVERYBODY, f"{TODAY}T00", f"{TODAY}T23")
    assert {"turns": 3} == read
    await sums.add("other", {Bin(scope=EVERYBODY, period=f"{TODAY}T00"): {"turns": 1}})


def test_the_canary_phrase_of_a_call_is_in_no_line_of_any_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "Xylophonquarz"
    model = _ChargingModel()
    with serving(model, statistics=statistics(tmp_path), stage="test", log_level="debug") as client:
        with client.websocket_connect("/ws", subprotocols=["voice.v1.json"], headers=HOST) as socket:
            socket.send_text(json.dumps({"type": "start"}))
            hear(socket, "ready")
            stream = model.streams[-1]
            for role, planned in (("USER", "FINAL"), ("ASSISTANT", "SPECULATIVE")):
                stream.say(
                    "contentStart", contentId=f"c{role}", type="TEXT", role=role,
                    additionalModelFields=orjson.dumps({"generationStage": planned}).decode(),
                )  # fmt: skip
                stream.say("textOutput", contentId=f"c{role}", role=role, content=canary)
            stream.say(
                "toolUse", contentId="t", toolName=canary, toolUseId="u", content=f'{{"a":"{canary}"}}'
            )
            stream.say("usageEvent", details={canary: canary})
            stream.say(canary, content=canary)
            socket.send_text(json.dumps({"type": "auth", "ticket": canary}))
            socket.send_text(json.dumps({"type": "text", "text": canary}))
            socket.send_text(json.dumps({"type": canary}))
            close_code(socket)
        client.get(f"/api/recordings/{canary}", headers={"authorization": f"Bearer {canary}"})
    written = capsys.readouterr()
    assert '"_aws"' in written.err or "turn" in written.out
    assert canary.lower() not in (written.out + written.err).lower()
