import json
from typing import Any

import pytest

from service.wire import sonic_input as inp
from service.wire.sonic_input import encode, text_block
from tests.service.golden import SONIC_EVENTS


def from_golden(vector: dict[str, Any]) -> inp.ModelInput | None:  # noqa: C901, PLR0911, PLR0912 - one branch for each event
    """The golden event in our types; None for what this service never says (a tool choice)."""
    ((name, body),) = vector["event"]["event"].items()
    prompt, content = body.get("promptName", ""), body.get("contentName", "")
    match name:
        case "sessionStart":
            sensitivity = vector["fields"]["endpointingSensitivity"]
            return inp.SessionStart(sensitivity=inp.Sensitivity(sensitivity) if sensitivity else None)
        case "promptStart":
            tools = body.get("toolConfiguration", {})
            if "toolChoice" in tools:
                return None
            return inp.PromptStart(
                prompt=prompt,
                voice=body["audioOutputConfiguration"]["voiceId"],
                rate_hz=body["audioOutputConfiguration"]["sampleRateHertz"],
                tools=[
                    inp.Tool(
                        name=tool["toolSpec"]["name"],
                        description=tool["toolSpec"]["description"],
                        schema=tool["toolSpec"]["inputSchema"]["json"],
                    )
                    for tool in tools.get("tools", ())
                ],
            )
        case "contentStart" if body["type"] == "TEXT":
            return inp.TextStart(
                prompt=prompt,
                content=content,
                role=inp.TextRole(body["role"]),
                interactive=body["interactive"],
            )
        case "contentStart" if body["type"] == "AUDIO":
            return inp.AudioStart(
                block=inp.AudioBlock(prompt=prompt, content=content),
                rate_hz=body["audioInputConfiguration"]["sampleRateHertz"],
            )
        case "contentStart":
            return inp.ToolResultStart(
                prompt=prompt,
                content=content,
                tool_use_id=body["toolResultInputConfiguration"]["toolUseId"],
            )
        case "textInput":
            return inp.TextInput(prompt=prompt, content=content, text=body["content"])
        case "audioInput":
            block = inp.AudioBlock(prompt=prompt, content=content)
            return inp.AudioInput(block=block, pcm=bytes.fromhex(vector["fields"]["pcmHex"]))
        case "toolResult":
            return inp.ToolResult(prompt=prompt, content=content, result_json=body["content"])
        case "contentEnd":
            return inp.ContentEnd(prompt=prompt, content=content)
        case "promptEnd":
            return inp.PromptEnd(prompt=prompt)
        case "sessionEnd":
            return inp.SessionEnd()
        case _:
            raise AssertionError(name)


OURS = [
    pytest.param(event, vector["event"], id=vector["name"])
    for vector in SONIC_EVENTS["input"]
    if (event := from_golden(vector)) is not None
]


@pytest.mark.parametrize(("event", "wire"), OURS)
def test_an_event_is_encoded_as_the_golden_one(event: inp.ModelInput, wire: Any) -> None:
    assert wire == json.loads(encode(event))


def test_nearly_every_golden_event_is_one_of_ours() -> None:
    assert len(SONIC_EVENTS["input"]) - 3 <= len(OURS)


def test_names_that_need_escaping_are_escaped_in_the_audio_template() -> None:
    block = inp.AudioBlock(prompt='p"\n', content="ü")

    assert {"promptName": 'p"\n', "contentName": "ü", "content": "AAA="} == json.loads(
        encode(inp.AudioInput(block=block, pcm=b"\0\0"))
    )["event"]["audioInput"]


def test_a_long_text_is_one_block_of_several_inputs() -> None:
    kinds = [type(event).__name__ for event in text_block("p", "c", inp.TextRole.USER, "😀" * 600)]

    assert ["TextStart", "TextInput", "TextInput", "TextInput", "ContentEnd"] == kinds


def test_empty_text_makes_no_block_because_an_empty_block_is_refused() -> None:
    assert [] == list(text_block("p", "c", inp.TextRole.USER, "\x00"))
