import pytest

from service.errors import (
    FAILURE_RULES,
    CloseCode,
    ErrorCode,
    LocalError,
    ModelFailure,
    ModelFailureKind,
    RemoteProtocolError,
)


@pytest.mark.parametrize("kind", ModelFailureKind)
def test_every_kind_of_failure_has_a_rule_whatever_the_message(kind: ModelFailureKind) -> None:
    assert kind is ModelFailure(kind, "something never seen before").rule.kind


@pytest.mark.parametrize(
    ("message", "retryable"),
    [
        ("InternalErrorCode=531::RST_STREAM closed stream. HTTP/2 error code: NO_ERROR", True),
        ("System instability detected. Please retry your request.", True),
        ("RequestId=1 : Timed out waiting for audio bytes or interactive content.", True),
        ("Received invalid voiceId bob", False),
        ("Unable to parse input chunk", False),
        ("", False),
    ],
)
def test_a_validation_failure_is_retried_only_when_its_text_is_known_as_transient(
    message: str, *, retryable: bool
) -> None:
    assert retryable is ModelFailure(ModelFailureKind.VALIDATION, message).retryable


def test_blocked_content_has_its_own_error_code_and_is_not_retried() -> None:
    failure = ModelFailure(
        ModelFailureKind.VALIDATION, "This request has been blocked by our content filters."
    )

    assert (ErrorCode.CONTENT_FILTERED, False) == (failure.rule.error_code, failure.retryable)


def test_what_can_be_retried_ends_with_go_elsewhere_and_what_cannot_does_not() -> None:
    for rule in FAILURE_RULES:
        assert rule.retryable is (rule.close_code is CloseCode.GO_ELSEWHERE)


def test_an_error_says_whose_fault_it_is() -> None:
    assert CloseCode.PROTOCOL is RemoteProtocolError("x").close_code
    assert CloseCode.INTERNAL is LocalError("x").close_code


def test_a_failure_reads_as_a_sentence() -> None:
    expected = "the model stream failed (throttled): too many"

    assert expected == str(ModelFailure(ModelFailureKind.THROTTLED, "too many"))
