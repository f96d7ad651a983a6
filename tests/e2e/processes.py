"""The emulator and the service as the processes they are: started on free ports, ended with everything they started."""

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.pool import bearer, user_pool

ACCESS_KEY: Final = "AKIDEMULATOR0EXAMPLE"
SECRET: Final = "emulator-secret-access-key-example"
START_S: Final = 90.0
"""The speech engine loads for seconds; a busy machine takes its time for everything."""
END_S: Final = 20.0
ROOT: Final = Path(__file__).parents[2]

LIVING: Final[dict[str, Path]] = {}
"""The logs of what runs now, by a name for people; shown when a test fails."""


class DidNotStartError(AssertionError):
    """A process ended, or said nothing, instead of becoming ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that said it is ready."""

    process: subprocess.Popen[bytes]
    log: Path
    ready: Sequence[str]
    """The words of its ready line, without the first."""

    @property
    def url(self) -> str:
        return self.ready[0]

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self, within_s: float = END_S) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return self.process.wait(within_s)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator(Running):
    """A running emulator and its dials."""

    @property
    def ca(self) -> str:
        return self._fact("ca")

    def _fact(self, name: str) -> str:
        return dict(word.split("=", 1) for word in self.ready[1:])[name]

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the control endpoint; a refusal fails the test."""
        request = urllib.request.Request(self._fact("control") + path, method=method)  # noqa: S310 - our own http URL
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=END_S) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise AssertionError(f"{method} {path}: {refusal.read().decode()}") from None

    def arm(self, **fault: object) -> None:
        self.control("POST", "/faults", fault)

    def play(self, scenario: str) -> None:
        """Play a scenario that comes along, or one given as TOML."""
        self.control("POST", "/scenario", {"toml" if "\n" in scenario else "name": scenario})

    def switch(self, **switches: object) -> None:
        self.control("POST", "/switches", switches)

    def status(self) -> Any:
        return self.control("GET", "/status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Running):
    """A running service."""

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What its log says under this event."""
        entries = [json.loads(line) for line in self.text.splitlines()]
        return [entry for entry in entries if entry.get("event") == event]  # a metric line is no event

    @property
    def metrics(self) -> dict[str, float]:
        """Sums of every count that it has written so far, by name and outcome."""
        sums: dict[str, float] = {}
        for entry in self.metric_lines:
            for metric in entry["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                value = entry[metric["Name"]]
                name = ".".join(filter(None, (metric["Name"], entry.get("Outcome"))))
                sums[name] = sums.get(name, 0.0) + (sum(value) if isinstance(value, list) else value)
        return sums

    @property
    def metric_lines(self) -> list[dict[str, Any]]:
        """Its lines in embedded metric format."""
        entries = [json.loads(line) for line in self.text.splitlines()]
        return [entry for entry in entries if "_aws" in entry]

    def get(self, path: str) -> tuple[int, Any]:
        """Status and document of a GET, asked as the user of the pool."""
        request = urllib.request.Request(self.url + path, headers=bearer())  # noqa: S310 - our own http URL
        try:
            with urllib.request.urlopen(request, timeout=END_S) as answer:  # noqa: S310 - as above
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)


def environment(emulator: Emulator | None = None, **settings: object) -> dict[str, str]:
    """What a service of these tests is started with; nothing of the developer's own leaks in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VOICE_"))}
    model = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "VOICE_PORT": "0",
        # A session ends with its connection, so that tests see the end of what they began.
        "VOICE_PARK_S": "0",
        **user_pool().environment,
        # For the reference client: the pool does not know the address of each test's service.
        "TALK_TOKEN": bearer()["Authorization"].removeprefix("Bearer "),
        **({"VOICE_MODEL_ENDPOINT": emulator.url, "VOICE_MODEL_CA_FILE": emulator.ca} if emulator else {}),
    }
    return {**kept, **model, **{name: str(value) for name, value in settings.items()}}


@contextmanager
def running_emulator(folder: Path, *options: str, name: str = "emulator") -> Iterator[Emulator]:
    command = [
        *(sys.executable, "-m", "emulators.nova_sonic", "--port", "0", "--control-port", "0"),
        *("--state-dir", str(folder / "state"), *options),
    ]
    with _running(name, command, environment(), folder / f"{name}.log") as (process, ready):
        yield Emulator(process=process, ready=ready, log=folder / f"{name}.log")


@contextmanager
def running_service(
    folder: Path,
    emulator: Emulator | None,
    *,
    name: str = "service",
    **settings: object,
) -> Iterator[Service]:
    """Start a service; a warning of Python's is an error in it."""
    with running_module("service", folder, emulator, name=name, **settings) as service:
        yield service


@contextmanager
def running_module(
    module: str, folder: Path, emulator: Emulator | None, *, name: str = "service", **settings: object
) -> Iterator[Service]:
    """Start what is the service, and more."""
    command = [sys.executable, "-W", "error", "-m", module]
    log = folder / f"{name}.log"
    settings = {"VOICE_STORE_PATH": folder / "conversations.sqlite", **settings}
    with _running(name, command, environment(emulator, **settings), log) as (process, ready):
        yield Service(process=process, ready=ready, log=log)


@contextmanager
def _running(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Sequence[str]]]:
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    LIVING[f"{name} {process.pid}"] = log
    try:
        yield process, _ready_line(process, log).split()[1:]
    finally:
        del LIVING[f"{name} {process.pid}"]
        # Its whole group, so that nothing it started stays.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(END_S)
        if process.stdout is not None:
            process.stdout.close()


def _ready_line(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout is not None
    said = b""
    give_up_at = time.monotonic() + START_S
    while not said.endswith(b"\n"):
        left_s = give_up_at - time.monotonic()
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, left_s))
        chunk = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not chunk:
            raise DidNotStartError(f"said {said!r} instead of being ready; its log:\n{log.read_text()}")
        said += chunk
    line = said.decode()
    if not line.startswith("ready "):
        raise DidNotStartError(f"said {line!r} instead of being ready; its log:\n{log.read_text()}")
    return line
