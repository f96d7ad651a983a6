"""From the text of a stage to a `StageConfig`: strict, once, and with a sentence for whatever is wrong."""

import difflib
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from stacks.capacity import Capacity, load_capacity
from stacks.errors import ConfigurationError
from stacks.stage_checks import check
from stacks.stage_config import StageConfig

TABLES = {f.name: f.type for f in fields(StageConfig) if f.name not in {"capacity", "image_digest", "source"}}


def load(folder: Path, name: str, *, overrides: Mapping[str, object] | None = None) -> StageConfig:
    """Read `folder/NAME.toml`, and over it `folder/NAME.local.toml` where an operator keeps what git must not.

    `overrides` maps dotted keys ("stage.account") to values, as given on the command line.
    """
    path = folder / f"{name}.toml"
    known = stage_names(folder)
    if name not in known:
        raise ConfigurationError(
            source="the command line",
            key="stage",
            value=name,
            remedy=f"there is no such stage; write one of {', '.join(known)}",
        )
    document = _read(path)
    local = folder / f"{name}.local.toml"
    if local.exists():
        document = _merged(document, _read(local))
    for key, value in (overrides or {}).items():
        table, _, item = key.partition(".")
        document = _merged(document, {table: {item: value}} if item else {table: value})
    return parse(document, source=f"config/{path.name}")


def stage_names(folder: Path) -> list[str]:
    """Every stage that has a file, in the order in which changes travel through them."""
    order = ("dev", "staging", "prod")
    found = {path.stem for path in folder.glob("*.toml") if "." not in path.stem} - {"prices"}
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def parse(document: Mapping[str, object], *, source: str, capacity: Capacity | None = None) -> StageConfig:
    """Turn a parsed TOML document into a checked configuration, or say what is wrong with it.

    Without `capacity` it is what was measured last.
    """
    values: dict[str, Any] = {}
    digest = document.get("image_digest")
    tables = {key: value for key, value in document.items() if key != "image_digest"}
    _refuse_unknown(tables, TABLES, source=source, prefix="")
    for name, kind in TABLES.items():
        table = tables.get(name)
        if not isinstance(table, Mapping):
            raise ConfigurationError(source=source, key=name, value=table, remedy=f"write a table [{name}]")
        values[name] = _table(typing.cast("type[Any]", kind), table, source=source, prefix=name)
    if digest is not None and not isinstance(digest, str):
        raise ConfigurationError(
            source=source, key="image_digest", value=digest, remedy="write the digest as text, sha256:..."
        )
    config = StageConfig(**values, capacity=capacity or load_capacity(), image_digest=digest, source=source)
    check(config)
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            source=f"config/{path.name}", key="the file", value=str(error), remedy="write valid TOML"
        ) from error


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both_are_tables = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _merged(below or {}, value) if both_are_tables else value
    return merged


def _refuse_unknown(
    given: Mapping[str, object], known: Mapping[str, object], *, source: str, prefix: str
) -> None:
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            raise ConfigurationError(
                source=source, key=prefix + key, value=given[key], remedy=f"there is no such key; {hint}"
            )


def _table[T](kind: type[T], table: Mapping[str, object], *, source: str, prefix: str) -> T:
    known: dict[str, Field[Any]] = {f.name: f for f in fields(typing.cast("Any", kind))}
    _refuse_unknown(table, known, source=source, prefix=f"{prefix}.")
    hints = typing.get_type_hints(kind)
    values: dict[str, object] = {}
    for name, described in known.items():
        key = f"{prefix}.{name}"
        if name in table:
            values[name] = _value(hints[name], table[name], source=source, key=key)
        elif described.default is MISSING:
            raise ConfigurationError(
                source=source, key=key, value=None, remedy=f"write {key.split('.')[1]} = ..."
            )
    return kind(**values)


def _value(hint: Any, value: object, *, source: str, key: str) -> object:
    """The value as the field's type, or the sentence that says what to write."""
    if isinstance(hint, types.UnionType):  # an optional field
        hint = next(kind for kind in hint.__args__ if kind is not type(None))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if isinstance(value, str) and value in list(hint):
            return hint(value)
        wanted = f"write one of {', '.join(hint)}"
    else:
        fits, wanted = _PLAIN[hint]
        if fits(value):
            return tuple(value) if isinstance(value, list) else value
    raise ConfigurationError(source=source, key=key, value=value, remedy=wanted)


_PLAIN: Final[dict[Any, tuple[Callable[[object], bool], str]]] = {
    bool: (lambda value: isinstance(value, bool), "write true or false"),
    int: (lambda value: isinstance(value, int) and not isinstance(value, bool), "write a whole number"),
    str: (lambda value: isinstance(value, str) and bool(value), "write a text, or leave the key out"),
    tuple[str, ...]: (
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
        "write a list of texts",
    ),
}
