"""What runs on one machine: each part's command, environment, and the line by which it says that it is ready."""

import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local.ports import LOOPBACK

# The emulator's published example credentials; they open nothing but the emulator.
EMULATOR_KEY: Final = "AKIDEMULATOR0EXAMPLE"
EMULATOR_SECRET: Final = "emulator-secret-access-key-example"  # noqa: S105 - published, opens only the emulator

_READY: Final = re.compile(r"^ready (?P<url>https?://\S+)(?P<facts>(?: \S+=\S+)*)", re.MULTILINE)
_VITE_READY: Final = re.compile(r"Local:\s+(?P<url>http://\S+?)/?\s")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process to start."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: re.Pattern[str]
    patience_s: float
    grace_s: float
    first_step: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a part said when it became ready: where it listens, and the `key=value` facts behind it."""

    url: str
    facts: Mapping[str, str]


def parse_ready(match: re.Match[str]) -> Ready:
    facts = match.groupdict().get("facts") or ""
    return Ready(url=match["url"], facts=dict(fact.split("=", 1) for fact in facts.split()))


def emulator(*, brain: str, scenario: str | None, state_dir: Path, environment: Mapping[str, str]) -> Part:
    """The stand-in for Nova Sonic, on ports of its own choosing."""
    command = [
        *(sys.executable, "-m", "emulators.nova_sonic", "--port", "0", "--control-port", "0"),
        *("--state-dir", str(state_dir), "--brain", brain),
        *(("--scenario", scenario) if scenario else ()),
    ]
    return Part(
        name="emulator",
        command=command,
        environment=_plain(environment),
        ready=_READY,
        patience_s=120.0,
        grace_s=4.0,
        first_step="loading the speech engine" if brain == "speech" else "starting",
    )


def cognito(*, environment: Mapping[str, str]) -> Part:
    """The stand-in for the Cognito user pool, on a port of its own choosing."""
    return Part(
        name="cognito",
        command=[sys.executable, "-m", "emulators.cognito", "--port", "0"],
        environment=_plain(environment),
        ready=_READY,
        patience_s=30.0,
        grace_s=4.0,
        first_step="starting",
    )


def service(
    *,
    port: int,
    model: Ready,
    pool: Ready,
    page_dir: Path | None,
    state_dir: Path,
    environment: Mapping[str, str],
) -> Part:
    """The product itself, talking to the stand-ins with their credentials and nobody else's."""
    settings = {
        "VOICE_DRAIN_S": "2",
        "VOICE_LOG_LEVEL": "info",
        "VOICE_STAGE": "local",
        "VOICE_RECORDINGS": "20",
        "VOICE_STORE_PATH": str(state_dir / "conversations.sqlite"),
        **{name: value for name, value in environment.items() if name.startswith("VOICE_")},
        "VOICE_HOST": LOOPBACK,
        "VOICE_PORT": str(port),
        "VOICE_MODEL_ENDPOINT": model.url,
        "VOICE_MODEL_CA_FILE": model.facts["ca"],
        "VOICE_AUTH": "cognito",
        "VOICE_AUTH_ISSUER": pool.facts["issuer"],
        "VOICE_AUTH_CLIENT_IDS": pool.facts["client"],
        "VOICE_AUTH_DOMAIN": pool.url,
        "AWS_ACCESS_KEY_ID": EMULATOR_KEY,
        "AWS_SECRET_ACCESS_KEY": EMULATOR_SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    settings.setdefault("VOICE_REGION", "us-east-1")
    if page_dir is not None:
        settings["VOICE_PAGE_DIR"] = str(page_dir)
    return Part(
        name="service",
        command=[sys.executable, "-m", "service"],
        environment={**_plain(environment), **settings},
        ready=_READY,
        patience_s=30.0,
        grace_s=float(settings["VOICE_DRAIN_S"]) + 5.0,
        first_step="starting",
    )


def with_port(part: Part, port: int) -> Part:
    """The service on this port of all."""
    return dataclasses.replace(part, environment={**part.environment, "VOICE_PORT": str(port)})


def dev_page(*, page: Path, service_url: str, environment: Mapping[str, str]) -> Part:
    """Vite's development server, which passes /api and /ws on to the service."""
    return Part(
        name="page",
        command=["npm", "--prefix", str(page), "run", "dev", "--", "--clearScreen", "false"],
        environment={**_plain(environment), "VOICE_URL": service_url, "NO_COLOR": "1"},
        ready=_VITE_READY,
        patience_s=60.0,
        grace_s=4.0,
        first_step="starting",
    )


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    # A developer's own AWS profile, role or endpoint must not leak in; loopback never goes through a proxy.
    kept = {name: value for name, value in environment.items() if not name.startswith(("AWS_", "VOICE_"))}
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), "localhost", LOOPBACK]))
    return {**kept, "NO_PROXY": no_proxy, "no_proxy": no_proxy, "PYTHONUNBUFFERED": "1"}
