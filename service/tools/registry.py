"""The tools there are, and how one is run: always bounded, always answered.

The model waits for the result of every tool it calls, so whatever goes wrong becomes a result: a JSON object
with an `error` sentence. Nova Sonic takes objects only, and nothing of ours belongs in them but the sentence.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from service.tools.ports import Tool, ToolArgumentError, ToolDescription

_MAX_ARGUMENT_CHARS: Final = 16_384
_MAX_RESULT_BYTES: Final = 8_192


class Registry:
    """Tools by name."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        timeout_s: float,
        report: Callable[[str, Exception], None],
    ) -> None:
        self._tools = {tool.description.name: tool for tool in tools}
        self._timeout_s = timeout_s
        self._report = report

    @property
    def descriptions(self) -> tuple[ToolDescription, ...]:
        """What the model is told, in the order the tools were given."""
        return tuple(tool.description for tool in self._tools.values())

    async def run(self, name: str, arguments_json: str) -> tuple[str, bool]:
        """The result as JSON text of an object, and whether the tool did its work; never raises."""
        tool = self._tools.get(name)
        if tool is None:
            return _error(f"there is no tool {name[:64]!r}")
        try:
            arguments = _arguments(arguments_json)
            async with asyncio.timeout(self._timeout_s):
                result = orjson.dumps(dict(await tool.run(arguments)))
        except ToolArgumentError as error:
            return _error(str(error))
        except TimeoutError:
            return _error(f"{name} did not answer within {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 - a tool is foreign code; the model must get an answer
            self._report(name, error)
            return _error(f"{name} failed")
        if len(result) > _MAX_RESULT_BYTES:
            return _error(f"the result of {name} is longer than {_MAX_RESULT_BYTES} bytes")
        return result.decode(), True


def _arguments(text: str) -> Mapping[str, Any]:
    if len(text) > _MAX_ARGUMENT_CHARS:
        raise ToolArgumentError(f"the arguments are longer than {_MAX_ARGUMENT_CHARS} characters")
    try:
        arguments = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ToolArgumentError("the arguments are not JSON") from None
    if not isinstance(arguments, dict):
        raise ToolArgumentError("the arguments must be a JSON object")
    return arguments


def _error(sentence: str) -> tuple[str, bool]:
    return orjson.dumps({"error": sentence}).decode(), False
