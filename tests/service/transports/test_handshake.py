"""Who may open a session, decided before the upgrade."""

from http import HTTPStatus

import pytest

from service.transports.handshake import Agreed, Refused, Request, Rules
from service.wire.subprotocol import Subprotocol

LOOPBACK = Rules(allowed_origins=(), loopback_only=True)
PUBLIC = Rules(allowed_origins=("https://voice.example.com",), loopback_only=False)


def judge(
    rules: Rules,
    *,
    host: str = "localhost:8000",
    origin: str | None = None,
    query: str = "",
    subprotocols: tuple[str, ...] = (),
) -> Agreed | Refused:
    return rules.judge(Request(host=host, origin=origin, query=query, subprotocols=subprotocols))


def refusal(verdict: Agreed | Refused) -> tuple[HTTPStatus, str]:
    assert isinstance(verdict, Refused)
    assert verdict.detail.endswith(".")
    return verdict.status, verdict.code


@pytest.mark.parametrize(
    ("offered", "subprotocol", "header"),
    [
        ((), Subprotocol.JSON, None),
        (("voice.v1",), Subprotocol.BINARY, "voice.v1"),
        (("voice.v1.json",), Subprotocol.JSON, "voice.v1.json"),
        (("chat", "voice.v1", "voice.v1.json"), Subprotocol.BINARY, "voice.v1"),
        (("ticket.abc", "voice.v1.json"), Subprotocol.JSON, "voice.v1.json"),
    ],
)
def test_the_first_subprotocol_we_know_is_spoken(
    offered: tuple[str, ...], subprotocol: Subprotocol, header: str | None
) -> None:
    assert Agreed(subprotocol=subprotocol, header=header) == judge(LOOPBACK, subprotocols=offered)


def test_only_unknown_subprotocols_are_refused() -> None:
    expected = (HTTPStatus.BAD_REQUEST, "unknown_subprotocol")

    assert expected == refusal(judge(LOOPBACK, subprotocols=("chat", "voice.v2")))


def test_a_query_string_is_refused_whatever_it_says() -> None:
    assert (HTTPStatus.BAD_REQUEST, "query_string") == refusal(judge(LOOPBACK, query="token=secret"))


def test_a_program_without_origin_may_connect() -> None:
    assert isinstance(judge(LOOPBACK), Agreed)
    assert isinstance(judge(PUBLIC, host="voice.example.com"), Agreed)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_of_the_same_host_may_connect(scheme: str) -> None:
    assert isinstance(judge(LOOPBACK, origin=f"{scheme}://localhost:8000"), Agreed)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:8001",
        "http://localhost",
        "HTTP://LOCALHOST:8000",
        "",
    ],
)
def test_a_foreign_page_is_refused(origin: str) -> None:
    assert (HTTPStatus.FORBIDDEN, "forbidden_origin") == refusal(judge(LOOPBACK, origin=origin))


def test_a_list_of_origins_is_exact_and_replaces_the_same_host() -> None:
    host = "voice.example.com"

    assert isinstance(judge(PUBLIC, host=host, origin="https://voice.example.com"), Agreed)
    for origin in (
        "http://voice.example.com",
        "https://voice.example.com.evil.example",
        "https://x.example.com",
    ):
        assert (HTTPStatus.FORBIDDEN, "forbidden_origin") == refusal(judge(PUBLIC, host=host, origin=origin))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "127.3.2.1"])
def test_loopback_is_reached_by_its_own_names(host: str) -> None:
    assert isinstance(judge(LOOPBACK, host=host), Agreed)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "", "[::", "10.0.0.1"]
)
def test_a_name_that_only_resolves_to_loopback_is_refused(host: str) -> None:
    verdict = judge(LOOPBACK, host=host, origin=f"http://{host}")

    assert (HTTPStatus.FORBIDDEN, "forbidden_host") == refusal(verdict)
