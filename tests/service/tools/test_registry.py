"""The model gets an answer to every call, and a JSON object whatever happens."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from service.tools.ports import ToolArgumentError, ToolDescription
from service.tools.registry import Registry


class Awkward:
    """Does whatever it is told to do, which is mostly wrong."""

    description = ToolDescription(name="awkward", text="For tests.", schema={"type": "object"})

    async def run(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        match arguments.get("do"):
            case "hang":
                await asyncio.get_running_loop().create_future()
            case "refuse":
                raise ToolArgumentError("not like this")
            case "break":
                raise RuntimeError("secret detail")
            case "flood":
                return {"text": "x" * 10_000}
            case "babble":
                return {"value": object()}
            case _:
                pass
        return {"done": True}


def registry(reports: list[str] | None = None) -> Registry:
    return Registry(
        [Awkward()],
        timeout_s=0.01,
        report=lambda name, error: None if reports is None else reports.append(f"{name}: {error}"),
    )


async def test_a_result_is_the_text_of_a_json_object() -> None:
    assert ('{"done":true}', True) == await registry().run("awkward", "{}")


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("launch", "{}", "there is no tool 'launch'"),
        ("awkward", "{", "the arguments are not JSON"),
        ("awkward", "[1]", "the arguments must be a JSON object"),
        ("awkward", '{"do":"' + "x" * 20_000 + '"}', "the arguments are longer than 16384 characters"),
        ("awkward", '{"do":"hang"}', "awkward did not answer within 0.01 s"),
        ("awkward", '{"do":"refuse"}', "not like this"),
        ("awkward", '{"do":"break"}', "awkward failed"),
        ("awkward", '{"do":"babble"}', "awkward failed"),
        ("awkward", '{"do":"flood"}', "the result of awkward is longer than 8192 bytes"),
    ],
)
async def test_what_goes_wrong_is_answered_with_a_sentence(name: str, arguments: str, sentence: str) -> None:
    result, worked = await registry().run(name, arguments)

    assert ({"error": sentence}, False) == (json.loads(result), worked)


async def test_a_tool_that_breaks_is_reported_to_us_and_not_to_the_model() -> None:
    reports: list[str] = []
    result, _ = await registry(reports).run("awkward", '{"do":"break"}')

    assert ["awkward: secret detail"] == reports
    assert "secret" not in result


def test_the_model_is_told_of_every_tool() -> None:
    assert ["awkward"] == [tool.name for tool in registry().descriptions]
