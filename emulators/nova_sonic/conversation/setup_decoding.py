"""What a client sets up for the whole stream, sessionStart and promptStart, from JSON to types."""

from collections.abc import Mapping
from typing import Any, Final, cast

import orjson

from emulators.nova_sonic.conversation.input_events import PromptStart, SessionStart, ToolSpec
from emulators.nova_sonic.conversation.refusals import UNPARSABLE, RefusedError
from emulators.nova_sonic.profiles import Sensitivity

MAX_TOKENS: Final = 10_000
SAMPLE_RATES_HZ: Final = (8_000, 16_000, 24_000)
SENSITIVITIES: Final = ("HIGH", "MEDIUM", "LOW")
AUDIO_FORM: Final = (
    ("mediaType", "audio/lpcm"),
    ("sampleSizeBits", 16),
    ("channelCount", 1),
    ("encoding", "base64"),
    ("audioType", "SPEECH"),
)


def session_start(fields: Mapping[str, Any]) -> SessionStart:
    """Read a sessionStart."""
    match fields:
        case {
            "inferenceConfiguration": {
                "maxTokens": int(max_tokens),
                "topP": int() | float() as top_p,
                "temperature": int() | float() as temperature,
            },
        } if 1 <= max_tokens <= MAX_TOKENS and 0 <= top_p <= 1 and 0 <= temperature <= 1:
            return SessionStart(
                max_tokens=max_tokens,
                top_p=float(top_p),
                temperature=float(temperature),
                endpointing_sensitivity=_sensitivity(fields),
            )
        case _:
            raise RefusedError(UNPARSABLE)


def _sensitivity(fields: Mapping[str, Any]) -> Sensitivity | None:
    match fields.get("turnDetectionConfiguration"):
        case None:
            return None
        case {"endpointingSensitivity": str(name)} if name in SENSITIVITIES:
            return cast("Sensitivity", name)
        case _:
            raise RefusedError(UNPARSABLE)


def prompt_start(fields: Mapping[str, Any]) -> PromptStart:
    """Read a promptStart."""
    match fields:
        case {
            "promptName": str(prompt),
            "textOutputConfiguration": {"mediaType": "text/plain"},
            "audioOutputConfiguration": dict(audio),
        } if prompt and isinstance(audio.get("voiceId"), str):
            tools, choice = _tools(fields.get("toolConfiguration"))
            return PromptStart(
                prompt_name=prompt,
                voice_id=audio["voiceId"],
                output_rate_hz=rate_hz(audio),
                tools=tools,
                tool_choice=choice,
            )
        case _:
            raise RefusedError(UNPARSABLE)


def rate_hz(audio: Mapping[str, Any]) -> int:
    """Return the rate of an audio configuration, in or out, once all else in it is right."""
    if any(audio.get(key) != value for key, value in AUDIO_FORM):
        raise RefusedError(UNPARSABLE)
    rate_hz = audio.get("sampleRateHertz")
    if not isinstance(rate_hz, int) or rate_hz not in SAMPLE_RATES_HZ:
        raise RefusedError(UNPARSABLE)
    return rate_hz


def _tools(configuration: object) -> tuple[tuple[ToolSpec, ...], str | None]:
    match configuration:
        case None:
            return (), None
        case {"tools": [*tools], **rest}:
            specs = tuple(_tool(tool) for tool in tools)
            return specs, _choice(rest.get("toolChoice"), specs)
        case _:
            raise RefusedError(UNPARSABLE)


def _tool(tool: object) -> ToolSpec:
    match tool:
        case {"toolSpec": {"name": str(name), "inputSchema": {"json": str(schema)}, **rest}} if name:
            parsed = json_object(schema)
            description = rest.get("description", "")
            if parsed is not None and isinstance(description, str):
                return ToolSpec(name=name, description=description, input_schema=parsed)
    raise RefusedError(UNPARSABLE)


def _choice(choice: object, tools: tuple[ToolSpec, ...]) -> str | None:
    match choice:
        case None:
            return None
        case {"auto": {}}:
            return "auto"
        case {"any": {}}:
            return "any"
        case {"tool": {"name": str(name)}} if any(tool.name == name for tool in tools):
            return name
        case _:
            raise RefusedError(UNPARSABLE)


def json_object(text: str) -> dict[str, object] | None:
    """Return the JSON object a text holds, None when it holds anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
