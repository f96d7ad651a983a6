"""Where processes run: on which core, behind which network, within how much CPU."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_INSIDE: Final = "BENCH_NETWORK"
_V1: Final = Path("/sys/fs/cgroup/cpu")
_V2: Final = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
_PERIOD_US: Final = 100_000


def own_network(command: list[str]) -> str:
    """Start anew in a network of one's own whose loopback has an MTU of 1500, as between hosts; else say why not.

    On the ordinary loopback, with its MTU of 64 KiB, whole bursts travel as one segment and the official SDK, which
    sets no TCP_NODELAY, waits for acknowledgements that no real path would keep from it.
    """
    if os.environ.get(_INSIDE):
        return "own namespace, MTU 1500"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "the machine's loopback (not root, so no namespace)"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "the machine's loopback (no unshare or ip here)"
    if subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode != 0:
        return "the machine's loopback (namespaces are not allowed here)"
    os.environ[_INSIDE] = "1"
    script = 'ip link set lo up mtu 1500 && exec "$@"'
    sys.stdout.flush()
    inside = subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", *command], check=False)
    sys.exit(inside.returncode)


def cores() -> tuple[int, int] | None:
    """A core for what is measured and one for everything else, where there are two."""
    try:
        allowed = sorted(os.sched_getaffinity(0))
    except AttributeError:  # no Linux
        return None
    return (allowed[0], allowed[1]) if len(allowed) > 1 else None


class Group:
    """A control group with a quota."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid), encoding="utf-8")

    def throttled(self) -> int:
        """How many periods ended because the quota was used up."""
        for line in (self._folder / "cpu.stat").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(" ")
            if name == "nr_throttled":
                return int(value)
        return 0


@contextmanager
def quota(share: float) -> Iterator[Group | str]:
    """A group of this many cores, or why there is none."""
    folder, problem = _make(share)
    if folder is None:
        yield problem
        return
    try:
        yield Group(folder)
    finally:
        folder.rmdir()


def _make(share: float) -> tuple[Path | None, str]:
    limit_us = int(share * _PERIOD_US)
    name = f"voice-bench-{os.getpid()}"
    problem = "no control group of CPU is mounted here"
    for top in _V2:
        controllers = top / "cgroup.controllers"
        if controllers.is_file() and "cpu" in controllers.read_text(encoding="utf-8").split():
            folder = top / name
            try:
                (top / "cgroup.subtree_control").write_text("+cpu", encoding="utf-8")
                folder.mkdir()
                (folder / "cpu.max").write_text(f"{limit_us} {_PERIOD_US}", encoding="utf-8")
            except OSError as error:
                problem = f"control groups cannot be written here ({error.strerror})"
            else:
                return folder, ""
    if (_V1 / "cpu.cfs_quota_us").is_file() or (_V1 / "cgroup.procs").is_file():
        folder = _V1 / name
        try:
            folder.mkdir()
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US), encoding="utf-8")
            (folder / "cpu.cfs_quota_us").write_text(str(limit_us), encoding="utf-8")
        except OSError as error:
            problem = f"control groups cannot be written here ({error.strerror})"
        else:
            return folder, ""
    return None, problem
