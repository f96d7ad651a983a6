"""The two envelopes: whatever the model puts around a document, it is that document or a named fault."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ModelFailure
from service.transports.bedrock_direct.envelope import open_chunk, said_in
from service.transports.bedrock_direct.event_stream import EventStreamError
from service.transports.bedrock_direct.refusals import exception_in_stream, refusal, wrong_response


@given(
    document=st.binary(max_size=300),
    padding=st.one_of(st.none(), st.text(max_size=20)),
    ascii_only=st.booleans(),
    bytes_first=st.booleans(),
)
def test_a_chunk_is_opened_however_its_json_is_spelled(
    *, document: bytes, padding: str | None, ascii_only: bool, bytes_first: bool
) -> None:
    fields = {"bytes": base64.b64encode(document).decode()}
    if padding is not None:
        fields = fields | {"p": padding} if bytes_first else {"p": padding} | fields

    assert document == open_chunk(json.dumps(fields, ensure_ascii=ascii_only).encode())


def test_an_escape_that_json_allows_is_understood() -> None:
    assert b"\xff\xff\xff" == open_chunk(rb'{"bytes":"\/\/\/\/"}')


@given(
    payload=st.one_of(st.binary(max_size=80), st.binary(max_size=40).map(lambda rest: b'{"bytes":"' + rest))
)
def test_anything_else_is_a_named_fault(payload: bytes) -> None:
    try:
        opened = open_chunk(payload)
    except EventStreamError:
        return

    try:
        bytes_field = json.loads(payload)["bytes"]
    except ValueError:
        bytes_field = payload.split(b'"')[3]
    assert base64.b64decode(bytes_field) == opened


@pytest.mark.parametrize(
    "payload",
    [b'{"bytes":"aGk="', b'{"bytes":"aGk=",}', b'{"bytes":"aGk="} {"bytes":"aGk="}', b'{"bytes":"aGk="x}'],
)
def test_only_whole_json_is_a_chunk_or_what_follows_the_bytes_is_ignored(payload: bytes) -> None:
    """The checksum has vouched for the message; what stands behind the bytes decides nothing."""
    assert b"hi" == open_chunk(payload)


NAMES = st.sampled_from([":message-type", ":exception-type", ":error-code", ":error-message", "x"])


@given(headers=st.dictionaries(NAMES, st.text(max_size=30)), payload=st.binary(max_size=60))
def test_every_exception_in_the_stream_becomes_a_failure(headers: dict[str, str], payload: bytes) -> None:
    failure = exception_in_stream(headers, payload)

    assert isinstance(failure, ModelFailure)
    assert isinstance(said_in(payload), str)


@given(
    status=st.integers(0, 999),
    headers=st.dictionaries(
        st.sampled_from(["content-type", "location", "x-amzn-errortype"]), st.text(max_size=30)
    ),
    body=st.binary(max_size=60),
)
def test_every_other_answer_becomes_a_failure(status: int, headers: dict[str, str], body: bytes) -> None:
    assert isinstance(wrong_response(status, headers) or refusal(status, headers, body), ModelFailure)
