"""How what happens to a session is written down so that it can happen again, without what was said.

Events and terms are dataclasses, enums and plain values; one codec spells them all as JSON, and reads back only types it
knows. Audio becomes its length. Words become other words: each is replaced by letters that depend on it and on a secret
of this recording that is thrown away, so equal words stay equal, which the session's decisions rest on, and no word can
be read. Tickets and tokens are left out.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any, Final

from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind
from service.policies import (
    backoff,
    budget,
    closure,
    continuation,
    endpointing,
    prices,
    profiles,
    rate,
    replay,
    retry,
    silence,
    watchdog,
)
from service.policies import sign_in as sign_in_policy
from service.session import events, keeping, terms
from service.wire import client, server, sonic_input, sonic_output, subprotocol

_MODULES: Final[tuple[ModuleType, ...]] = (
    *(backoff, budget, closure, continuation, endpointing, prices, profiles, rate, replay, retry, silence),
    *(
        watchdog,
        sign_in_policy,
        events,
        keeping,
        terms,
        client,
        server,
        sonic_input,
        sonic_output,
        subprotocol,
    ),
)
# Two modules may use one name for two things (`Timings` of a client and of a turn), so names say where they are from.
_TYPES: Final[Mapping[str, type]] = {
    f"{kind.__module__.removeprefix('service.')}.{kind.__name__}": kind
    for module in _MODULES
    for kind in vars(module).values()
    if isinstance(kind, type)
    and kind.__module__ == module.__name__
    and (is_dataclass(kind) or issubclass(kind, Enum))
} | {f"errors.{kind.__name__}": kind for kind in (CloseCode, ErrorCode, ModelFailureKind)}
_NAMES: Final[Mapping[type, str]] = {kind: name for name, kind in _TYPES.items()}

_SECRET: Final = frozenset({"ticket", "resume_token", "token", "token_hash", "user_id"})
_WORDS: Final = frozenset(
    {"text", "user", "assistant", "instructions", "arguments_json", "result_json", "message", "reason"}
)
# Names that the model makes up; one of ours is known to the recorder's mask, and stays.
_MADE_UP: Final = frozenset({(sonic_output.ToolUse, "name"), (sonic_output.Unknown, "name")})
_WORD: Final = re.compile(r"\w+")

type Mask = Callable[[str], str]


def mask_with(secret: bytes) -> Mask:
    """Replaces words by others of the same length, equal ones by equal ones."""

    def other(word: re.Match[str]) -> str:
        digest = hashlib.blake2b(
            word[0].casefold().encode(errors="replace"), key=secret, digest_size=32
        ).hexdigest()
        letters = digest.translate(_LETTERS)
        return (letters * (len(word[0]) // len(letters) + 1))[: len(word[0])]

    return lambda text: _WORD.sub(other, text)


_LETTERS: Final = str.maketrans("0123456789abcdef", "bcdfghjklmnprstv")


def sparing(names: Collection[str], mask: Mask) -> Mask:
    """The mask, which leaves these names as they are where they stand alone."""
    return lambda text: text if text in names else mask(text)


def plain(text: str) -> str:
    """Leaves words as they are."""
    return text


def encode(value: Any, mask: Mask, name: str = "") -> Any:  # noqa: C901, PLR0911 - one branch for each kind of value
    """A value as JSON; `name` is the field it stands in."""
    if isinstance(value, Enum):
        return _enum(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) != float("inf") else {"@": "inf", "v": 1 if value > 0 else -1}
    if isinstance(value, str):
        if name in _SECRET:
            return "x"
        return mask(value) if name in _WORDS else value
    if isinstance(value, bytes):
        return {"@": "bytes", "v": len(value)}
    if isinstance(value, ModelFailure):
        return {"@": "failure", "kind": value.kind.value, "message": mask(value.message)}
    if is_dataclass(value) and type(value) in _NAMES:
        members = {
            field.name: encode(
                getattr(value, field.name),
                mask,
                "text" if (type(value), field.name) in _MADE_UP else field.name,
            )
            for field in fields(value)
        }
        return {"@": _NAMES[type(value)], **members}
    if isinstance(value, Mapping):
        return {
            "@": "map",
            "v": [
                [
                    encode(key, mask, "text" if name in {"arguments", "text"} else ""),
                    encode(item, mask, "text"),
                ]
                for key, item in value.items()
            ],
        }
    if isinstance(value, list | tuple):
        return [encode(item, mask, name) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be recorded")


def _enum(value: Enum) -> dict[str, Any]:
    return {"@": _NAMES[type(value)], "v": value.value}


def decode(raw: Any) -> Any:  # noqa: PLR0911 - one branch for each kind of value
    """The value again; raises ValueError for what no recording holds."""
    if isinstance(raw, list):
        return tuple(decode(item) for item in raw)
    if not isinstance(raw, dict):
        return raw
    match raw.get("@"):
        case "inf":
            return float("inf") * raw["v"]
        case "bytes":
            return bytes(raw["v"])
        case "map":
            return {decode(key): decode(item) for key, item in raw["v"]}
        case "failure":
            return ModelFailure(ModelFailureKind(raw["kind"]), raw["message"])
        case str(name) if (kind := _TYPES.get(name)) is not None:
            if issubclass(kind, Enum):
                return kind(raw["v"])
            members = {key: decode(item) for key, item in raw.items() if key != "@"}
            return kind(**members)
        case other:
            raise ValueError(f"a recording holds no {str(other)[:64]!r}")
