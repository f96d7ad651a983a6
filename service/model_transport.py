"""The way to the model that the settings ask for."""

from typing import assert_never

from service.errors import ModelFailure
from service.metrics import logs
from service.metrics.counters import Counters
from service.settings import Settings
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.bedrock_sdk import BedrockSdkTransport
from service.transports.deadlines import Deadlines
from service.transports.fallback import FallbackTransport
from service.transports.ports import ModelTransport


def open_model(settings: Settings, counters: Counters) -> ModelTransport:
    """Our own client, the SDK, or the first until the endpoint refuses it for reasons of protocol."""
    deadlines = Deadlines(
        connect_s=settings.model_connect_timeout_s,
        accept_s=settings.model_accept_timeout_s,
        send_s=settings.model_send_timeout_s,
        close_s=settings.model_close_timeout_s,
    )

    def sdk() -> ModelTransport:
        return BedrockSdkTransport(
            model_id=settings.model_id,
            region=settings.region,
            endpoint=settings.model_endpoint,
            ca_file=settings.model_ca_file,
            deadlines=deadlines,
            count=counters.add,
        )

    def direct() -> ModelTransport:
        return BedrockDirectTransport(
            model_id=settings.model_id,
            region=settings.region,
            endpoint=settings.model_endpoint,
            ca_file=settings.model_ca_file,
            deadlines=deadlines,
            count=counters.add,
            streams_per_connection=settings.model_streams_per_connection,
            spare_connections=settings.model_spare_connections,
            silence_s=settings.model_silence_s,
        )

    def on_fallback(failure: ModelFailure) -> None:
        counters.add("model_transport_fallbacks")
        logs.logger("service").warning(
            "the endpoint refuses our own client; the SDK is used from now on", reason=failure.message
        )

    match settings.model_transport:
        case "auto":
            return FallbackTransport(direct(), second=sdk, on_fallback=on_fallback)
        case "direct":
            return direct()
        case "sdk":
            return sdk()
        case _:
            assert_never(settings.model_transport)
