"""The page, its document for every path of its own, and the headers that protect it."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from service.api.page import HEADERS_FILE, Page, security_headers

POOL = ("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example", "https://voice.example.com")
SECURITY_HEADERS = security_headers(POOL)


@pytest.fixture
def page(tmp_path: Path) -> TestClient:
    (tmp_path / "index.html").write_text("<!doctype html><title>Voice</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b.js").write_text("export {}")
    return TestClient(Starlette(routes=[Mount("/", Page(tmp_path, connects_to=POOL))]))


@pytest.mark.parametrize("path", ["/", "/index.html", "/conversations/7", "/anything"])
def test_every_path_of_the_page_is_its_document(page: TestClient, path: str) -> None:
    answer = page.get(path)

    assert (200, "no-cache") == (answer.status_code, answer.headers["cache-control"])
    assert "<title>Voice</title>" in answer.text


def test_a_file_whose_name_holds_its_hash_is_kept_for_ever(page: TestClient) -> None:
    answer = page.get("/assets/app-1a2b.js")

    assert (200, "public, max-age=31536000, immutable") == (
        answer.status_code,
        answer.headers["cache-control"],
    )


@pytest.mark.parametrize("path", ["/assets/missing.js", "/api/missing", "/ws", "/healthz"])
def test_what_is_missing_is_not_answered_with_the_document(page: TestClient, path: str) -> None:
    assert 404 == page.get(path).status_code


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/passwd"]
)
def test_no_path_leads_out_of_the_folder(page: TestClient, path: str) -> None:
    assert "root:" not in page.get(path).text


@pytest.mark.parametrize("path", ["/", "/assets/app-1a2b.js", "/deep/link"])
def test_security_headers_are_on_everything(page: TestClient, path: str) -> None:
    answer = page.get(path)

    assert dict(SECURITY_HEADERS) == {name: answer.headers.get(name) for name in SECURITY_HEADERS}


def test_the_headers_are_those_of_the_one_file() -> None:
    written = json.loads(HEADERS_FILE.read_text())
    policy = written.pop("Content-Security-Policy")

    assert written == {name: SECURITY_HEADERS[name] for name in written}
    assert list(policy) == [
        part.split()[0] for part in SECURITY_HEADERS["Content-Security-Policy"].split("; ")
    ]


def test_the_policy_lets_nothing_in_but_the_page_itself() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert (
        "connect-src 'self' ws: https://cognito-idp.us-east-1.amazonaws.com https://voice.example.com;"
        in policy
    )
