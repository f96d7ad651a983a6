"""An image of buildah's as a container of runc's, with the counters of its control groups."""

import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.box.bundle import Image
from tests.deploy.container_engine import buildah

_CGROUPS: Final = Path("/sys/fs/cgroup")
_PATIENCE_S: Final = 30.0
_numbers: Final = itertools.count(1)


@contextmanager
def unpacked(images: Path, name: str) -> Iterator[tuple[Path, Image]]:
    """An image's file system, and what it says of itself."""
    made = buildah(images, "from", "--pull-never", name)
    try:
        config = json.loads(buildah(images, "inspect", made))["OCIv1"]["config"]
        image = Image(
            entrypoint=config["Entrypoint"],
            environment=config.get("Env", []),
            working_dir=config.get("WorkingDir", "/"),
            volumes=list(config.get("Volumes", {})),
        )
        yield Path(buildah(images, "mount", made)), image
    finally:
        buildah(images, "rm", made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A running container."""

    name: str
    cgroup: str
    process: subprocess.Popen[bytes]
    log: Path
    root: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command inside, as the container's user: what ECS does for a health check."""
        return _runc(self.root, "exec", self.name, *command)

    def signal(self, name: str) -> None:
        _runc(self.root, "kill", self.name, name).check_returncode()

    def ended(self, within_s: float) -> int:
        return self.process.wait(within_s)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def counter(self, controller: str, v1: str, v2: str) -> str:
        """One file of the container's control group, under whichever hierarchy the machine has."""
        first = _CGROUPS / controller / self.cgroup.lstrip("/") / v1
        return (first if first.exists() else _CGROUPS / self.cgroup.lstrip("/") / v2).read_text()

    def cpu_s(self) -> float:
        text = self.counter("cpuacct", "cpuacct.usage", "cpu.stat")
        if text.strip().isdigit():
            return int(text) / 1e9
        return int(_field(text, "usage_usec")) / 1e6

    def throttled_s(self) -> float:
        """Time that the processor limit took away."""
        text = self.counter("cpu", "cpu.stat", "cpu.stat")
        if "throttled_time" in text:
            return int(_field(text, "throttled_time")) / 1e9
        return int(_field(text, "throttled_usec")) / 1e6

    def memory_bytes(self) -> int:
        """Without the page cache, which the kernel takes back before it ends anybody."""
        stat = self.counter("memory", "memory.stat", "memory.stat")
        return int(_field(stat, "total_rss" if "total_rss " in stat else "anon"))

    def killed_for_memory(self) -> int:
        text = self.counter("memory", "memory.oom_control", "memory.events")
        return int(_field(text, "oom_kill"))


def _field(text: str, name: str) -> str:
    return next(line.split()[1] for line in text.splitlines() if line.split()[0] == name)


def _runc(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["runc", "--root", str(root), *arguments],
        capture_output=True, text=True, check=False, timeout=_PATIENCE_S,
    )  # fmt: skip


@contextmanager
def running(
    folder: Path, config: Callable[[str], Mapping[str, Any]], *, ready: Callable[[], bool]
) -> Iterator[Container]:
    """Start a container from its configuration, wait until it is ready, and leave nothing of it."""
    name = f"voice-box-{os.getpid()}-{next(_numbers)}"
    cgroup = f"/{name}"
    bundle, root = folder / name, folder / "runc"
    bundle.mkdir()
    (bundle / "config.json").write_text(json.dumps(config(cgroup)))
    log = bundle / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["runc", "--root", str(root), "run", "--bundle", str(bundle), name],
            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        container = Container(name=name, cgroup=cgroup, process=process, log=log, root=root)
        try:
            until = time.monotonic() + _PATIENCE_S
            while not ready():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the container is not ready: {container.text[-3000:]}")
                time.sleep(0.1)  # a container that starts offers nothing else to wait for
            yield container
        finally:
            with suppress(subprocess.TimeoutExpired):
                _runc(root, "delete", "--force", name)
            process.wait(_PATIENCE_S)
