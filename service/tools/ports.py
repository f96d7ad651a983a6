"""What a tool is to the rest of the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDescription:
    """What the model is told about a tool."""

    name: str
    text: str
    """When to use it, in words for the model."""
    schema: Mapping[str, Any]
    """JSON Schema of the arguments, an object."""


class ToolArgumentError(Exception):
    """Raised by a tool for arguments it cannot use; the sentence goes to the model, which may ask the user."""


class Tool(Protocol):
    """One thing the assistant can look up or do."""

    @property
    def description(self) -> ToolDescription:
        """What the model is told."""

    async def run(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result, a JSON object; raises ToolArgumentError."""
