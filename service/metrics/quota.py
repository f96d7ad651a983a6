"""How much CPU this process may use: its affinity, and the quota of the control groups that it is in."""

import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def cores(root: Path = _ROOT) -> float:
    """Cores' worth of CPU time per second; never more than there are processors to run on."""
    return min([_processors(), *_quotas(root)])


def _processors() -> float:
    try:
        return float(len(os.sched_getaffinity(0)))
    except AttributeError:  # no Linux
        return float(os.cpu_count() or 1)


def _quotas(root: Path) -> Iterator[float]:
    """The quota of every group from this process's own up to the root, as far as they can be seen from here.

    A container usually sees its own group as the root; a path in /proc that is not there is the host's.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        if line.count(":") < 2:
            continue
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            tops, read = (root / "sys/fs/cgroup", root / "sys/fs/cgroup/unified"), _quota_of_v2
        elif "cpu" in controllers.split(","):
            tops, read = (root / "sys/fs/cgroup/cpu", root / "sys/fs/cgroup/cpu,cpuacct"), _quota_of_v1
        else:
            continue
        for top in tops:
            group = top / path.lstrip("/")
            for folder in (group, *group.parents):
                if (quota := read(folder)) is not None:
                    yield quota
                if folder == top:
                    break


def _quota_of_v2(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
    return _share(quota, period)


def _quota_of_v1(folder: Path) -> float | None:
    return _share(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _share(quota: str, period: str) -> float | None:
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None  # "max", or no such file
    return share if share > 0 else None  # version 1 says -1 for no quota


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
