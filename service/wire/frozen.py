"""Dataclasses that nobody may change, for what is made for every frame of audio.

`dataclass(frozen=True)` sets each field through `object.__setattr__`, which makes three of a frame's events cost 3.6
us instead of 1.3. Here the type checker holds the promise, and at run time nothing is paid for it.
"""

from dataclasses import dataclass, field
from typing import dataclass_transform


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen[T](cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True, slots=True, kw_only=True)`, to the type checker and in everything but assignment."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
