"""Every event of the golden file is read or refused as it says there."""

import json
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import pytest

from emulators.nova_sonic.conversation.input_decoding import decode
from emulators.nova_sonic.conversation.input_events import (
    AudioInput,
    AudioStart,
    InputEvent,
    PromptStart,
    SessionStart,
    TextStart,
    ToolResultInput,
    ToolStart,
)
from emulators.nova_sonic.conversation.refusals import RefusedError
from tests.emulators.nova_sonic.conversation.call import Call

GOLDEN = json.loads(
    (Path(__file__).parents[3] / "contract" / "golden" / "sonic_events.json").read_text(encoding="utf-8")
)


def golden_fields(event: InputEvent) -> dict[str, Any]:  # noqa: PLR0911 - one return a type
    """The golden file's names for what was read."""
    match event:
        case SessionStart():
            return {
                "maxTokens": event.max_tokens,
                "topP": event.top_p,
                "temperature": event.temperature,
                "endpointingSensitivity": event.endpointing_sensitivity,
            }
        case PromptStart():
            return {
                "promptName": event.prompt_name,
                "voiceId": event.voice_id,
                "outputSampleRateHz": event.output_rate_hz,
                "tools": [
                    {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
                    for tool in event.tools
                ],
                "toolChoice": event.tool_choice,
            }
        case TextStart(role=role, interactive=interactive):
            return names(event) | {"contentType": "TEXT", "role": role, "interactive": interactive}
        case AudioStart(rate_hz=rate_hz, interactive=interactive):
            return names(event) | {
                "contentType": "AUDIO",
                "role": "USER",
                "interactive": interactive,
                "sampleRateHz": rate_hz,
            }
        case ToolStart(tool_use_id=tool_use_id):
            return names(event) | {
                "contentType": "TOOL",
                "role": "TOOL",
                "interactive": False,
                "toolUseId": tool_use_id,
            }
        case AudioInput(pcm=pcm):
            return names(event) | {"pcmHex": pcm.hex()}
        case ToolResultInput(result=result):
            return names(event) | {"result": result}
        case _:
            known = {"prompt_name": "promptName", "content_name": "contentName", "content": "content"}
            return {known[f.name]: getattr(event, f.name) for f in fields_of(event)}


def names(event: TextStart | AudioStart | ToolStart | AudioInput | ToolResultInput) -> dict[str, Any]:
    return {"promptName": event.prompt_name, "contentName": event.content_name}


def wire(case: dict[str, Any]) -> bytes:
    return (case["raw"] if "raw" in case else json.dumps(case["event"])).encode()


@pytest.mark.parametrize("case", GOLDEN["input"], ids=lambda case: case["name"])
def test_an_event_is_read_as_its_golden_fields(case: dict[str, Any]) -> None:
    expected = {key: value for key, value in case["fields"].items() if key != "type"}

    assert expected == golden_fields(decode(wire(case)))


@pytest.mark.parametrize("case", GOLDEN["refused"], ids=lambda case: case["name"])
def test_an_event_of_the_wrong_form_is_refused_with_its_text(case: dict[str, Any]) -> None:
    """The voice is the profile's to judge, so each goes through a whole conversation as well."""
    call = Call()
    if "sessionStart" not in case.get("event", {}).get("event", {}):
        call.session()
    call.send_raw(wire(case))

    assert case["error"] in call.refusal


@pytest.mark.parametrize("case", GOLDEN["refused"], ids=lambda case: case["name"])
def test_all_but_the_voice_are_refused_by_the_decoder_alone(case: dict[str, Any]) -> None:
    if case["error"] == "Received invalid voiceId":
        assert "nobody" == golden_fields(decode(wire(case)))["voiceId"]
        return
    with pytest.raises(RefusedError) as refused:
        decode(wire(case))

    assert case["error"] in str(refused.value)


def test_keys_nobody_knows_are_ignored() -> None:
    event = decode(b'{"event":{"promptEnd":{"promptName":"p","more":1}},"more":2}')

    assert {"promptName": "p"} == golden_fields(event)


def test_an_event_beyond_the_largest_chunk_is_refused() -> None:
    """[SMITHY] PartBody holds at most 1,000,000 bytes."""
    text = b'{"event":{"promptEnd":{"promptName":"' + b"p" * 1_000_000 + b'"}}}'

    with pytest.raises(RefusedError, match="Unable to parse input chunk"):
        decode(text)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    with pytest.raises(RefusedError, match="Unable to parse input chunk"):
        decode(b'{"event":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
