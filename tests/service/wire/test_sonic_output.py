import json
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire import sonic_output as out
from service.wire.sonic_output import decode
from tests.service.golden import SONIC_EVENTS

VECTORS = SONIC_EVENTS["output"]


def as_fields(event: out.ModelOutput) -> Any:  # noqa: C901, PLR0911 - one branch for each event
    match event:
        case out.CompletionStart():
            return {"type": "completionStart"}
        case out.CompletionEnd():
            return {"type": "completionEnd"}
        case out.UserSpeechStart():
            return {"type": "userSpeechStart", "inputAudioOffsetMs": event.offset_ms}
        case out.UserSpeechEnd():
            return {
                "type": "userSpeechEnd",
                "inputAudioOffsetMs": event.offset_ms,
                "inputAudioDetectionOffsetMs": event.detected_ms,
            }
        case out.ContentStart():
            return {
                "type": "contentStart",
                "contentId": event.content_id,
                "contentType": event.kind,
                "role": event.role,
                "planned": event.planned,
            }
        case out.TextOutput():
            return {
                "type": "textOutput",
                "contentId": event.content_id,
                "role": event.role,
                "content": event.text,
                "interrupted": event.interrupted,
            }
        case out.AudioOutput():
            return {"type": "audioOutput", "contentId": event.content_id, "pcmHex": event.pcm.hex()}
        case out.ToolUse():
            return {
                "type": "toolUse",
                "contentId": event.content_id,
                "toolName": event.name,
                "toolUseId": event.tool_use_id,
                "arguments": event.arguments,
            }
        case out.ContentEnd():
            return {
                "type": "contentEnd",
                "contentId": event.content_id,
                "contentType": event.kind,
                "stopReason": event.stop_reason,
            }
        case out.Usage():
            return {"type": "usageEvent", "total": event}
        case out.UsageSince():
            return {"type": "usageEvent", "delta": event.used}
        case out.Unknown() | out.Malformed():
            return None


def expected_fields(fields: Any) -> Any:
    """The golden fields as far as the service keeps them."""
    if fields is None:
        return None
    kept = dict(fields)
    for name in ("sessionId", "promptName", "completionId"):
        kept.pop(name, None)
    match kept["type"]:
        case "contentStart":
            kept.pop("sampleRateHz", None)
            kept["planned"] = kept.pop("generationStage") == "SPECULATIVE"
        case "audioOutput":
            kept.pop("role")
        case "completionEnd":
            kept.pop("stopReason", None)
        case _:
            pass
    return kept


@pytest.mark.parametrize("spaced", [False, True], ids=["compact", "spaced"])
@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_golden_event_decodes_to_its_fields(vector: dict[str, Any], *, spaced: bool) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    event = decode(json.dumps(vector["event"], separators=separators).encode())

    if isinstance(event, out.Usage):
        total = vector["event"]["event"]["usageEvent"]["details"]["total"]
        assert total == {
            "input": {"speechTokens": event.input_speech, "textTokens": event.input_text},
            "output": {"speechTokens": event.output_speech, "textTokens": event.output_text},
        }
    else:
        assert expected_fields(vector["fields"]) == as_fields(event)


def audio(content: str, **more: Any) -> bytes:
    body = {"sessionId": "s", "contentId": "x", "content": content, "role": "ASSISTANT"} | more
    return json.dumps({"event": {"audioOutput": body}}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (b"{", "unreadable"),
        (b"[]", "unreadable"),
        (b'{"event":{}}', "unreadable"),
        (b'{"event":{"a":{},"b":{}}}', "unreadable"),
        (b'{"event":{"textOutput":[]}}', "textOutput"),
        (b'{"event":{"contentStart":{"contentId":"x"}}}', "contentStart"),
        (b'{"event":{"contentEnd":{"contentId":"x","stopReason":"BORED"}}}', "contentEnd"),
        (b'{"event":{"usageEvent":{}}}', "usageEvent"),
        (audio("%%%%"), "audioOutput"),
        (audio("AAAA"), "audioOutput"),
        (audio("AA\\u0041="), "audioOutput"),
        (b'{"event":{"audioOutput":{"content":"AAA="}}}', "audioOutput"),
    ],
)
def test_what_cannot_be_read_is_a_fault_of_the_model_and_no_exception(payload: bytes, fault: str) -> None:
    event = decode(payload)

    assert isinstance(event, out.Malformed)
    assert fault == event.name


def test_an_unknown_event_keeps_only_a_short_name() -> None:
    assert out.Unknown(name="x" * 64) == decode(b'{"event":{"' + b"x" * 1000 + b'":{}}}')


@pytest.mark.parametrize(
    "text", ['{"interrupted":true}', '{ "interrupted" : true }', ' {"interrupted": true} ']
)
def test_an_interruption_is_known_in_any_spacing(text: str) -> None:
    event = decode(json.dumps({"event": {"textOutput": {"contentId": "x", "content": text}}}).encode())

    assert isinstance(event, out.TextOutput)
    assert event.interrupted


def test_a_user_who_says_the_marker_interrupts_nothing() -> None:
    body = {"contentId": "x", "role": "USER", "content": '{"interrupted":true}'}
    event = decode(json.dumps({"event": {"textOutput": body}}).encode())

    assert isinstance(event, out.TextOutput)
    assert not event.interrupted


def test_arguments_that_are_no_object_still_make_a_tool_use() -> None:
    body = {"contentId": "x", "toolUseId": "t", "toolName": "n", "content": "[1]"}
    event = decode(json.dumps({"event": {"toolUse": body}}).encode())

    assert out.ToolUse(content_id="x", tool_use_id="t", name="n", arguments=None) == event


@given(st.binary(max_size=64).filter(lambda pcm: len(pcm) % 2 == 0), st.text(max_size=20))
def test_slicing_and_parsing_read_the_same_audio(pcm: bytes, odd: str) -> None:
    content = pybase64.b64encode_as_string(pcm)
    body = {"contentId": "x", "completionId": odd + '","content":"AAA=', "content": content}
    sliced = json.dumps({"event": {"audioOutput": body}}, separators=(",", ":")).encode()
    parsed = json.dumps({"event": {"audioOutput": body}}).encode()

    assert out.AudioOutput(content_id="x", pcm=pcm) == decode(sliced) == decode(parsed)


@given(st.binary(max_size=80))
def test_no_bytes_make_the_decoder_raise(payload: bytes) -> None:
    assert decode(payload) is not None
