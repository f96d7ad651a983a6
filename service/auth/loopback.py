"""Everybody who can reach this machine's own loopback is its owner.

Only for a service bound to loopback: `service.settings` refuses it anywhere else.
"""

from collections.abc import Mapping
from typing import Final

from service.auth.ports import Principal

OWNER: Final = Principal(user_id="loopback")


class LoopbackAuthenticator:
    """Accepts every request as the machine's owner."""

    async def authenticate(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002 - the port's shape
        subprotocols: tuple[str, ...],  # noqa: ARG002 - the port's shape
    ) -> Principal:
        """The machine's owner."""
        return OWNER
