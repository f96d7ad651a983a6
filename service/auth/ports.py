"""Who is speaking, as the rest of the service sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who may hold a session."""

    user_id: str
    """Stable and opaque; never a name or an address."""


class NotAuthenticatedError(Exception):
    """Raised when a request does not prove who makes it; the sentence is safe to show."""


class Authenticator(Protocol):
    """Decides who makes a request, before anything is accepted."""

    async def authenticate(self, *, headers: Mapping[str, str], subprotocols: tuple[str, ...]) -> Principal:
        """The principal behind a request; raises NotAuthenticatedError, and any other error is a refusal too."""
