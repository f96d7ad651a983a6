"""What a client can choose from before it connects."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from service.policies.profiles import ModelProfile


class Named(BaseModel):
    """A voice."""

    id: str
    name: str


class Language(BaseModel):
    """A language, and the voices that speak it."""

    code: str
    name: str
    voices: list[Named]


class Defaults(BaseModel):
    """What a session gets that asks for nothing."""

    language: str
    voice: str


class Options(BaseModel):
    """What can be chosen, and what a client must keep to."""

    model: str
    languages: list[Language]
    defaults: Defaults
    inputSampleRatesHz: list[int]  # noqa: N815 - as on the wire
    outputSampleRatesHz: list[int]  # noqa: N815 - as above
    silenceThresholdMs: int  # noqa: N815 - as above
    watchdogMs: int  # noqa: N815 - as above
    maxMessageBytes: int  # noqa: N815 - as above


def router(
    profile: ModelProfile,
    *,
    model_id: str,
    language: str,
    voice: str,
    silence_threshold_ms: int,
    watchdog_ms: int,
    max_message_bytes: int,
) -> APIRouter:
    """GET /api/options; the same answer for as long as the process runs."""
    options = {
        "model": model_id,
        "languages": [
            {
                "code": spoken.code,
                "name": spoken.name,
                "voices": [{"id": name, "name": name.capitalize()} for name in profile.voices(spoken.code)],
            }
            for spoken in profile.languages
        ],
        "defaults": {"language": language, "voice": voice},
        "inputSampleRatesHz": list(profile.input_rates_hz),
        "outputSampleRatesHz": list(profile.output_rates_hz),
        "silenceThresholdMs": silence_threshold_ms,
        "watchdogMs": watchdog_ms,
        "maxMessageBytes": max_message_bytes,
    }
    routes = APIRouter(tags=["voice"])

    @routes.get("/api/options", response_model=Options, summary="Languages, voices, rates, limits")
    async def choices() -> JSONResponse:
        return JSONResponse(options, headers={"Cache-Control": "no-cache"})

    return routes
