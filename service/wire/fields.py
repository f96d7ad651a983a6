"""Messages described once: a dataclass whose fields say in `Annotated` what they hold.

Decoding, encoding and docs/protocol.md are all read off these descriptions. A field's name on the wire is its
Python name in camel case (`position_ms` is `positionMs`); a message's type is its class attribute `type`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAliasType, Union, get_args, get_origin, get_type_hints

from service.errors import RemoteProtocolError

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer a JavaScript client can hold exactly."""
MIN_INTEGER: Final = -MAX_INTEGER
"""The least one."""


@dataclass(frozen=True, slots=True)
class About:
    """What a field means and which values it takes."""

    text: str
    unit: str = ""
    minimum: int = 0
    maximum: int = MAX_INTEGER
    choices: tuple[int, ...] = ()
    max_chars: int = 4096
    omitted_when_none: bool = False
    """Whether a server message leaves the field out instead of saying `null`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of one message, as decoding, encoding and the document see it."""

    name: str
    wire_name: str
    kind: type
    about: About
    nullable: bool
    required: bool


def wire_name(name: str) -> str:
    """Spell a Python name as on the wire."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_DESCRIBED: Final[dict[type, tuple[Field, ...]]] = {}


def describe(message: type) -> tuple[Field, ...]:
    """Read the fields of a message class off its annotations, once."""
    described = _DESCRIBED.get(message)
    if described is None:
        described = _DESCRIBED[message] = _describe(message)
    return described


def _describe(message: type) -> tuple[Field, ...]:
    hints = get_type_hints(message, include_extras=True)
    described = []
    for field in fields(message):
        kind, about, nullable = _unwrap(hints[field.name])
        described.append(
            Field(
                name=field.name,
                wire_name=wire_name(field.name),
                kind=kind,
                about=about,
                nullable=nullable,
                required=field.default is MISSING,
            )
        )
    return tuple(described)


def _unwrap(hint: Any) -> tuple[type, About, bool]:
    about = About("")
    if isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if get_origin(hint) is Annotated:
        hint, about = get_args(hint)
    nullable = get_origin(hint) in {Union, UnionType}
    if nullable:
        (hint,) = (choice for choice in get_args(hint) if choice is not NoneType)
    return hint, about, nullable


def read[T](message: type[T], raw: Mapping[str, Any], *, within: str) -> T:
    """Build a client message from a parsed JSON object, strictly.

    Raises RemoteProtocolError naming the field that is unknown, missing or of the wrong kind.
    """
    known = describe(message)
    names = {field.wire_name for field in known}
    if hasattr(message, "type"):
        names.add("type")
    for name in raw:
        if name not in names:
            raise RemoteProtocolError(f"{within} has no field {name[:64]!r}")
    values: dict[str, Any] = {}
    for field in known:
        if field.wire_name in raw:
            values[field.name] = _value(field, raw[field.wire_name], within=within)
        elif field.required:
            raise RemoteProtocolError(f"{within} needs the field {field.wire_name!r}")
    return message(**values)


def _value(field: Field, raw: Any, *, within: str) -> Any:
    where = f"{within}.{field.wire_name}"
    if is_dataclass(field.kind):
        if not isinstance(raw, dict):
            raise RemoteProtocolError(f"{where} must be an object")
        return read(field.kind, raw, within=where)
    # bool is a subclass of int in Python and no number in JSON, so the exact type decides.
    if type(raw) is not field.kind:
        raise RemoteProtocolError(f"{where} must be {_KIND_NAMES[field.kind]}")
    about = field.about
    if isinstance(raw, int):
        if about.choices and raw not in about.choices:
            allowed = ", ".join(map(str, about.choices))
            raise RemoteProtocolError(f"{where} must be one of {allowed}")
        if not about.minimum <= raw <= about.maximum:
            raise RemoteProtocolError(f"{where} must be between {about.minimum} and {about.maximum}")
    if isinstance(raw, str) and not 0 < len(raw) <= about.max_chars:
        raise RemoteProtocolError(f"{where} must have 1 to {about.max_chars} characters")
    return raw


_KIND_NAMES: Final[Mapping[type, str]] = {
    int: "an integer",
    str: "a string",
    bool: "true or false",
    float: "a number",
}


def write(message: Any) -> dict[str, Any]:
    """Turn a server message into the JSON object that goes on the wire."""
    raw: dict[str, Any] = {}
    if hasattr(message, "type"):
        raw["type"] = message.type
    for field in describe(type(message)):
        value = getattr(message, field.name)
        if value is None and field.about.omitted_when_none:
            continue
        if isinstance(value, StrEnum):
            value = value.value
        raw[field.wire_name] = write(value) if is_dataclass(value) else value
    return raw
