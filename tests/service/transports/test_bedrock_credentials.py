"""Credentials come from the ordinary chain, once for all who wait, and are renewed in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.policies.continuation import Continuation
from service.transports.bedrock_credentials import NEEDED_FOR, Credentials

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class ContainerEndpoint:
    """What ECS offers a task, over real HTTP on loopback."""

    lives: timedelta = timedelta(hours=1)
    clock: Clock = field(default_factory=Clock)
    served: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.served += 1
        body = json.dumps(
            {
                "AccessKeyId": f"ASIAEXAMPLE{self.served}",
                "SecretAccessKey": "example",
                "Token": "example",
                "Expiration": (self.clock() + self.lives).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@pytest.fixture(autouse=True)
def no_other_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
async def container(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ContainerEndpoint]:
    # The SDK judges expiry by the real clock, so this endpoint's credentials must be fresh by it too.
    endpoint = ContainerEndpoint(clock=Clock(datetime.now(UTC)))
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/creds")
    async with server:
        yield endpoint


async def test_environment_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")

    assert "AKIAEXAMPLE" == (await Credentials(timeout_s=5).identity()).access_key_id


async def test_a_profile_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[team]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "team")

    assert "AKIAPROFILE" == (await Credentials(timeout_s=5).identity()).access_key_id


async def test_keys_without_expiry_are_read_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    credentials = Credentials(timeout_s=5, utc_now=clock)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFIRST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    first = await credentials.identity()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECOND")
    clock.now = START + timedelta(seconds=59)
    same = await credentials.identity()
    clock.now = START + timedelta(seconds=61)
    second = await credentials.identity()

    assert first is same
    assert ("AKIAFIRST", "AKIASECOND") == (first.access_key_id, second.access_key_id)


async def test_a_container_is_asked_once_for_all_who_wait(container: ContainerEndpoint) -> None:
    credentials = Credentials(timeout_s=5, utc_now=container.clock)
    identities = await asyncio.gather(*(credentials.identity() for _ in range(5)))

    assert 1 == container.served
    assert {"ASIAEXAMPLE1"} == {identity.access_key_id for identity in identities}


async def test_credentials_too_short_for_a_stream_are_renewed(container: ContainerEndpoint) -> None:
    credentials = Credentials(timeout_s=5, utc_now=container.clock)
    began = container.clock.now
    await credentials.identity()
    container.clock.now = began + timedelta(minutes=49)
    await credentials.identity()
    container.clock.now = began + timedelta(minutes=51)
    renewed = await credentials.identity()

    assert (2, "ASIAEXAMPLE2") == (container.served, renewed.access_key_id)


async def test_expired_credentials_are_refused(container: ContainerEndpoint) -> None:
    container.lives = timedelta(minutes=-1)
    with pytest.raises(ModelFailure, match="expired") as raised:
        await Credentials(timeout_s=5, utc_now=container.clock).identity()

    assert ModelFailureKind.CREDENTIALS is raised.value.kind


async def test_no_credentials_anywhere_are_a_failure_that_says_so() -> None:
    with pytest.raises(ModelFailure, match="no AWS credentials") as raised:
        await Credentials(timeout_s=5).identity()

    assert ModelFailureKind.CREDENTIALS is raised.value.kind


def test_credentials_outlive_every_stream_that_begins_with_them() -> None:
    """So no stream has to be replaced because its credentials expire: it is replaced sooner for its age."""
    longest_s = Continuation().forced_at(0.0, is_speaking=True)

    assert longest_s < Continuation().stream_lifetime_s < NEEDED_FOR.total_seconds()
