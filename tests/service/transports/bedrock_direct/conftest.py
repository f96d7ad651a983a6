"""A server that may break every rule, and our own client in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulators.nova_sonic.certificate import ensure_certificates, utc_now
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from tests.service.transports.bedrock_direct.hostile_scripts import DEADLINES, Make
from tests.service.transports.bedrock_direct.hostile_server import (
    HostileServer,
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-example")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
async def server(state_dir: Path) -> AsyncIterator[HostileServer]:
    files = ensure_certificates(state_dir, now=utc_now())
    async with HostileServer(files.server_context()) as running:
        yield running


@pytest.fixture
async def transport_to(server: HostileServer, state_dir: Path) -> AsyncIterator[Make]:
    made: list[BedrockDirectTransport] = []

    def make(
        *, streams_per_connection: int = 1, spare_connections: int = 0, silence_s: float = 10.0
    ) -> BedrockDirectTransport:
        made.append(
            BedrockDirectTransport(
                model_id="amazon.nova-2-sonic-v1:0",
                region="us-east-1",
                endpoint=server.endpoint,
                ca_file=state_dir / "ca.pem",
                deadlines=DEADLINES,
                count=lambda _name, _amount: None,
                streams_per_connection=streams_per_connection,
                spare_connections=spare_connections,
                silence_s=silence_s,
            )
        )
        return made[-1]

    yield make
    for transport in made:
        await transport.aclose()
