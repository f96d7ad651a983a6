"""What a client can choose from before it connects."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from service.policies.profiles import ModelProfile


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
    routes = APIRouter()

    @routes.get("/api/options")
    async def choices() -> JSONResponse:
        return JSONResponse(options, headers={"Cache-Control": "no-cache"})

    return routes
