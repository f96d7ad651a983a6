"""What can be measured: the product in several settings, parts of it, and what others would build."""

import json
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from benchmarks.processes import PEERS, Running, running
from talk.sign_in import fetch_config, sign_in

# The model of a benchmark verifies nothing; every frame is signed all the same.
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEMULATOR0EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "emulator-secret-access-key-example",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_SIGN_IN_S: Final = 10.0
# The measurement goes beyond what a process would take; its own limits must not end it early.
_NO_LIMIT: Final = {"VOICE_MAX_CPU_PERCENT": "1000", "VOICE_MAX_LAG_MS": "60000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to measure: `module` of ours, or `peer` in its own environment."""

    name: str
    module: str = "service"
    peer: str | None = None
    without: str | None = None
    """The lever of `benchmarks.without` that is undone."""
    wire: str = "binary"
    settings: Mapping[str, str] = field(default_factory=dict)
    first_try: int = 100
    """How many sessions to begin with when it is not known what it carries."""

    @property
    def is_product(self) -> bool:
        return self.module == "service" and self.peer is None


SERVICE: Final = Subject(name="the service", settings={"VOICE_MODEL_TRANSPORT": "direct"}, first_try=150)
SERVICE_JSON: Final = Subject(
    name="the service, JSON to the client",
    wire="json",
    settings={"VOICE_MODEL_TRANSPORT": "direct"},
    first_try=150,
)
SERVICE_SHARED: Final = Subject(
    name="the service, 10 streams a connection",
    settings={"VOICE_MODEL_TRANSPORT": "direct", "VOICE_MODEL_STREAMS_PER_CONNECTION": "10"},
    first_try=150,
)
SERVICE_SDK: Final = Subject(
    name="the service over the SDK", settings={"VOICE_MODEL_TRANSPORT": "sdk"}, first_try=30
)
RELAY: Final = Subject(name="a bare relay of the same sockets", module="benchmarks.relay", first_try=150)
FLOOR: Final = Subject(name="the WebSocket alone", module="benchmarks.floor", first_try=200)
NAIVE: Final = Subject(name="FastAPI and the SDK", peer="naive", wire="json", first_try=30)
AWS_SAMPLE: Final = Subject(name="AWS's sample shape", peer="aws_sample", wire="json", first_try=25)
PIPECAT: Final = Subject(name="pipecat", peer="pipecat_server", wire="json", first_try=10)
PEERS_ALL: Final = (NAIVE, AWS_SAMPLE, PIPECAT)
SUBJECTS: Final = {
    "service": SERVICE,
    "json": SERVICE_JSON,
    "shared": SERVICE_SHARED,
    "sdk": SERVICE_SDK,
    "relay": RELAY,
    "floor": FLOOR,
    "naive": NAIVE,
    "aws_sample": AWS_SAMPLE,
    "pipecat": PIPECAT,
}


def start(
    stack: ExitStack, subject: Subject, model: Running | None, sessions: int, *, core: int | None
) -> tuple[Running, Mapping[str, str]]:
    """The process that is measured, and the environment of whoever speaks to it."""
    if model is None:
        return stack.enter_context(running(subject.module, core=core)), {}
    if subject.peer is not None:
        environment = {**CREDENTIALS, "MODEL_ENDPOINT": model.url, "SSL_CERT_FILE": model.facts["ca"]}
        python = PEERS / subject.peer / "bin" / "python"
        script = f"benchmarks/peers/{subject.peer}.py"
        return stack.enter_context(running(script, python=python, environment=environment, core=core)), {}
    environment = {
        **CREDENTIALS,
        "VOICE_MODEL_ENDPOINT": model.url,
        "VOICE_MODEL_CA_FILE": model.facts["ca"],
    }
    if not subject.is_product:
        return stack.enter_context(running(subject.module, environment=environment, core=core)), {}
    pool = stack.enter_context(running("emulators.cognito", "--port", "0"))
    environment |= {
        "VOICE_PORT": "0",
        "VOICE_MAX_SESSIONS": str(sessions + 10),
        "VOICE_LOG_LEVEL": "error",
        "VOICE_DRAIN_S": "0",
        "VOICE_STORE_PATH": f"{stack.enter_context(TemporaryDirectory())}/conversations.sqlite",
        "VOICE_AUTH_ISSUER": pool.facts["issuer"],
        "VOICE_AUTH_CLIENT_IDS": pool.facts["client"],
        "VOICE_AUTH_DOMAIN": pool.url,
        **_NO_LIMIT,
        **subject.settings,
    }
    module = ("service",) if subject.without is None else ("benchmarks.without", subject.without)
    service = stack.enter_context(running(*module, environment=environment, core=core))
    return service, {"TALK_TOKEN": token_of_demo_user(pool, service)}


def token_of_demo_user(pool: Running, service: Running) -> str:
    """Sign in as the user that the stand-in names; the service's address becomes one of its callbacks for that."""
    config = fetch_config(service.url, timeout_s=_SIGN_IN_S)
    # Both addresses are those that our own processes have just printed.
    request = urllib.request.Request(  # noqa: S310 - see above
        f"{pool.facts['control']}/clients/{config.client_id}",
        data=json.dumps({"callbacks": [config.callback]}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SIGN_IN_S):  # noqa: S310 - see above
        pass
    return sign_in(config, user=pool.facts["user"], password=pool.facts["password"], timeout_s=_SIGN_IN_S)


def address_of(measured: Running) -> str:
    """Host and port to speak to."""
    return urlsplit(measured.url).netloc
