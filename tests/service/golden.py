"""The golden vectors, read once."""

import json
from pathlib import Path
from typing import Any

_GOLDEN = Path(__file__).parents[1] / "contract" / "golden"

CLIENT_PROTOCOL: dict[str, Any] = json.loads((_GOLDEN / "client_protocol.json").read_text())
SONIC_EVENTS: dict[str, Any] = json.loads((_GOLDEN / "sonic_events.json").read_text())
