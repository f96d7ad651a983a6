"""The log is JSON, says what happened, and not what was said."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from service.metrics import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure("debug", stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    logging.getLogger("uvicorn.error").filters = []
    structlog.reset_defaults()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(written: io.StringIO) -> None:
    logs.logger("service.test").info("turn ended", turn=3)
    (line,) = lines(written)

    assert ("turn ended", 3, "info", "service.test") == tuple(
        line[name] for name in ("event", "turn", "level", "logger")
    )


def test_line_breaks_of_a_peer_stay_inside_their_field(written: io.StringIO) -> None:
    logs.logger("service.test").info("refused", origin='x"\n{"event":"forged"}')

    assert 1 == len(lines(written))


def test_fields_with_a_pii_segment_are_dropped(written: io.StringIO) -> None:
    logs.logger("service.test").info("said", user_pii_text="canary", pii="canary", copied=1)

    assert "canary" not in written.getvalue()
    assert 1 == lines(written)[0]["copied"]


def test_long_fields_are_cut(written: io.StringIO) -> None:
    logs.logger("service.test").info("long", text="x" * 5_000)

    assert 503 == len(lines(written)[0]["text"])


@pytest.mark.parametrize(
    "library",
    [
        "smithy_aws_event_stream.aio",
        "smithy_core.aio.client",
        "aws_sdk_signers",
        "websockets.server",
        "uvicorn.error",
        "uvicorn.access",
        "aiohttp.access",
    ],
)
def test_libraries_cannot_print_payloads_even_at_debug(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).debug("Publishing serialized event: %s", "canary")
    logging.getLogger(library).info("WebSocket /ws?token=canary")

    assert "" == written.getvalue()


def test_a_librarys_warning_is_json_too(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("something %s", "odd")

    assert [("something odd", "warning")] == [(line["event"], line["level"]) for line in lines(written)]


@pytest.mark.parametrize(
    "noise",
    ["ASGI callable returned without completing handshake.", "Invalid UTF-8 sequence received from client."],
)
def test_what_uvicorn_says_of_every_refused_client_is_no_news(written: io.StringIO, noise: str) -> None:
    logging.getLogger("uvicorn.error").error(noise)

    assert "" == written.getvalue()
