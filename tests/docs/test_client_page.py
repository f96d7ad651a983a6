"""docs/client.md shows every picture that is there, and describes every property of the component."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/client.md").read_text(encoding="utf-8")
VIEWER = ROOT / "frontend_hosting/src/voice/voice-session-viewer.tsx"


def test_every_picture_is_shown_and_every_picture_that_is_shown_exists() -> None:
    kept = {path.name for path in (ROOT / "docs/screenshots").iterdir()}
    pages = [PAGE, (ROOT / "docs/operations.md").read_text(encoding="utf-8")]
    shown = {name for page in pages for name in re.findall(r"screenshots/([\w-]+\.\w+)", page)}

    assert kept == shown


def test_every_property_of_the_component_is_described() -> None:
    properties = (
        VIEWER.read_text(encoding="utf-8").partition("VoiceSessionViewerProps = {")[2].partition("\n}")[0]
    )
    table = PAGE.partition("## Embedding it")[2].partition("\n## ")[0]

    assert re.findall(r"^  readonly (\w+)\??:", properties, re.MULTILINE) == re.findall(
        r"^\| `(\w+)` \|", table, re.MULTILINE
    )
