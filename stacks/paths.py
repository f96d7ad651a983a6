"""Where things lie in a checkout, whatever the working directory."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
CONFIG: Final = ROOT / "config"
RULES: Final = ROOT / "stacks/rules/architecture.guard"
PAGE_HEADERS: Final = ROOT / "service/api/page_headers.json"
