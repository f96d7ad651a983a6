"""PURE. From what ECS was given to what runc is given: a task definition, as Fargate would run it, as an OCI bundle.

What Fargate does and this does not: a network interface and a kernel of the task's own (Firecracker), the seccomp
profile, the metadata endpoint. What is the same: user, arguments, environment, read-only root, capabilities, mounts,
processor and memory limits, an init process, the credentials' address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CFS_PERIOD_US: Final = 100_000
# Fargate's own limit of open files.
OPEN_FILES: Final = 65_535
INIT: Final = "/dev/init"
_NAMESPACES: Final = ("pid", "ipc", "uts", "mount")
_MASKED: Final = (
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/scsi",
    "/sys/firmware",
)
_READ_ONLY: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image says of itself, as far as it decides how it runs."""

    entrypoint: Sequence[str]
    environment: Sequence[str]
    working_dir: str
    volumes: Sequence[str]


class UnlikeFargateError(ValueError):
    """Raised for a part of a task definition that this does not know how to run."""


_KNOWN: Final = frozenset({
    "name", "image", "cpu", "essential", "user", "readonlyRootFilesystem", "linuxParameters", "portMappings",
    "environment", "stopTimeout", "healthCheck", "logConfiguration", "mountPoints", "volumesFrom", "systemControls",
})  # fmt: skip


def container_of(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one container; refuses what could not be run faithfully."""
    (container,) = task["containerDefinitions"]
    if unknown := sorted(set(container) - _KNOWN):
        raise UnlikeFargateError(f"the container has {', '.join(unknown)}, which the box does not know")
    return dict(container)


def oci_config(
    task: Mapping[str, Any],
    image: Image,
    *,
    rootfs: Path,
    files: Mapping[str, Path],
    init: Path,
    overrides: Mapping[str, str],
    cgroup: str,
    open_files: int = OPEN_FILES,
) -> dict[str, Any]:
    """The bundle's config.json. `files` are mounted read-only; `overrides` are laid over the environment."""
    container = container_of(task)
    uid, _, gid = container.get("user", "0").partition(":")
    environment = dict(entry.split("=", 1) for entry in image.environment)
    environment |= {entry["name"]: entry["value"] for entry in container.get("environment", [])}
    environment |= overrides
    linux = container.get("linuxParameters", {})
    dropped = linux.get("capabilities", {}).get("drop", [])
    # Nothing is left when everything is dropped; a container that drops less is not ours.
    if "ALL" not in dropped:
        raise UnlikeFargateError(f"the container drops {dropped}, not ALL")
    arguments = list(image.entrypoint)
    if linux.get("initProcessEnabled"):
        arguments = [INIT, "--", *arguments]
        files = {**files, INIT: init}
    no_capability: dict[str, list[str]] = {
        kind: [] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")
    }
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": int(uid), "gid": int(gid or uid)},
            "args": arguments,
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": image.working_dir or "/",
            "capabilities": no_capability,
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": open_files, "hard": open_files}],
            "noNewPrivileges": False,
        },
        "root": {"path": str(rootfs), "readonly": bool(container.get("readonlyRootFilesystem"))},
        "hostname": "task",
        "mounts": [*_system_mounts(), *_volumes(container, image), *_files(files)],
        "linux": {
            "cgroupsPath": cgroup,
            "resources": {
                "devices": [{"allow": False, "access": "rwm"}],
                "cpu": {"quota": int(task["cpu"]) * CFS_PERIOD_US // 1024, "period": CFS_PERIOD_US},
                "memory": {"limit": int(task["memory"]) * 2**20, "swap": int(task["memory"]) * 2**20},
            },
            "namespaces": [{"type": kind} for kind in _NAMESPACES],
            "maskedPaths": list(_MASKED),
            "readonlyPaths": list(_READ_ONLY),
        },
    }


def _system_mounts() -> list[dict[str, Any]]:
    careful = ["nosuid", "noexec", "nodev"]
    return [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [*careful, "mode=1777", "size=65536k"]},  # noqa: S108 - the container's own
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*careful, "ro"]},
    ]  # fmt: skip


def _volumes(container: Mapping[str, Any], image: Image) -> list[dict[str, Any]]:
    """Ephemeral volumes are root's and 0755, unless the image names the place as a volume and so keeps its mode."""
    mounts = []
    for point in container.get("mountPoints", []):
        path = point["containerPath"]
        mode = "1777" if path in image.volumes else "0755"
        access = "ro" if point.get("readOnly") else "rw"
        mounts.append({
            "destination": path, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", f"mode={mode}", access],
        })  # fmt: skip
    return mounts


def _files(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    return [
        {"destination": inside, "type": "bind", "source": str(outside), "options": ["bind", "ro"]}
        for inside, outside in files.items()
    ]
