"""The pool as it was configured: users, groups, app clients. Read from a TOML file once, every mistake named."""

import re
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

DEFAULT_FILE: Final = Path(__file__).with_name("pool.toml")
# Cognito takes 5 minutes to a day; a test of renewal cannot wait that long.
_LIFETIME_S: Final = (1, 86_400)
_REFRESH_S: Final = (60, 315_360_000)
_GRACE_S: Final = (0, 60)
_POOL_ID: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d_[0-9A-Za-z]+")


class PoolError(ValueError):
    """Raised with one sentence that names what is wrong in the pool's file."""


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody who can sign in; `is_enabled` and `signed_out_at` are what an administrator changes."""

    sub: str
    email: str
    password: str = field(repr=False)
    name: str
    groups: Sequence[str]
    is_enabled: bool = True
    signed_out_at: float = 0.0
    """Tokens of sign-ins before this instant are revoked (AdminUserGlobalSignOut)."""

    def may_use(self, signed_in_at: float) -> bool:
        """Whether tokens of a sign-in at this instant are still good."""
        return self.is_enabled and signed_in_at > self.signed_out_at


@dataclass(slots=True, kw_only=True)
class Client:
    """An app client: public, authorization code with PKCE, refresh tokens rotated."""

    client_id: str
    scopes: Sequence[str]
    callbacks: set[str]
    logouts: set[str]
    access_token_s: int
    id_token_s: int
    refresh_token_s: int
    retry_grace_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One user pool."""

    pool_id: str
    clients: Mapping[str, Client]
    users: Mapping[str, User]
    """By e-mail address, in lower case: the pool signs in by e-mail, and Cognito ignores its case."""

    def user_of(self, sub: str) -> User | None:
        return next((user for user in self.users.values() if user.sub == sub), None)

    def find(self, name: str) -> User | None:
        """A user by e-mail address or sub."""
        return self.users.get(name.casefold()) or self.user_of(name)


def load(path: Path = DEFAULT_FILE) -> Pool:
    """Read a pool; raises PoolError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PoolError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PoolError(f"{path} is not TOML: {error}") from error
    try:
        return _pool(raw)
    except PoolError as error:
        raise PoolError(f"{path}: {error}") from None


def _pool(raw: Mapping[str, Any]) -> Pool:
    _only(raw, {"pool", "clients", "users"}, "the file")
    head = raw.get("pool", {})
    _only(head, {"id"}, "[pool]")
    pool_id = _text(head, "id", "[pool]")
    if not _POOL_ID.fullmatch(pool_id):
        raise PoolError(f"[pool] id = {pool_id!r} is no pool id; one looks like us-east-1_AbCd12345")
    clients = [_client(table) for table in raw.get("clients", [])]
    users = [_user(table, pool_id) for table in raw.get("users", [])]
    if not clients or not users:
        raise PoolError("there must be at least one [[clients]] and one [[users]]")
    by_id = {client.client_id: client for client in clients}
    by_email = {user.email.casefold(): user for user in users}
    if len(by_id) != len(clients) or len(by_email) != len(users):
        raise PoolError("two clients have one id, or two users one e-mail address")
    return Pool(pool_id=pool_id, clients=by_id, users=by_email)


def _client(table: Mapping[str, Any]) -> Client:
    lifetimes = {"access_token_s", "id_token_s", "refresh_token_s", "retry_grace_s"}
    _only(table, {"id", "scopes", "callbacks", "logouts", *lifetimes}, "[[clients]]")
    where = f"client {table.get('id')!r}"
    return Client(
        client_id=_text(table, "id", "[[clients]]"),
        scopes=tuple(_texts(table, "scopes", where)),
        callbacks={checked_address(address) for address in _texts(table, "callbacks", where)},
        logouts={checked_address(address) for address in _texts(table, "logouts", where)},
        access_token_s=_seconds(table, "access_token_s", 3_600, _LIFETIME_S, where),
        id_token_s=_seconds(table, "id_token_s", 3_600, _LIFETIME_S, where),
        refresh_token_s=_seconds(table, "refresh_token_s", 2_592_000, _REFRESH_S, where),
        retry_grace_s=_seconds(table, "retry_grace_s", 60, _GRACE_S, where),
    )


def _user(table: Mapping[str, Any], pool_id: str) -> User:
    _only(table, {"email", "password", "name", "groups"}, "[[users]]")
    email = _text(table, "email", "[[users]]")
    where = f"user {email!r}"
    password = _text(table, "password", where)
    if re.search(r"\s", email + password):
        # Both are words of the line by which the stand-in says that it is ready.
        raise PoolError(f"{where}: no space can be in an e-mail address or a password of this pool")
    return User(
        # The same user keeps their sub over restarts, so that what they stored stays theirs.
        sub=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{pool_id}/{email.casefold()}")),
        email=email,
        password=password,
        name=_text(table, "name", where),
        groups=tuple(_texts(table, "groups", where)),
    )


def checked_address(address: str) -> str:
    """An address to redirect to, by Cognito's rule: https, or http on this machine; no fragment."""
    parts = urlsplit(address)
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if not (parts.scheme == "https" or is_local) or not parts.netloc or parts.fragment:
        raise PoolError(f"{address!r} is no callback; give https, or http on localhost, without a fragment")
    return address


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise PoolError(f"{where} has no key {unknown[0]!r}; it has {', '.join(sorted(known))}")


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    match table.get(key):
        case str(text) if text:
            return text
        case _:
            raise PoolError(f"{where} needs {key} = a text")


def _texts(table: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise PoolError(f"{where}: {key} must be a list of texts")
    return value


def _seconds(table: Mapping[str, Any], key: str, otherwise: int, bounds: tuple[int, int], where: str) -> int:
    value = table.get(key, otherwise)
    if type(value) is not int or not bounds[0] <= value <= bounds[1]:
        raise PoolError(f"{where}: {key} must be a whole number from {bounds[0]} to {bounds[1]}")
    return value
