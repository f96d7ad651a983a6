"""The built page, when this process serves it itself (on AWS, CloudFront does).

Any path that is not a file is answered with the page's one document, which does its own routing; a missing
file under /assets/, /api/ or /ws stays missing, so that a typo does not come back as HTML.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_NOT_FOUND: Final = 404
_POLICY: Final = "Content-Security-Policy"
_NO_FALLBACK: Final = ("api/", "assets/", "health", "ws")

# The one source of what the page may do, for this process and for the stack that makes CloudFront's policy.
# Worklets and workers are files under /assets, so nothing but 'self' is needed.
HEADERS_FILE: Final = Path(__file__).with_name("page_headers.json")
# A page that is served over plain HTTP on loopback speaks ws: to its own origin, which older browsers do not
# count as 'self'.
_SOCKET: Final = "ws:"


def security_headers(connects_to: Sequence[str]) -> Mapping[str, str]:
    """The headers of every answer; the page may ask its own origin and those of these addresses (to sign in)."""
    parts = [urlsplit(address) for address in connects_to]
    sign_in = " ".join(sorted({f"{part.scheme}://{part.netloc}" for part in parts}))
    headers = json.loads(HEADERS_FILE.read_text(encoding="utf-8"))
    policy = "; ".join(f"{directive} {value}" for directive, value in headers[_POLICY].items())
    return {**headers, _POLICY: policy.format(socket=_SOCKET, sign_in=sign_in)}


class Page(StaticFiles):
    """Files of the built page, its document for every other path, security headers on all of them."""

    def __init__(self, directory: Path, *, connects_to: Sequence[str]) -> None:
        super().__init__(directory=directory, html=True)
        self._headers = security_headers(connects_to)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != _NOT_FOUND or path.startswith(_NO_FALLBACK):
                raise
            response = await super().get_response("index.html", scope)
        hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        response.headers.update(self._headers)
        return response
