"""Write docs/configuration.md from the settings; `python -m docs.generate.configuration`, or `make docs`."""

from pathlib import Path
from typing import Final

from service.settings import PREFIX, Settings

PAGE: Final = Path(__file__).parent.parent / "configuration.md"

_OPENING: Final = """\
# Configuration

Generated from `service/settings.py` by `make docs`. The service reads environment variables once, at its start.
An impossible value or combination, or an unknown `VOICE_` variable, ends the start with one sentence and exit
code 2. An empty value means the default. Durations and sizes carry their unit in the name. AWS credentials come
from the ordinary AWS chain: environment, profile, container role.

| variable | default | meaning |
| --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    return _OPENING + "".join(
        f"| `{PREFIX}{name.upper()}` | {_shown(field.default)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def _shown(default: object) -> str:
    return "empty" if default in (None, ()) else f"`{default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
