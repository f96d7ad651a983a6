"""Write docs/openapi.json, the REST side as its routes describe themselves; `make docs`."""

import json
from pathlib import Path
from typing import Any, Final, cast

from service.app import create_app
from service.metrics.counters import Counters
from service.settings import Settings

PAGE: Final = Path(__file__).parent.parent / "openapi.json"


def document() -> dict[str, Any]:
    """The description; no setting changes it, so these only have to be possible."""
    settings = Settings(
        auth_issuer="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example",
        auth_client_ids=("example",),
        auth_domain="https://example.auth.us-east-1.amazoncognito.com",
    )
    # Nothing is served here, so nobody needs a model or a sign-in.
    nobody = cast("Any", None)
    app = create_app(
        settings, model=nobody, sign_in=nobody, counters=Counters(), clock=lambda: 0.0, store=nobody
    )
    return app.openapi()


def page() -> str:
    """The file's text."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
