"""The questions of the smoke test, put to a stage that is well and to stages that are not."""

import json
from collections.abc import Mapping

import pytest

from delivery.smoke import Answer, asking, complaints, main

PAGE = {"content-security-policy": "default-src 'none'; x", "strict-transport-security": "max-age=63072000"}
WELL = {
    "/": Answer(status=200, headers=PAGE, body=b"page"),
    "/conversations/42": Answer(status=200, headers=PAGE, body=b"page"),
    "/config.json": Answer(
        status=200,
        headers={"cache-control": "no-cache"},
        body=json.dumps({"authority": "a", "clientId": "c", "domain": "d", "scopes": []}).encode(),
    ),
    "/api/there-is-nothing-here": Answer(status=404, headers={}, body=b"{}"),
    "/api/options": Answer(status=200, headers={}, body=b"{}"),
}
ORIGIN = "https://voice.example.com"


def wrong(
    stage: Mapping[str, Answer], *, foreign: int = 403, own: int = 101, stranger: int = 401
) -> list[str]:
    def ask(path: str, headers: Mapping[str, str]) -> Answer:
        if "Authorization" in headers:
            return Answer(status=stranger, headers={}, body=b"")
        if path == "/ws":
            return Answer(status=own if headers["Origin"] == ORIGIN else foreign, headers={}, body=b"")
        return stage[path]

    return [complaint for _, complaint in complaints(ask, ORIGIN) if complaint is not None]


def test_a_stage_that_is_well_has_no_complaint() -> None:
    assert [] == wrong(WELL)


@pytest.mark.parametrize(
    ("path", "answer", "complaint"),
    [
        ("/", Answer(status=503, headers=PAGE, body=b"page"), "/ answers 503"),
        (
            "/config.json",
            Answer(status=200, headers={}, body=b"<html>"),
            "/config.json answers 200 and is no JSON",
        ),
        ("/config.json", Answer(status=200, headers={}, body=b"{}"), "/config.json may be cached"),
        ("/api/there-is-nothing-here", Answer(status=200, headers={}, body=b"page"), "it answers 200"),
        ("/api/options", Answer(status=403, headers={}, body=b""), "/api/options answers 403"),
    ],
)
def test_what_is_wrong_is_said(path: str, answer: Answer, complaint: str) -> None:
    assert [complaint] == wrong({**WELL, path: answer})


def test_a_socket_for_everybody_is_wrong() -> None:
    assert ["/ws answers 101"] == wrong(WELL, foreign=101)


def test_no_socket_at_all_is_wrong() -> None:
    assert ["/ws answers 502"] == wrong(WELL, own=502)


def test_tasks_that_cannot_reach_the_pool_are_wrong() -> None:
    (complaint,) = wrong(WELL, stranger=503)

    assert complaint.startswith("they have not; can they reach the pool?")
    assert ["/ws answers 101 to a token that nobody signed"] == wrong(WELL, stranger=101)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is no address"):
        asking("voice.example.com")


def test_a_stage_that_nobody_serves_ends_with_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["--stage", "dev", "--url", "http://127.0.0.1:9"])

    assert capsys.readouterr().err.startswith("smoke: ")
