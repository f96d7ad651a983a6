"""Every event is spelled as the golden file spells it."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulators.nova_sonic.conversation.output_events import OutputEvents
from emulators.nova_sonic.conversation.usage import Usage

GOLDEN = {
    case["name"]: case["event"]
    for case in json.loads(
        (Path(__file__).parents[3] / "contract" / "golden" / "sonic_events.json").read_text(encoding="utf-8")
    )["output"]
}
PCM = bytes.fromhex("000001000200ffff")
WRITE = OutputEvents(session_id="s", prompt_name="p", completion_id="k", with_role=True)
BARE = OutputEvents(session_id="s", prompt_name="p", completion_id="k", with_role=False)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("completion starts", WRITE.completion_start()),
        ("completion ends", WRITE.completion_end()),
        ("the user starts to speak", WRITE.user_speech_start(1234)),
        ("the user stopped speaking", WRITE.user_speech_end(2600, 3080)),
        ("the user's transcript opens", WRITE.text_start("x1", "USER", "FINAL")),
        ("the user's transcript", WRITE.text("x1", "USER", "what is the weather")),
        ("the user's transcript closes", WRITE.content_end("x1", "TEXT", "PARTIAL_TURN")),
        ("tool use opens", WRITE.tool_start("x2")),
        ("tool use", WRITE.tool_use("x2", name="getWeather", tool_use_id="t-1", arguments='{"city":"Rome"}')),
        ("tool use closes", WRITE.content_end("x2", "TOOL", "TOOL_USE")),
        ("planned reply text opens", WRITE.text_start("x3", "ASSISTANT", "SPECULATIVE")),
        ("reply text without a role", BARE.text("x3", "ASSISTANT", "It is sunny.")),
        ("reply audio opens", WRITE.audio_start("x4", 24_000)),
        ("reply audio", WRITE.audio("x4", PCM)),
        ("reply audio without a role", BARE.audio("x4", PCM)),
        ("reply audio closes, turn ends", WRITE.content_end("x4", "AUDIO", "END_TURN")),
        ("interruption as stop reason of text", WRITE.content_end("x5", "TEXT", "INTERRUPTED")),
        (
            "usage",
            WRITE.usage(
                Usage(input_text=3, output_speech=20),
                Usage(input_speech=288, input_text=3443, output_speech=694, output_text=203),
            ),
        ),
    ],
)
def test_an_event_is_written_as_its_golden_json(name: str, payload: bytes) -> None:
    assert GOLDEN[name] == json.loads(payload)


@pytest.mark.parametrize("content", ['"quoted" \\ \n', "Grüße 你好 🙂", ""])
def test_any_text_survives(content: str) -> None:
    event: dict[str, Any] = json.loads(WRITE.text('id"1', "USER", content))["event"]["textOutput"]

    assert (content, 'id"1') == (event["content"], event["contentId"])


def test_audio_survives_with_any_id() -> None:
    assert 'id"1' == json.loads(WRITE.audio('id"1', PCM))["event"]["audioOutput"]["contentId"]
