"""A client and a runner for the conversation on virtual time: it speaks, is silent, types, and reads along."""

import base64
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from emulators.nova_sonic.brains.ports import Brain
from emulators.nova_sonic.brains.scripted import ScriptedBrain, tone
from emulators.nova_sonic.conversation.effects import (
    Cancel,
    Compose,
    Effect,
    Emit,
    EndStream,
    Fail,
    Transcribe,
)
from emulators.nova_sonic.conversation.machine import Conversation
from emulators.nova_sonic.profiles import Profile, load_profile
from emulators.nova_sonic.scenarios import CallStep, SayStep, Scenario, ScriptedTurn

FRAME_S = 0.032
PROFILE = load_profile("nova-2-sonic")
TEXT = {"mediaType": "text/plain"}


def scenario(*turns: Sequence[SayStep | CallStep], heard: str = "hello") -> Scenario:
    return Scenario(turns=tuple(ScriptedTurn(heard=heard, steps=tuple(steps)) for steps in turns))


def say(text: str, audio_s: float = 1.0, after_s: float = 0.0) -> SayStep:
    return SayStep(text=text, audio_s=audio_s, after_s=after_s)


def call(tool: str, **arguments: object) -> CallStep:
    return CallStep(tool=tool, arguments=arguments)


class Call:
    """One stream from the client's side; every answer of the brain comes at once unless `deaf` or `mute`."""

    def __init__(
        self,
        *,
        profile: Profile = PROFILE,
        brain: Brain | None = None,
        script: Scenario | None = None,
        time_scale: float = 1.0,
        deaf: bool = False,
        mute: bool = False,
    ) -> None:
        self.now = 1000.0
        self.brain = brain or ScriptedBrain(script)
        self._deaf = deaf
        self._mute = mute
        ids = itertools.count(1)
        self.conversation = Conversation(
            profile=profile,
            brain=self.brain,
            new_id=lambda: f"id-{next(ids)}",
            opened_at=self.now,
            time_scale=time_scale,
        )
        self.effects: list[Effect] = []
        self.unanswered: list[Transcribe | Compose] = []
        self.times: list[float] = []
        self.rate_hz = 16_000

    # What the client does.

    def send(self, name: str, **fields: object) -> None:
        self.send_raw(json.dumps({"event": {name: fields}}).encode())

    def send_raw(self, payload: bytes) -> None:
        self.perform(self.conversation.receive(payload, self.now))

    def session(self, sensitivity: str | None = None) -> None:
        fields: dict[str, object] = {
            "inferenceConfiguration": {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7},
        }
        if sensitivity:
            fields["turnDetectionConfiguration"] = {"endpointingSensitivity": sensitivity}
        self.send("sessionStart", **fields)

    def prompt(self, *, tools: Iterable[str] = (), voice: str = "matthew", rate_hz: int = 24_000) -> None:
        specs = [{"toolSpec": {"name": name, "inputSchema": {"json": "{}"}}} for name in tools]
        self.send(
            "promptStart",
            promptName="p",
            textOutputConfiguration=TEXT,
            audioOutputConfiguration={**audio_form(rate_hz), "voiceId": voice},
            **({"toolConfiguration": {"tools": specs}} if specs else {}),
        )

    def text(self, role: str, *contents: str, interactive: bool = False, name: str = "t") -> None:
        self.send(
            "contentStart",
            promptName="p",
            contentName=name,
            type="TEXT",
            interactive=interactive,
            role=role,
            textInputConfiguration=TEXT,
        )
        for content in contents:
            self.send("textInput", promptName="p", contentName=name, content=content)
        self.send("contentEnd", promptName="p", contentName=name)

    def typed(self, text: str) -> None:
        self.text("USER", text, interactive=True, name="typed")

    def audio_block(self, name: str = "a", *, rate_hz: int = 16_000, interactive: bool = True) -> None:
        self.rate_hz = rate_hz
        self.send(
            "contentStart",
            promptName="p",
            contentName=name,
            type="AUDIO",
            interactive=interactive,
            role="USER",
            audioInputConfiguration=audio_form(rate_hz),
        )

    def tool_result(self, tool_use_id: str, content: str = '{"ok":true}', name: str = "r") -> None:
        self.send(
            "contentStart",
            promptName="p",
            contentName=name,
            interactive=False,
            type="TOOL",
            role="TOOL",
            toolResultInputConfiguration={
                "toolUseId": tool_use_id,
                "type": "TEXT",
                "textInputConfiguration": TEXT,
            },
        )
        self.send("toolResult", promptName="p", contentName=name, content=content)
        self.send("contentEnd", promptName="p", contentName=name)

    def open(
        self, *, sensitivity: str | None = None, tools: Iterable[str] = (), rate_hz: int = 24_000
    ) -> None:
        self.session(sensitivity)
        self.prompt(tools=tools, rate_hz=rate_hz)
        self.text("SYSTEM", "Be kind.", name="s")
        self.audio_block()

    def speak(self, span_s: float = 1.0, *, burst: bool = False, name: str = "a") -> None:
        self._stream(tone(round(span_s * self.rate_hz), self.rate_hz, 440.0), burst=burst, name=name)

    def silence(self, span_s: float = 1.5, *, burst: bool = False, name: str = "a") -> None:
        self._stream(bytes(2 * round(span_s * self.rate_hz)), burst=burst, name=name)

    def ask(self) -> None:
        """One utterance and the silence that ends it."""
        self.speak()
        self.silence(0.64)

    def close_audio(self, name: str = "a") -> None:
        self.send("contentEnd", promptName="p", contentName=name)

    def end_prompt(self) -> None:
        self.send("promptEnd", promptName="p")

    def hang_up(self) -> None:
        self.close_audio()
        self.end_prompt()
        self.send("sessionEnd")

    def wait(self, span_s: float) -> None:
        """Let time pass; every deadline is kept."""
        until = self.now + span_s
        while (deadline := self.conversation.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.perform(self.conversation.tick(self.now))
        self.now = until

    def _stream(self, pcm: bytes, *, burst: bool, name: str) -> None:
        chunk = 2 * round(FRAME_S * self.rate_hz)
        for at in range(0, len(pcm), chunk):
            if not burst:
                self.wait(FRAME_S)
            content = base64.b64encode(pcm[at : at + chunk]).decode()
            self.send("audioInput", promptName="p", contentName=name, content=content)

    # What the runner does.

    def perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self.effects.append(effect)
            self.times.append(self.now)
            match effect:
                case Transcribe(utterance_id=utterance_id, pcm=pcm, turn=turn) if not self._deaf:
                    words = self.brain.transcribe(pcm, turn)
                    self.perform(self.conversation.transcribed(utterance_id, words, self.now))
                case Compose(request_id=request_id, request=request) if not self._mute:
                    for step in [*self.brain.compose(request), None]:
                        self.perform(self.conversation.composed(request_id, step, self.now))
                case Transcribe() | Compose():
                    self.unanswered.append(effect)
                case _:
                    pass

    def answer_next(self) -> None:
        """Let the brain answer the oldest of the questions it has not answered."""
        if not self.unanswered:
            return
        match self.unanswered.pop(0):
            case Transcribe(utterance_id=utterance_id, pcm=pcm, turn=turn):
                words = self.brain.transcribe(pcm, turn)
                self.perform(self.conversation.transcribed(utterance_id, words, self.now))
            case Compose(request_id=request_id, request=request):
                for step in [*self.brain.compose(request), None]:
                    self.perform(self.conversation.composed(request_id, step, self.now))

    # What was seen.

    @property
    def output(self) -> list[tuple[str, dict[str, Any]]]:
        documents = [
            json.loads(effect.payload)["event"] for effect in self.effects if isinstance(effect, Emit)
        ]
        return [next(iter(document.items())) for document in documents]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [fields for found, fields in self.output if found == name]

    def at(self, name: str) -> list[float]:
        """When the events of this name came."""
        return [
            at
            for effect, at in zip(self.effects, self.times, strict=True)
            if isinstance(effect, Emit) and name in json.loads(effect.payload)["event"]
        ]

    @property
    def failure(self) -> Fail | None:
        return next((effect for effect in self.effects if isinstance(effect, Fail)), None)

    @property
    def refusal(self) -> str:
        assert self.failure is not None, "the stream was expected to fail"
        assert self.failure.exception == "validationException"
        return self.failure.message

    @property
    def ended(self) -> bool:
        return any(isinstance(effect, EndStream) for effect in self.effects)

    @property
    def transcribes(self) -> list[Transcribe]:
        return [effect for effect in self.effects if isinstance(effect, Transcribe)]

    @property
    def requests(self) -> list[Compose]:
        return [effect for effect in self.effects if isinstance(effect, Compose)]

    @property
    def cancelled(self) -> list[int]:
        return [effect.request_id for effect in self.effects if isinstance(effect, Cancel)]

    def blocks(self) -> list[tuple[str, str, str, str]]:
        """Every content block in order of its start: type or stage, role, text or audio size, stop reason."""
        found: dict[str, list[str]] = {}
        for name, fields in self.output:
            match name:
                case "contentStart":
                    stage = json.loads(fields.get("additionalModelFields", "{}")).get("generationStage")
                    found[fields["contentId"]] = [stage or fields["type"], fields["role"], "", "open"]
                case "textOutput" | "toolUse":
                    found[fields["contentId"]][2] += fields["content"]
                case "contentEnd":
                    found[fields["contentId"]][3] = fields["stopReason"]
                case _:
                    pass
        return [(kind, role, text, reason) for kind, role, text, reason in found.values()]

    def outline(self) -> list[str]:
        """The order of events, audio chunks and usage left out."""
        seen = []
        for name, fields in self.output:
            match name:
                case "contentStart":
                    stage = json.loads(fields.get("additionalModelFields", "{}")).get("generationStage", "")
                    seen.append(f"+{fields['type']} {fields['role']} {stage}".strip())
                case "contentEnd":
                    seen.append(f"-{fields['type']} {fields['stopReason']}")
                case "audioOutput" | "usageEvent":
                    pass
                case _:
                    seen.append(name)
        return seen

    def spoken(self) -> bytes:
        return b"".join(base64.b64decode(fields["content"]) for fields in self.of("audioOutput"))

    def final_texts(self) -> list[str]:
        return [text for kind, role, text, _ in self.blocks() if (kind, role) == ("FINAL", "ASSISTANT")]


def audio_form(rate_hz: int) -> dict[str, object]:
    return {
        "mediaType": "audio/lpcm",
        "sampleRateHertz": rate_hz,
        "sampleSizeBits": 16,
        "channelCount": 1,
        "encoding": "base64",
        "audioType": "SPEECH",
    }
