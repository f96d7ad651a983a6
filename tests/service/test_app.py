"""The whole service in one process, with a model in memory: REST, handshake, a conversation, draining."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.metrics.counters import Counters
from tests.service.fake_model import REPLY_PCM, FakeModel
from tests.service.serving import close_code, hear, refused, serving


def test_health_is_green_and_ready_once_the_model_was_reached() -> None:
    with serving() as client:
        assert {"status": "ok", "phase": "serving"} == client.get("/health").json()
        assert 200 == client.get("/health/live").status_code
        assert {
            "status": "ready",
            "reasons": [],
            "sessions": 0,
            "maxSessions": 50,
            "log": "ok",
            "logLinesDropped": 0,
        } == client.get("/health/ready").json()


def test_a_model_that_cannot_be_reached_makes_the_service_not_ready_and_says_why() -> None:
    model = FakeModel()
    model.problem = ModelFailure(ModelFailureKind.CREDENTIALS, "no AWS credentials")
    with serving(model) as client:
        answer = client.get("/health/ready")

        assert 503 == answer.status_code
        assert ["the model stream failed (credentials): no AWS credentials"] == answer.json()["reasons"]
        assert 200 == client.get("/health").status_code


def test_options_tell_what_can_be_chosen() -> None:
    with serving(language="de-DE", voice="tina") as client:
        options = client.get("/api/options").json()

    assert {"language": "de-DE", "voice": "tina"} == options["defaults"]
    german = next(language for language in options["languages"] if language["code"] == "de-DE")
    assert ["tina", "lennart", "tiffany", "matthew"] == [voice["id"] for voice in german["voices"]]
    assert ([8_000, 16_000, 24_000], 1_500, 2_000, 32_768) == (
        options["inputSampleRatesHz"],
        options["silenceThresholdMs"],
        options["watchdogMs"],
        options["maxMessageBytes"],
    )


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/health", 405)])
def test_errors_are_problem_documents(method: str, path: str, status: int) -> None:
    with serving() as client:
        answer = client.request(method, path)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert status == answer.json()["status"]


def test_the_schema_of_the_api_is_not_offered() -> None:
    with serving() as client:
        assert [404, 404] == [client.get(path).status_code for path in ("/openapi.json", "/docs")]


def test_the_page_is_served_beside_the_api(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    with serving(page_dir=tmp_path) as client:
        assert "<!doctype html>" == client.get("/some/view").text
        assert "ok" == client.get("/health").json()["status"]


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("/ws?ticket=secret", {}, (400, "query_string")),
        ("/ws", {"subprotocols": ["chat"]}, (400, "unknown_subprotocol")),
        ("/ws", {"headers": {"origin": "https://evil.example"}}, (403, "forbidden_origin")),
        ("/ws", {"headers": {"host": "evil.example"}}, (403, "forbidden_host")),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_before_the_upgrade(
    path: str, options: dict[str, Any], expected: tuple[int, str]
) -> None:
    counters = Counters()
    model = FakeModel()
    with serving(model, counters=counters) as client:
        status, media_type, code = refused(client, path, **options)

    assert expected == (status, code)
    assert "application/problem+json" == media_type
    assert 1 == counters.value("handshakes_refused", code)
    assert [] == model.streams


def test_the_last_place_is_the_last() -> None:
    with serving(max_sessions=1) as client, client.websocket_connect("/ws") as socket:
        assert (503, "application/problem+json", "full") == refused(client)
        socket.send_text('{"type":"end"}')


@pytest.mark.parametrize("subprotocol", ["voice.v1", "voice.v1.json"])
def test_a_typed_question_is_answered_in_the_subprotocol_that_was_agreed(subprotocol: str) -> None:
    with serving() as client, client.websocket_connect("/ws", subprotocols=[subprotocol]) as socket:
        agreed: Any = socket.accepted_subprotocol
        socket.send_text('{"type":"start","language":"de-DE","voice":"tina"}')
        ready = hear(socket, "ready")
        socket.send_text('{"type":"text","text":"Wer bist du?"}')
        typed, planned = hear(socket, "transcript"), hear(socket, "transcript")
        while True:
            message = socket.receive()
            if message.get("bytes") is not None or '"audio"' in message["text"]:
                break
        socket.send_text('{"type":"end"}')
        code = close_code(socket)

    assert ("de-DE", "tina") == (ready["language"], ready["voice"])
    assert subprotocol == agreed
    assert ("user", "Wer bist du?") == (typed["role"], typed["text"])
    assert ("assistant", "planned", "You typed.") == tuple(
        planned[name] for name in ("role", "stage", "text")
    )
    if subprotocol == "voice.v1":
        assert REPLY_PCM == message["bytes"][16:]
    else:
        assert {"type", "data", "format"} == json.loads(message["text"]).keys()
    assert 1000 == code


def test_a_client_that_offers_no_subprotocol_speaks_json() -> None:
    with serving() as client, client.websocket_connect("/ws") as socket:
        socket.send_text('{"type":"audio","data":"AAA=","endOfUtterance":false}')

        assert 1 == hear(socket, "ready")["seq"]
        assert None is socket.accepted_subprotocol


@pytest.mark.parametrize("nonsense", ["hello", "[]", '{"type":"shout"}', '{"type":"audio","data":"AAAB"}x'])
def test_a_client_that_breaks_the_protocol_ends_alone(nonsense: str) -> None:
    with serving() as client, client.websocket_connect("/ws") as good:
        with client.websocket_connect("/ws") as bad:
            bad.send_text(nonsense)
            error = hear(bad, "error")
            code = close_code(bad)
        good.send_text('{"type":"start"}')
        hear(good, "ready")
        good.send_text('{"type":"ping","id":3}')

        assert ("protocol_error", 4400) == (error["code"], code)
        assert 3 == hear(good, "pong")["id"]


def test_a_model_that_refuses_is_told_to_the_user_in_a_sentence() -> None:
    model = FakeModel()
    model.refusals = [ModelFailure(ModelFailureKind.ACCESS_DENIED, "arn:aws:secret")]
    with serving(model) as client, client.websocket_connect("/ws") as socket:
        socket.send_text('{"type":"start"}')
        error = hear(socket, "error")

    assert "model_refused" == error["code"]
    assert "arn:aws" not in error["message"]


def test_draining_refuses_newcomers_and_lets_the_others_go() -> None:
    with serving(drain_s=5) as client, client.websocket_connect("/ws") as socket:
        socket.send_text('{"type":"start"}')
        hear(socket, "ready")
        assert client.portal is not None
        draining = client.portal.start_task_soon(client.app.state.sessions.drain, 5.0)  # type: ignore[attr-defined]
        go_away = hear(socket, "goAway")
        code = close_code(socket)
        left = draining.result(timeout=10)
        newcomer = refused(client)
        health, ready = client.get("/health"), client.get("/health/ready")

    assert ("deploy", 4503, 0) == (go_away["reason"], code, left)
    assert (503, "application/problem+json", "draining") == newcomer
    assert (200, 503, ["draining"]) == (health.status_code, ready.status_code, ready.json()["reasons"])
