"""The model's events as JSON documents."""

from typing import Any, Final, Literal

import orjson
import pybase64

from emulators.nova_sonic.conversation.usage import Usage

type ContentType = Literal["TEXT", "TOOL", "AUDIO"]
type StopReason = Literal["PARTIAL_TURN", "END_TURN", "INTERRUPTED", "TOOL_USE"]
type Stage = Literal["SPECULATIVE", "FINAL"]
type Speaker = Literal["USER", "ASSISTANT"]

INTERRUPTED_TEXT: Final = '{ "interrupted" : true }'


class OutputEvents:
    """Writes the events of one completion; every one carries the same three ids."""

    def __init__(self, *, session_id: str, prompt_name: str, completion_id: str, with_role: bool) -> None:
        self._ids = {"sessionId": session_id, "promptName": prompt_name, "completionId": completion_id}
        self._with_role = with_role
        self._audio_head = b'{"event":{"audioOutput":' + orjson.dumps(self._ids)[:-1] + b',"contentId":'
        self._audio_role = b',"role":"ASSISTANT"' if with_role else b""

    def completion_start(self) -> bytes:
        return self._event("completionStart")

    def completion_end(self) -> bytes:
        return self._event("completionEnd", stopReason="END_TURN")

    def user_speech_start(self, offset_ms: int) -> bytes:
        return self._event("userSpeechStart", inputAudioOffsetMs=offset_ms)

    def user_speech_end(self, offset_ms: int, detection_offset_ms: int) -> bytes:
        return self._event(
            "userSpeechEnd",
            inputAudioOffsetMs=offset_ms,
            inputAudioDetectionOffsetMs=detection_offset_ms,
        )

    def text_start(self, content_id: str, role: Speaker, stage: Stage) -> bytes:
        return self._event(
            "contentStart",
            contentId=content_id,
            type="TEXT",
            role=role,
            additionalModelFields=f'{{"generationStage":"{stage}"}}',
            textOutputConfiguration={"mediaType": "text/plain"},
        )

    def text(self, content_id: str, role: Speaker, content: str) -> bytes:
        return self._event("textOutput", contentId=content_id, **self._role(role), content=content)

    def tool_start(self, content_id: str) -> bytes:
        return self._event(
            "contentStart",
            contentId=content_id,
            type="TOOL",
            role="TOOL",
            toolUseOutputConfiguration={"mediaType": "application/json"},
        )

    def tool_use(self, content_id: str, *, name: str, tool_use_id: str, arguments: str) -> bytes:
        return self._event(
            "toolUse",
            contentId=content_id,
            content=arguments,
            toolName=name,
            toolUseId=tool_use_id,
            role="TOOL",
        )

    def audio_start(self, content_id: str, rate_hz: int) -> bytes:
        return self._event(
            "contentStart",
            contentId=content_id,
            type="AUDIO",
            role="ASSISTANT",
            audioOutputConfiguration={
                "mediaType": "audio/lpcm",
                "sampleRateHertz": rate_hz,
                "sampleSizeBits": 16,
                "encoding": "base64",
                "channelCount": 1,
            },
        )

    def audio(self, content_id: str, pcm: bytes) -> bytes:
        """Write the one event there are many of, without a detour over a dict."""
        return b"".join(
            (
                self._audio_head,
                orjson.dumps(content_id),
                self._audio_role,
                b',"content":"',
                pybase64.b64encode(pcm),
                b'"}}}',
            ),
        )

    def content_end(self, content_id: str, content_type: ContentType, reason: StopReason) -> bytes:
        return self._event("contentEnd", contentId=content_id, type=content_type, stopReason=reason)

    def usage(self, delta: Usage, total: Usage) -> bytes:
        return self._event(
            "usageEvent",
            details={"delta": _details(delta), "total": _details(total)},
            totalInputTokens=total.input_tokens,
            totalOutputTokens=total.output_tokens,
            totalTokens=total.input_tokens + total.output_tokens,
        )

    def _role(self, role: str) -> dict[str, str]:
        return {"role": role} if self._with_role else {}

    def _event(self, name: str, **fields: Any) -> bytes:
        return orjson.dumps({"event": {name: self._ids | fields}})


def _details(usage: Usage) -> dict[str, dict[str, int]]:
    return {
        "input": {"speechTokens": usage.input_speech, "textTokens": usage.input_text},
        "output": {"speechTokens": usage.output_speech, "textTokens": usage.output_text},
    }
