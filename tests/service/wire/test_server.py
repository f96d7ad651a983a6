import json
from dataclasses import is_dataclass
from typing import Any, get_args

import pytest

from service.wire import server
from service.wire.fields import describe
from service.wire.subprotocol import Subprotocol
from tests.service.golden import CLIENT_PROTOCOL

MESSAGES = {message.type: message for message in get_args(server.ServerMessage.__value__)}
VECTORS = CLIENT_PROTOCOL["serverToClient"]
AUDIO = [vector for vector in VECTORS if vector["fields"]["type"] == "audio"]
OTHERS = [vector for vector in VECTORS if vector["fields"]["type"] != "audio"]


def build(message: type, raw: dict[str, Any]) -> Any:
    """Make a server message of its golden fields."""
    values = {}
    for field in describe(message):
        if field.wire_name in raw:
            value = raw[field.wire_name]
            if value is not None and (is_dataclass(field.kind)):
                value = build(field.kind, value)
            elif isinstance(value, str):
                value = field.kind(value)
            values[field.name] = value
    return message(**values)


@pytest.mark.parametrize("vector", OTHERS, ids=[vector["name"] for vector in OTHERS])
def test_a_golden_message_is_encoded_as_on_the_wire(vector: dict[str, Any]) -> None:
    message = build(MESSAGES[vector["fields"]["type"]], vector["fields"])

    assert vector["wire"] == json.loads(server.encode(message))


@pytest.mark.parametrize("vector", AUDIO, ids=[vector["name"] for vector in AUDIO])
def test_golden_audio_is_encoded_as_on_the_wire(vector: dict[str, Any]) -> None:
    (subprotocol,) = vector["subprotocols"]
    fields = vector["fields"]
    encoded = server.encode_audio(
        fields.get("responseId", 1),
        fields.get("position", 0),
        bytes.fromhex(fields["pcmHex"]),
        Subprotocol(subprotocol),
    )

    if isinstance(encoded, bytes):
        assert vector["wire"] == encoded.hex()
    else:
        assert vector["wire"] == json.loads(encoded)


def test_every_server_message_has_a_golden_vector() -> None:
    assert set(MESSAGES) == {vector["fields"]["type"] for vector in OTHERS}
