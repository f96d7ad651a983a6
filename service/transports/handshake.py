"""May this request become a session, and how will the client spell it? Decided before the upgrade is accepted.

A browser sends Origin and cannot forge it, so a foreign page is told apart by it; other programs send none.
A page can also reach a service on loopback under a name of its own that resolves to 127.0.0.1 (DNS
rebinding): origin and host then agree, so on loopback the host must be one of loopback's names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from service.wire.subprotocol import Subprotocol

_OFFERED: Final = {subprotocol.value: subprotocol for subprotocol in Subprotocol}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the rules look at, as the client sent it."""

    host: str
    origin: str | None
    query: str
    subprotocols: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An answer instead of the upgrade: `code` for programs and counters, `detail` for people."""

    status: HTTPStatus
    code: str
    detail: str
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The upgrade can be accepted; `header` is the subprotocol to name in it, None when none was offered."""

    subprotocol: Subprotocol
    header: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which pages may connect."""

    allowed_origins: Sequence[str]
    """Exact origins; empty: only pages of the same host."""
    loopback_only: bool
    """Whether the service listens on loopback, and must be addressed by one of loopback's names."""

    def judge(self, request: Request) -> Agreed | Refused:
        """Agree on a subprotocol, or say why not."""
        if request.query:
            return Refused(
                status=HTTPStatus.BAD_REQUEST,
                code="query_string",
                detail="The address of a session has no query string; it would end up in logs.",
            )
        refused = self.judge_page(host=request.host, origin=request.origin)
        return refused if refused is not None else _agree(request.subprotocols)

    def judge_page(self, *, host: str, origin: str | None) -> Refused | None:
        """Whether a page may use this service at all, or a program that is none."""
        if self.loopback_only and not _is_loopback(host):
            return Refused(
                status=HTTPStatus.FORBIDDEN,
                code="forbidden_host",
                detail="This service is reached as localhost only.",
            )
        if origin is not None and not self._may_connect(origin, host):
            return Refused(
                status=HTTPStatus.FORBIDDEN,
                code="forbidden_origin",
                detail="Pages of this origin may not open a session.",
            )
        return None

    def _may_connect(self, origin: str, host: str) -> bool:
        if self.allowed_origins:
            return origin in self.allowed_origins
        # TLS may end in front of this process, so the scheme is not ours to compare.
        return origin in {f"http://{host}", f"https://{host}"}


def _agree(offered: Sequence[str]) -> Agreed | Refused:
    known = [_OFFERED[name] for name in offered if name in _OFFERED]
    if known:
        return Agreed(subprotocol=known[0], header=known[0].value)
    if offered:
        return Refused(
            status=HTTPStatus.BAD_REQUEST,
            code="unknown_subprotocol",
            detail=f"This service speaks {' and '.join(_OFFERED)}.",
        )
    return Agreed(subprotocol=Subprotocol.JSON, header=None)


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
