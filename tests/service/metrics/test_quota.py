"""The quota, read from made-up trees of /proc and /sys."""

import os
from pathlib import Path

import pytest

from service.metrics.quota import cores


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(autouse=True)
def eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


CASES = {
    "version 2, in a container": (
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"},
        0.5,
    ),
    "version 2, no quota": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 8.0),
    "version 2, the group above has less": (
        {
            "proc/self/cgroup": "0::/ecs/task\n",
            "sys/fs/cgroup/ecs/cpu.max": "100000 100000\n",
            "sys/fs/cgroup/ecs/task/cpu.max": "200000 100000\n",
        },
        1.0,
    ),
    "version 2, a path of the host's": (
        {"proc/self/cgroup": "0::/host/only\n", "sys/fs/cgroup/cpu.max": "25000 100000\n"},
        0.25,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "4:memory:/x\n1:cpu,cpuacct:/\n0::/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        1.5,
    ),
    "version 1, no quota": (
        {
            "proc/self/cgroup": "1:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        8.0,
    ),
    "nothing to read": ({}, 8.0),
    "nonsense": ({"proc/self/cgroup": "what\n\n::\n", "sys/fs/cgroup/cpu.max": "much 0"}, 8.0),
    "more than there is": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "9900000 100000"}, 8.0),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_the_least_of_all_limits_counts(tmp_path: Path, files: dict[str, str], expected: float) -> None:
    assert expected == cores(tree(tmp_path, files))


def test_this_machine_has_some_cpu() -> None:
    assert cores() > 0
