"""Ask a deployed stage what only AWS can answer: is the page whole, is the socket there, is the edge in front.

`python -m delivery.smoke --url https://voice.example.com`. Every question prints one line; the exit code is 1 when
one of them was answered wrongly. docs/operations.md lists what even this cannot ask within a minute.
"""

import argparse
import base64
import http.client
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from delivery.publish import CannotPublishError, target_of

_TIMEOUT_S: Final = 15
# Well formed, and signed by nobody: the service looks for its key, and so must have keys to refuse it.
_STRANGER: Final = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256","kid":"smoke"}', b'{"sub":"smoke"}', b"signature")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, headers in small letters, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


type Ask = Callable[[str, Mapping[str, str]], Answer]


def asking(url: str) -> Ask:
    """A question is a path and its headers, over a fresh connection of the URL's kind."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no address; write https://voice.example.com")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    host, port = parts.hostname, parts.port

    def ask(path: str, headers: Mapping[str, str]) -> Answer:
        connection = kind(host, port, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", path, headers=dict(headers))
            response = connection.getresponse()
            body = b"" if response.status == http.HTTPStatus.SWITCHING_PROTOCOLS else response.read(65_536)
            return Answer(
                status=response.status, headers={k.lower(): v for k, v in response.getheaders()}, body=body
            )
        finally:
            connection.close()

    return ask


def upgrade(origin: str) -> dict[str, str]:
    """The headers of a WebSocket handshake from a page of this origin."""
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "voice.v1",
        "Origin": origin,
    }


def complaints(ask: Ask, origin: str) -> Iterator[tuple[str, str | None]]:
    """Every question with None, or with what is wrong."""
    page = ask("/", {})
    yield "the page is served", None if page.status == 200 else f"/ answers {page.status}"
    policy = page.headers.get("content-security-policy", "")
    yield "it may run our code only", None if "default-src 'none'" in policy else f"its policy is {policy!r}"
    lasting = page.headers.get("strict-transport-security", "")
    yield "browsers remember TLS", None if "max-age=63072000" in lasting else f"the header is {lasting!r}"
    route = ask("/conversations/42", {})
    yield "a route of the page is the page", None if route.body == page.body else f"it answers {route.status}"
    config = ask("/config.json", {})
    yield "the page knows its stage", _config_complaint(config)
    missing = ask("/api/there-is-nothing-here", {})
    wrong = missing.status != 404 or missing.body == page.body
    yield "an unknown path of the service stays unknown", f"it answers {missing.status}" if wrong else None
    options = ask("/api/options", {})
    yield (
        "the service answers",
        None if options.status in {200, 401} else f"/api/options answers {options.status}",
    )
    foreign = ask("/ws", upgrade("https://elsewhere.example"))
    yield "a foreign page gets no socket", None if foreign.status == 403 else f"/ws answers {foreign.status}"
    own = ask("/ws", upgrade(origin))
    yield (
        "our page gets one, or is asked to sign in",
        None if own.status in {101, 401} else f"/ws answers {own.status}",
    )
    unknown = ask("/ws", {**upgrade(origin), "Authorization": f"Bearer {_STRANGER}"})
    yield "the tasks have the pool's keys", _keys_complaint(unknown)


def _keys_complaint(answer: Answer) -> str | None:
    match answer.status:
        case 401:
            return None
        case 503:
            return "they have not; can they reach the pool? (docs/infrastructure.md, Endpoints and sign-in)"
        case status:
            return f"/ws answers {status} to a token that nobody signed"


def _config_complaint(config: Answer) -> str | None:
    try:
        known = json.loads(config.body)
    except ValueError:
        return f"/config.json answers {config.status} and is no JSON"
    if "no-cache" not in config.headers.get("cache-control", ""):
        return "/config.json may be cached"
    missing = {"authority", "clientId", "domain", "scopes"} - set(known if isinstance(known, dict) else ())
    return f"/config.json lacks {', '.join(sorted(missing))}" if missing else None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="smoke", description="Ask a deployed stage what only AWS can answer."
    )
    parser.add_argument("--stage", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--url", help="address of the page; else it is read from the stage's stacks")
    given = parser.parse_args(arguments)
    try:
        url = given.url or target_of(given.stage, given.region).site_url
        wrong = 0
        for question, complaint in complaints(asking(url), url.rstrip("/")):
            wrong += complaint is not None
            sys.stdout.write(
                f"{'ok    ' if complaint is None else 'WRONG '} {question}{f': {complaint}' if complaint else ''}\n"
            )
    except (CannotPublishError, ValueError, OSError) as error:
        sys.stderr.write(f"smoke: {error}\n")
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
