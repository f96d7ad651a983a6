"""The built page, when this process serves it itself (on AWS, CloudFront does).

Any path that is not a file is answered with the page's one document, which does its own routing; a missing
file under /assets/, /api/ or /ws stays missing, so that a typo does not come back as HTML.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_NOT_FOUND: Final = 404
_NO_FALLBACK: Final = ("api/", "assets/", "health", "ws")

# Worklets and workers are files under /assets, so nothing but 'self' is needed; a page that is served over
# plain HTTP on loopback speaks ws: to its own origin, which older browsers do not count as 'self'.
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self'",
    "connect-src 'self' ws: {connects_to}",
    "manifest-src 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
)


def security_headers(connects_to: Sequence[str]) -> Mapping[str, str]:
    """The headers of every answer; the page may ask its own origin and those of these addresses (to sign in)."""
    parts = [urlsplit(address) for address in connects_to]
    origins = sorted({f"{part.scheme}://{part.netloc}" for part in parts})
    return {
        "Content-Security-Policy": "; ".join(_POLICY).format(connects_to=" ".join(origins)),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=()",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


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
