import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RemoteProtocolError
from service.wire.client import FRAME_HEADER, Audio, ClientMessage, decode_binary, decode_text
from service.wire.fields import write
from service.wire.subprotocol import Subprotocol
from tests.service.golden import CLIENT_PROTOCOL

ACCEPTED = [
    pytest.param(vector, Subprotocol(subprotocol), id=f"{vector['name']}-{subprotocol}")
    for vector in CLIENT_PROTOCOL["clientToServer"]
    for subprotocol in vector["subprotocols"]
]
REFUSED = [
    pytest.param(vector, Subprotocol(subprotocol), id=f"{vector['name']}-{subprotocol}")
    for vector in CLIENT_PROTOCOL["refused"]
    for subprotocol in vector["subprotocols"]
]


def decode(vector: dict[str, Any], subprotocol: Subprotocol) -> ClientMessage:
    if vector["binary"]:
        return decode_binary(bytes.fromhex(vector["wire"]), subprotocol)
    wire = vector["wire"]
    return decode_text(wire if isinstance(wire, str) else json.dumps(wire), subprotocol)


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_none(inner) for name, inner in value.items() if inner is not None}
    return value


def as_fields(message: ClientMessage) -> Any:
    if isinstance(message, Audio):
        fields = {"type": "audio", "pcmHex": message.pcm.hex(), "endOfUtterance": message.end_of_utterance}
        if message.sequence is not None:
            fields |= {"sequence": message.sequence, "capturedAtMs": message.captured_at_ms}
        return fields
    return without_none(write(message))


@pytest.mark.parametrize(("vector", "subprotocol"), ACCEPTED)
def test_a_golden_message_decodes_to_its_fields(vector: dict[str, Any], subprotocol: Subprotocol) -> None:
    assert vector["fields"] == as_fields(decode(vector, subprotocol))


@pytest.mark.parametrize(("vector", "subprotocol"), REFUSED)
def test_what_breaks_the_protocol_is_refused_by_name(
    vector: dict[str, Any], subprotocol: Subprotocol
) -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(vector, subprotocol)

    assert vector["names"] in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"type":"ping","id":1,"id":2}', "duplicate"),
        ('{"type":"audio","data":"","data":"AAA="}', "duplicate"),
        ('{"type":"audio","data":"","type":"audio"}', "duplicate"),
        ("[" * 20_000 + "]" * 20_000, "nest"),
        ('{"type":"ping","id":' + "9" * 5_000 + "}", "JSON"),
        ('{"type":"ping","id":1.5}', "id"),
        ('{"type":"ping","id":1e400}', "JSON"),
        ('{"type":"ping","id":9007199254740993}', "between"),
        ('{"type":"text","text":""}', "1 to"),
        ('{"type":"text","text":"' + "x" * 1001 + '"}', "1000 characters"),
        ('{"type":"start","resume":{"sessionId":"s"}}', "start.resume needs"),
        ('{"type":"start","resume":[]}', "object"),
        ('{"type":["start"]}', "type"),
        ('\ufeff{"type":"end"}', "JSON"),
        ('{"type":"text","text":"\ud800"}', "surrogate"),
    ],
)
def test_a_hostile_text_is_refused_by_name(text: str, names: str) -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        decode_text(text, Subprotocol.JSON)

    assert names in str(refusal.value)


def test_a_frame_with_no_number_as_its_time_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="capturedAtMs"):
        decode_binary(FRAME_HEADER.pack(1, 1, 0, 0, math.nan), Subprotocol.BINARY)


def test_a_refusal_never_repeats_more_than_a_little_of_what_was_sent() -> None:
    with pytest.raises(RemoteProtocolError) as refusal:
        decode_text(json.dumps({"type": "x" * 10_000}), Subprotocol.JSON)

    assert len(str(refusal.value)) < 200


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(["type", "data", "text", "id", "responseId", "positionMs", "resume", "played"])
TYPES = st.sampled_from(["audio", "start", "text", "ping", "played", "auth", "end", "x"])


@given(
    st.text()
    | st.builds(
        lambda kind, rest: json.dumps({**rest, "type": kind}),
        TYPES,
        st.dictionaries(FIELD_NAMES, JSON_VALUES, max_size=4),
    ),
    st.sampled_from(Subprotocol),
)
def test_any_text_is_a_message_or_refused(text: str, subprotocol: Subprotocol) -> None:
    with suppress(RemoteProtocolError):
        assert decode_text(text, subprotocol) is not None


@given(st.binary(max_size=64), st.sampled_from(Subprotocol))
def test_any_bytes_are_a_frame_or_refused(frame: bytes, subprotocol: Subprotocol) -> None:
    with suppress(RemoteProtocolError):
        assert frame[FRAME_HEADER.size :] == decode_binary(frame, subprotocol).pcm
