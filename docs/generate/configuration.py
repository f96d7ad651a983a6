"""Write docs/configuration.md from the settings; `python -m docs.generate.configuration`, or `make docs`."""

from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings

from service.limit_settings import LimitSettings
from service.model_settings import ModelSettings
from service.settings import PREFIX, Settings
from service.sign_in_settings import SignInSettings
from service.store_settings import StoreSettings

PAGE: Final = Path(__file__).parent.parent / "configuration.md"

_OPENING: Final = """\
# Configuration

Generated from `service/settings.py` by `make docs`. The service reads environment variables once, at its start.
An impossible value or combination, or an unknown `VOICE_` variable, ends the start with one sentence and exit
code 2. An empty value means the default. Durations and sizes carry their unit in the name. AWS credentials come
from the ordinary AWS chain: environment, profile, container role.
"""
_TABLE: Final = """
| variable | default | meaning |
| --- | --- | --- |
"""
# In the order in which somebody who sets the service up meets them.
_PARTS: Final[dict[str, type[BaseSettings]]] = {
    "Sign-in": SignInSettings,
    "Model": ModelSettings,
    "Limits": LimitSettings,
    "Store": StoreSettings,
    "Process": Settings,
}


def page() -> str:
    """The whole page: one table for each part, each setting once."""
    shown: set[str] = set()
    return _OPENING + "".join(_part(title, part, shown) for title, part in _PARTS.items())


def _part(title: str, part: type[BaseSettings], shown: set[str]) -> str:
    own = {name: field for name, field in part.model_fields.items() if name not in shown}
    shown.update(own)
    return f"\n## {title}\n{_TABLE}" + "".join(
        f"| `{PREFIX}{name.upper()}` | {_shown(field.default)} | {field.description} |\n"
        for name, field in own.items()
    )


def _shown(default: object) -> str:
    if default in (None, (), ""):
        return "empty"
    return f"`{','.join(default) if isinstance(default, tuple) else default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
