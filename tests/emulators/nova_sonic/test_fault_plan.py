from collections import Counter

from emulators.nova_sonic.fault_plan import FaultPlan
from emulators.nova_sonic.fault_tables import parse_fault
from emulators.nova_sonic.faults import AbortConnection, Reset, Silence


def plan(*tables: dict[str, object]) -> FaultPlan:
    return FaultPlan([parse_fault(table) for table in tables])


def test_a_fault_hits_as_many_streams_as_it_says() -> None:
    faults = plan({"kind": "abort", "count": 2})

    assert [1, 1, 0] == [len(list(faults.take_at_open())) for _ in range(3)]


def test_a_fault_for_every_stream_never_runs_out() -> None:
    faults = plan({"kind": "abort", "count": "every"})

    assert [1] * 5 == [len(list(faults.take_at_open())) for _ in range(5)]


def test_several_faults_happen_in_their_order() -> None:
    faults = plan({"kind": "silence"}, {"kind": "reset", "code": "CANCEL"})

    assert [Silence(), Reset(code=8)] == list(faults.take_at_open())


def test_the_nth_event_of_a_kind_is_counted_per_stream() -> None:
    faults = plan({"kind": "abort", "on_input": "audioInput", "nth": 2})
    first, second = Counter(audioInput=1, any=9), Counter(audioInput=2, any=4)

    assert [] == list(faults.take_on_input("audioInput", first))
    assert [] == list(faults.take_on_input("textInput", second))
    assert [AbortConnection()] == list(faults.take_on_input("audioInput", second))


def test_any_event_is_a_kind_of_its_own() -> None:
    faults = plan({"kind": "abort", "on_output": "any", "nth": 3})

    assert [] == list(faults.take_on_output("textOutput", Counter(textOutput=3, any=4)))
    assert [AbortConnection()] == list(faults.take_on_output("textOutput", Counter(textOutput=1, any=3)))


def test_input_and_output_are_not_confused() -> None:
    faults = plan({"kind": "abort", "on_output": "contentEnd"})

    assert [] == list(faults.take_on_input("contentEnd", Counter(contentEnd=1)))


def test_a_stream_limit_belongs_to_the_connection() -> None:
    faults = plan({"kind": "limit-streams"})

    assert [] == list(faults.take_at_open())
    assert 1 == faults.take_stream_limit()
    assert faults.take_stream_limit() is None


def test_timed_faults_are_for_a_streams_timers() -> None:
    ((seconds, armed),) = plan({"kind": "abort", "after_s": 2.0}, {"kind": "silence"}).timed()

    assert 2.0 == seconds
    assert armed.take()
    assert not armed.take()


def test_faults_are_disarmed_by_number_or_all_at_once() -> None:
    faults = plan({"kind": "abort"}, {"kind": "silence"}, {"kind": "reset"})

    assert 1 == faults.clear(2)
    assert ["abort", "reset"] == [entry["kind"] for entry in faults.as_json()]
    assert 0 == faults.clear(2)
    assert 2 == faults.clear()
    assert not faults


def test_what_was_fired_is_told() -> None:
    faults = plan({"kind": "abort", "count": 2})
    list(faults.take_at_open())

    (entry,) = faults.as_json()
    assert {"number": 1, "kind": "abort", "at": "open", "count": 2, "left": 1, "fired": 1} == entry
