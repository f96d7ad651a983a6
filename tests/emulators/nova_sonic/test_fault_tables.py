import pytest

from emulators.nova_sonic.fault_tables import KINDS, FaultError, describe, parse_fault, parse_faults
from emulators.nova_sonic.faults import (
    After,
    AtOpen,
    Fault,
    LateHeaders,
    Now,
    OnInput,
    OnOutput,
    Raise,
    Reset,
)

NEEDS_A_RESPONSE = {"cut", "bad-checksum", "garbage", "replace", "end"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_needs_nothing_but_a_moment(kind: str) -> None:
    table = {"kind": kind} | ({"on_output": "audioOutput"} if kind in NEEDS_A_RESPONSE else {})

    assert kind == parse_fault(table).kind


def test_an_exception_before_the_stream_is_an_http_response() -> None:
    fault = parse_fault({"kind": "throttling"})

    assert (
        Fault(
            kind="throttling",
            action=Raise(
                exception="ThrottlingException",
                message="Too many requests, please wait before trying again.",
                form="http",
            ),
            moment=AtOpen(),
            count=1,
        )
        == fault
    )


def test_an_exception_inside_the_stream_is_an_event() -> None:
    fault = parse_fault({"kind": "model-timeout", "on_input": "audioInput", "nth": 3, "message": "late"})

    assert Raise(exception="ModelTimeoutException", message="late", form="event") == fault.action
    assert OnInput(event="audioInput", nth=3) == fault.moment


@pytest.mark.parametrize(("code", "number"), [("NO_ERROR", 0), ("REFUSED_STREAM", 7), ("CANCEL", 8)])
def test_a_reset_has_the_code_it_names(code: str, number: int) -> None:
    assert Reset(code=number) == parse_fault({"kind": "reset", "code": code}).action


def test_a_moment_may_be_an_output_or_a_time() -> None:
    assert (
        OnOutput(event="audioOutput", nth=1)
        == parse_fault({"kind": "cut", "on_output": "audioOutput"}).moment
    )
    assert After(seconds=2.5) == parse_fault({"kind": "silence", "after_s": 2.5}).moment


def test_a_fault_may_hit_every_stream() -> None:
    assert parse_fault({"kind": "abort", "count": "every"}).count is None


def test_headers_may_be_late() -> None:
    assert LateHeaders(seconds=0.5) == parse_fault({"kind": "late-headers", "seconds": 0.5}).action


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"kind": "trottling"}, "fault: kind 'trottling' is unknown; did you mean 'throttling'?"),
        ({}, "fault: kind is missing"),
        ({"kind": 3}, "fault: kind must be a string, not 3"),
        ({"kind": "reset", "coed": "CANCEL"}, "fault: 'coed' means nothing here; did you mean 'code'?"),
        ({"kind": "reset", "code": "CANCELED"}, "fault: code 'CANCELED' is unknown; did you mean 'CANCEL'?"),
        (
            {"kind": "abort", "on_output": "audioInput"},
            "fault: on_output 'audioInput' is unknown; did you mean 'audioOutput'?",
        ),
        ({"kind": "abort", "at": "open", "after_s": 1}, "fault: at and after_s exclude each other"),
        ({"kind": "abort", "at": "now"}, "fault: at 'now' is unknown; known: open"),
        ({"kind": "abort", "after_s": -1}, "fault: after_s must be a number of seconds, not -1"),
        ({"kind": "abort", "count": 0}, "fault: count must be a whole number from 1, not 0"),
        ({"kind": "abort", "count": True}, "fault: count must be a whole number from 1, not True"),
        ({"kind": "abort", "nth": 2}, "fault: 'nth' means nothing here"),
        ({"kind": "trickle", "seconds": 2}, "fault: 'seconds' means nothing here"),
        ({"kind": "limit-streams", "after_s": 1}, 'fault: limit-streams can only happen at = "open"'),
        (
            {"kind": "cut"},
            "fault: cut needs a response that has begun: give on_input, on_output or after_s",
        ),
    ],
)
def test_a_mistake_is_refused_by_name(table: dict[str, object], sentence: str) -> None:
    with pytest.raises(FaultError) as refusal:
        parse_fault(table)

    assert str(refusal.value).startswith(sentence)


def test_only_the_control_endpoint_may_say_now() -> None:
    assert Now() == parse_fault({"kind": "abort", "at": "now"}, live=True).moment


def test_a_scenarios_mistake_is_counted_out() -> None:
    with pytest.raises(FaultError, match=r"scenario 'x', fault 2: kind 'sillence'"):
        parse_faults([{"kind": "silence"}, {"kind": "sillence"}], where="scenario 'x', fault")


@pytest.mark.parametrize(
    "table",
    [
        {"kind": "reset", "at": "open", "count": 1},
        {"kind": "cut", "on_output": "audioOutput", "nth": 2, "count": "every"},
        {"kind": "silence", "on_input": "any", "nth": 5, "count": 3},
        {"kind": "abort", "after_s": 1.5, "count": 1},
    ],
)
def test_a_fault_is_described_as_it_was_written(table: dict[str, object]) -> None:
    assert table == describe(parse_fault(table))
