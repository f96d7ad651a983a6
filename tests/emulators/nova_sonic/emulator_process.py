"""The emulator in a process of its own, as its users run it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "emulators.nova_sonic")
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorProcess:
    """A running emulator and its control endpoint."""

    process: subprocess.Popen[str]
    ready_line: str
    endpoint: str
    ca: Path
    control_url: str

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the control endpoint; a problem comes back as its document."""
        request = urllib.request.Request(self.control_url + path, method=method)  # noqa: S310 - our own http URL
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def arm(self, **fault: object) -> None:
        """Arm one fault, or let it happen now."""
        answer = self.control("POST", "/faults", fault)
        assert "faults" in answer, answer


@contextmanager
def running_emulator(state_dir: Path, *options: str) -> Iterator[EmulatorProcess]:
    """Start an emulator on free ports; stop it in the end."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--control-port", "0", "--state-dir", str(state_dir), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the emulator did not start: {line!r}"
        endpoint, *rest = line.split()[1:]
        told = dict(item.split("=", 1) for item in rest)
        yield EmulatorProcess(
            process=process,
            ready_line=line,
            endpoint=endpoint,
            ca=Path(told["ca"]),
            control_url=told["control"],
        )
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        process.stdout.close()
