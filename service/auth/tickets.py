"""Tickets: how a browser, which cannot set a header on a WebSocket, proves at the handshake who it is.

A ticket is 256 bits of chance, works once, for 30 s, on any task. The store never sees it: it keeps a hash of it as the
name of a record, and the grant sealed with a key that only the ticket gives. Whoever reads the store can open nothing.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.auth.ports import Grant, NotAuthenticatedError, Principal

LIFETIME_S: Final = 30
_BYTES: Final = 32
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_NONCE_BYTES: Final = 12
_NAME: Final = b"voice ticket name"
_KEY: Final = b"voice ticket key"
_REFUSED: Final = "The ticket is unknown, used or too old; please get another one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a client gets."""

    value: str = field(repr=False)
    expires_in_s: int = LIFETIME_S


class TicketStore(Protocol):
    """Records by name, each readable once; of several tasks that ask for one, a single one gets it."""

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record until it is taken, or until this instant (UTC, seconds since 1970)."""

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Remove a record and return it; None when there is none, or none any more.

        In a table: DeleteItem under the condition `expires_at > :now`, returning ALL_OLD.
        """


class MemoryTicketStore:
    """Records of one process; for a service that runs as one."""

    def __init__(self, *, max_records: int = 10_000) -> None:
        self._records: dict[str, tuple[bytes, float]] = {}
        self._max_records = max_records

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record; the oldest goes when there are too many, which the rate of tickets prevents."""
        self._records[name] = (sealed, expires_at)
        if len(self._records) > self._max_records:
            del self._records[next(iter(self._records))]

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Remove a record and return it unless it has expired."""
        for old in [known for known, (_, expires_at) in self._records.items() if expires_at <= now]:
            del self._records[old]
        sealed, _ = self._records.pop(name, (None, 0.0))
        return sealed


class Tickets:
    """Issues tickets for grants, and gives the grant back for a ticket, once."""

    def __init__(
        self,
        store: TicketStore,
        *,
        wall_clock: Callable[[], float],
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`entropy` gives so many bytes of chance."""
        self._store = store
        self._entropy = entropy
        self._wall_clock = wall_clock

    async def issue(self, grant: Grant) -> Ticket:
        """A ticket for this grant."""
        value = base64.urlsafe_b64encode(self._entropy(_BYTES)).rstrip(b"=").decode()
        name = _digest(_NAME, value).hex()
        nonce = self._entropy(_NONCE_BYTES)
        sealed = nonce + AESGCM(_digest(_KEY, value)).encrypt(nonce, _dump(grant), name.encode())
        await self._store.put(name, sealed, expires_at=self._wall_clock() + LIFETIME_S)
        return Ticket(value=value)

    async def redeem(self, value: str) -> Grant:
        """The grant behind a ticket, which is used from now on; raises NotAuthenticatedError."""
        if not _FORM.fullmatch(value):
            raise NotAuthenticatedError(_REFUSED)
        name = _digest(_NAME, value).hex()
        now = self._wall_clock()
        sealed = await self._store.take(name, now=now)
        if sealed is None:
            raise NotAuthenticatedError(_REFUSED)
        try:
            opened = AESGCM(_digest(_KEY, value)).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode()
            )
        except InvalidTag:
            raise NotAuthenticatedError(_REFUSED) from None
        return _load(opened)


def _digest(purpose: bytes, value: str) -> bytes:
    # The value has 256 bits of its own, so one hash per purpose is a key derivation as good as any.
    return hashlib.sha256(purpose + b"\0" + value.encode()).digest()


def _dump(grant: Grant) -> bytes:
    who = grant.principal
    return orjson.dumps(
        {
            "issuer": who.issuer,
            "subject": who.subject,
            "clientId": who.client_id,
            "groups": list(who.groups),
            "expiresAt": grant.expires_at,
            "token": grant.token,
        }
    )


def _load(opened: bytes) -> Grant:
    kept = orjson.loads(opened)
    principal = Principal(
        issuer=kept["issuer"],
        subject=kept["subject"],
        client_id=kept["clientId"],
        groups=tuple(kept["groups"]),
    )
    return Grant(principal=principal, expires_at=kept["expiresAt"], token=kept["token"])
