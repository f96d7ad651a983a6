"""The deployed task, running: its container, the model and the user pool it calls, and the load balancer in front."""

import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emulators.nova_sonic.certificate import ensure_certificates, utc_now
from stacks.paths import ROOT
from tests.box import bundle, load_balancer, task_credentials
from tests.box.container import Container, running
from tests.box.deployed import Deployed
from tests.deploy import container_engine
from tests.deploy.deployment import Deployment
from tests.e2e.processes import Emulator, running_emulator
from tests.pool import UserPool

TOOLS: Final = ("runc", "haproxy", "tini-static")
_HOSTS: Final = "127.0.0.1 localhost\n"
_CA_INSIDE: Final = "/run/model-ca.pem"


def missing() -> str | None:
    """Why the box cannot be built here, in one line; None: it can."""
    reason = container_engine.missing()
    if reason:
        return reason
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed here: {', '.join(absent)} (apt-get install runc haproxy tini)"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What every container of a box is made from."""

    deployed: Deployed
    image: bundle.Image
    rootfs: Path
    folder: Path
    pool: UserPool
    aws: Deployment
    """An emptied account inside the box, with the deployed table in it."""

    def stored(self, kind: str) -> int:
        """How many items of a kind the table holds."""
        items = self.aws.client("dynamodb").scan(TableName=self.deployed.table["TableName"])["Items"]
        return sum(item["sk"]["S"].startswith(kind) for item in items)


def overrides(ingredients: Ingredients, model_url: str) -> dict[str, str]:
    """All that differs from the deployed environment: addresses of AWS become addresses on this machine."""
    return {
        **ingredients.pool.environment,
        "VOICE_STORE_ENDPOINT": ingredients.aws.endpoint,
        "VOICE_MODEL_ENDPOINT": model_url,
        "VOICE_MODEL_CA_FILE": _CA_INSIDE,
        # What the ECS agent adds to every task that has a role.
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": task_credentials.PATH,
    }


@contextmanager
def container(ingredients: Ingredients, model_url: str, ca: Path, **settings: object) -> Iterator[Container]:
    """The task's container, ready; `settings` are laid over its environment."""
    hosts = ingredients.folder / "hosts"
    hosts.write_text(_HOSTS)
    init = shutil.which("tini-static")
    assert init is not None
    more = overrides(ingredients, model_url) | {name: str(value) for name, value in settings.items()}

    def config(cgroup: str) -> Mapping[str, object]:
        return bundle.oci_config(
            ingredients.deployed.task,
            ingredients.image,
            rootfs=ingredients.rootfs,
            files={"/etc/hosts": hosts, _CA_INSIDE: ca},
            init=Path(init),
            overrides=more,
            cgroup=cgroup,
            # A sandbox may allow fewer; nobody raises what it has.
            open_files=min(bundle.OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        )

    port = bundle.container_of(ingredients.deployed.task)["portMappings"][0]["containerPort"]
    with running(ingredients.folder, config, ready=lambda: _answers(port)) as one:
        yield one


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A running box."""

    ingredients: Ingredients
    container: Container
    emulator: Emulator
    port: int
    ca: Path

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"wss://localhost:{self.port}/ws"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)

    def get(self, path: str) -> int:
        """The status of a GET through the load balancer."""
        try:
            with urllib.request.urlopen(  # noqa: S310 - our own https URL
                self.origin + path, timeout=10, context=self.trust
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    def talk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m talk` through the load balancer, as somebody who is signed in."""
        token = self.ingredients.pool.sign_in()["access_token"]
        return subprocess.run(
            [sys.executable, "-m", "talk", "--url", self.socket_url, *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
            env={**os.environ, "TALK_TOKEN": token, "SSL_CERT_FILE": str(self.ca)},
        )  # fmt: skip

    def lines(self, event: str) -> list[dict[str, object]]:
        """What the container logged under this event."""
        entries = [json.loads(line) for line in self.container.text.splitlines() if line.startswith("{")]
        return [entry for entry in entries if entry.get("event") == event]


@contextmanager
def boxed(ingredients: Ingredients, **settings: object) -> Iterator[Box]:
    """Everything together: model, task and load balancer."""
    folder = ingredients.folder
    with ExitStack() as stack:
        stack.enter_context(task_credentials.agent())
        role = f"{task_credentials.ACCESS_KEY}={task_credentials.SECRET}"
        emulator = stack.enter_context(
            running_emulator(folder, "--brain", "speech", "--credentials", role, name="box-model")
        )
        one = stack.enter_context(container(ingredients, emulator.url, Path(emulator.ca), **settings))
        files = ensure_certificates(folder / "edge", now=utc_now(), extra_hosts=())
        text = load_balancer.configuration(
            ingredients.deployed, certificate=files.server, task_address="127.0.0.1"
        )
        stack.enter_context(load_balancer.load_balancer(text, folder))
        yield Box(
            ingredients=ingredients,
            container=one,
            emulator=emulator,
            port=ingredients.deployed.listener["Port"],
            ca=files.authority.absolute(),
        )
