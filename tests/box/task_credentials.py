"""The ECS agent's place: a task asks at a fixed address and gets the credentials of its role, for an hour at a time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tests.box.network import AGENT_ADDRESS

PATH: Final = "/v2/credentials/0f0e0d0c-0b0a-4908-8706-050403020100"
ACCESS_KEY: Final = "ASIATASKROLEOFTHEBOX"
SECRET: Final = "secret-of-the-task-role-in-the-box"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != PATH:
            self.send_error(404)
            return
        expires_at = datetime.now(UTC) + timedelta(hours=6)
        body = json.dumps({
            "RoleArn": "arn:aws:iam::123456789012:role/task", "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET,
            "Token": "token-of-the-box", "Expiration": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nobody reads it."""


@contextmanager
def agent() -> Iterator[None]:
    """Answers at the agent's address; needs the box's own network."""
    server = ThreadingHTTPServer((AGENT_ADDRESS, 80), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
