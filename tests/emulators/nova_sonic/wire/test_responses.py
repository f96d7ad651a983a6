import base64
import json
from io import BytesIO

import pytest
from smithy_aws_event_stream.events import Event

from emulators.nova_sonic.wire.responses import (
    ApiException,
    chunk_frame,
    error_response,
    exception_frame,
    exception_named,
)

DOCUMENT = b'{"event":{"completionStart":{}}}'


def read(frame: bytes) -> Event:
    event = Event.decode(BytesIO(frame))
    assert event is not None
    return event


def test_a_chunk_carries_its_event_in_base64() -> None:
    message = read(chunk_frame(DOCUMENT)).message

    assert {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    } == message.headers
    assert {"bytes": base64.b64encode(DOCUMENT).decode()} == json.loads(message.payload)


@pytest.mark.parametrize("padding", [0, 1, 31])
def test_padding_is_one_more_key_of_the_length_asked_for(padding: int) -> None:
    payload = json.loads(read(chunk_frame(DOCUMENT, padding=padding)).message.payload)

    assert DOCUMENT == base64.b64decode(payload["bytes"])
    assert padding == len(payload["p"])


@pytest.mark.parametrize("exception", ApiException)
def test_an_exception_in_the_stream_has_its_member_name(exception: ApiException) -> None:
    message = read(exception_frame(exception.title, "no")).message

    assert "exception" == message.headers[":message-type"]
    assert exception.member == message.headers[":exception-type"]
    assert "no" == json.loads(message.payload)["message"]


def test_an_exception_no_sdk_knows_keeps_its_name() -> None:
    assert "fooException" == read(exception_frame("fooException", "?")).message.headers[":exception-type"]


@pytest.mark.parametrize("exception", ApiException)
def test_an_error_response_names_its_exception(exception: ApiException) -> None:
    response = error_response(exception.title, "no", request_id="r1")
    headers = dict(response.headers)

    assert exception.status == response.status
    assert exception.title == headers["x-amzn-errortype"]
    assert "r1" == headers["x-amzn-requestid"]
    assert str(len(response.body)) == headers["content-length"]
    assert "no" == json.loads(response.body)["message"]


def test_a_throttled_client_is_not_told_when_to_come_back() -> None:
    assert "retry-after" not in dict(error_response("ThrottlingException", "no", request_id="r").headers)


def test_a_refused_signature_is_forbidden() -> None:
    assert 403 == error_response("InvalidSignatureException", "no", request_id="r").status


def test_exceptions_are_found_by_both_their_names() -> None:
    assert ApiException.MODEL_TIMEOUT is exception_named("modelTimeoutException")
    assert ApiException.MODEL_TIMEOUT is exception_named("ModelTimeoutException")
    assert exception_named("fooException") is None
