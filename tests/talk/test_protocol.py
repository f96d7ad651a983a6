"""The reference client's reading of the protocol agrees with the golden messages, both ways."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from talk import protocol

GOLDEN = json.loads((Path(__file__).parents[1] / "contract/golden/client_protocol.json").read_text())


def name(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def wire(vector: dict[str, Any]) -> str | bytes:
    return bytes.fromhex(vector["wire"]) if vector["binary"] else json.dumps(vector["wire"])


@pytest.mark.parametrize("vector", GOLDEN["serverToClient"], ids=name)
def test_reads_what_the_server_says(vector: dict[str, Any]) -> None:
    expected = dict(vector["fields"])
    if "pcmHex" in expected:
        expected["pcm"] = bytes.fromhex(expected["pcmHex"])

    message = protocol.decode(wire(vector))

    read = {protocol.camel(field.name): getattr(message, field.name) for field in fields(message)}
    assert {key: expected.get(key) for key in read} == read


@pytest.mark.parametrize("vector", [v for v in GOLDEN["clientToServer"] if "pcmHex" in v["fields"]], ids=name)
def test_writes_audio_as_the_server_expects_it(vector: dict[str, Any]) -> None:
    audio = vector["fields"]

    written = protocol.encode_audio(
        bytes.fromhex(audio["pcmHex"]),
        subprotocol=vector["subprotocols"][0],
        sequence=audio.get("sequence", 0),
        captured_at_ms=audio.get("capturedAtMs", 0.0),
        end_of_utterance=audio["endOfUtterance"],
    )

    if isinstance(written, bytes):
        assert wire(vector) == written
    else:
        # The flag may be left out where it is false; this client always writes it.
        assert {"endOfUtterance": False, **vector["wire"]} == json.loads(written)


@pytest.mark.parametrize(
    "vector", [v for v in GOLDEN["clientToServer"] if "pcmHex" not in v["fields"]], ids=name
)
def test_writes_what_the_server_expects(vector: dict[str, Any]) -> None:
    values = {key: value for key, value in vector["fields"].items() if key != "type"}

    assert vector["wire"] == json.loads(protocol.encode(vector["fields"]["type"], **values))


def test_the_sequence_wraps_where_its_field_ends() -> None:
    frame = protocol.encode_audio(b"", subprotocol="voice.v1", sequence=2**32 + 5, captured_at_ms=0.0)

    assert isinstance(frame, bytes)
    assert b"\x05\0\0\0" == frame[4:8]


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("hello", "not JSON"),
        ("[]", "without a type"),
        ('{"type":"audio","data":"%"}', "not base64"),
        ('{"type":"state"}', "'state' message lacks state"),
        ('{"type":"transcript","turn":1,"role":"user"}', "lacks stage, text"),
        (b"\x01\x02", "shorter than its header"),
        (b"\x09\x02" + bytes(14), "version 9"),
        (b"\x01\x01" + bytes(14), "type 1"),
    ],
)
def test_names_what_is_wrong_with_a_message(message: str | bytes, names: str) -> None:
    with pytest.raises(protocol.ServerProtocolError, match=names):
        protocol.decode(message)


def test_passes_over_what_a_newer_server_adds() -> None:
    assert protocol.Other(type="weather") == protocol.decode('{"type":"weather","sun":true}')
    assert protocol.State(state="listening") == protocol.decode(
        '{"type":"state","state":"listening","mood":"good"}'
    )
