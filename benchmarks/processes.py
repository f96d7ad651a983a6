"""The processes of a measurement: started together, asked for their figures, ended together."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".cache" / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that said it is ready."""

    process: subprocess.Popen[str]
    url: str
    facts: Mapping[str, str]
    bytes_at_start: int

    @property
    def _in(self) -> IO[str]:
        assert self.process.stdin is not None  # noqa: S101 - opened as a pipe below
        return self.process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self.process.stdout is not None  # noqa: S101 - opened as a pipe below
        return self.process.stdout

    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def tell(self, command: str) -> None:
        self._in.write(f"{command}\n")
        self._in.flush()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def answer(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._out.readline())
        return document


@contextmanager
def running(
    module: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    python: Path | None = None,
    core: int | None = None,
) -> Iterator[Running]:
    """`python -m module`, from its ready line to its end; with a `python` of its own `module` is the path of a script.

    `core` is the only one that it may run on.
    """
    command = [sys.executable, "-m", module] if python is None else [str(python), module]
    if core is not None:
        command = ["taskset", "-c", str(core), *command] if shutil.which("taskset") else command
    log = ROOT / ".run" / "logs" / f"{module.replace('/', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            assert process.stdout is not None  # noqa: S101 - opened as a pipe above
            ready = process.stdout.readline().split()
            if not ready or ready[0] != "ready":
                process.wait(timeout=10)
                raise SystemExit(f"{module} did not start; see {log}")
            facts = dict(fact.split("=", 1) for fact in ready[2:])
            rss_bytes = int(psutil.Process(process.pid).memory_info().rss)
            yield Running(process=process, url=ready[1], facts=facts, bytes_at_start=rss_bytes)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
