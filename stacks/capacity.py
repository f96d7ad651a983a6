"""What one task was measured to hold: `config/capacity.json`, which `make test-box` writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.errors import ConfigurationError
from stacks.paths import CONFIG

CAPACITY_FILE = CONFIG / "capacity.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The most sessions that kept every promise, and how much of the task's processor limit they used."""

    sessions: int
    cpu_percent: float

    def cpu_percent_at(self, utilization_percent: int) -> int:
        """The processor's share when so much of the capacity is taken: what scaling on CPU aims at."""
        return max(20, min(80, round(self.cpu_percent * utilization_percent / 100)))


def load_capacity(path: Path = CAPACITY_FILE) -> Capacity:
    """Read the file; whatever is wrong with it is one sentence."""
    source = f"config/{path.name}"
    remedy = "run `make test-box` on a quiet machine, which writes it"
    try:
        held: Any = json.loads(path.read_text(encoding="utf-8"))["held"]
        values: dict[str, Any] = {key: held[key] for key in ("sessions", "cpuPercent")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(source=source, key="held", value=repr(error), remedy=remedy) from error
    for key, value in values.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
            raise ConfigurationError(source=source, key=f"held.{key}", value=value, remedy=remedy)
    return Capacity(sessions=int(values["sessions"]), cpu_percent=float(values["cpuPercent"]))
