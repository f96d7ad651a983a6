"""What a session announces is counted, and becomes one line a turn and one line a session."""

import pytest
from structlog.testing import capture_logs

from service.errors import ModelFailureKind
from service.metrics.counters import Counters
from service.metrics.sessions import SessionRecord
from service.session.effects import (
    Announcement,
    Direction,
    Fault,
    State,
    StateChanged,
    StreamLost,
    TurnClosed,
    TurnEnded,
    UsageCounted,
    ValidationCounted,
)
from service.wire.server import ClosedBy, Outcome

TURN = TurnEnded(
    turn=1,
    outcome=Outcome.COMPLETED,
    closed_by=ClosedBy.CLIENT,
    response_id=1,
    utterance_ms=900,
    endpointing_ms=30,
    time_to_first_audio_ms=600,
    reply_ms=2_000,
    interrupted=False,
)


def recorded(*announcements: Announcement) -> tuple[Counters, list[dict[str, object]]]:
    counters = Counters()
    record = SessionRecord(session_id="s-1", subprotocol="voice.v1", began_at=10.0, counters=counters)
    with capture_logs() as lines:
        for announcement in announcements:
            record.record(announcement)
        record.ended(now=12.5, close_code=1000, dropped_frames=3)
    return counters, [dict(line) for line in lines]


def test_a_turn_is_one_line_with_its_spans() -> None:
    counters, lines = recorded(TURN)

    assert ["turn ended", "session ended"] == [line["event"] for line in lines]
    assert ("s-1", 1, "completed", "client", 600) == tuple(
        lines[0][name] for name in ("session_id", "turn", "outcome", "closed_by", "time_to_first_audio_ms")
    )
    assert 1 == counters.value("turns_ended", "completed")


def test_a_session_is_one_line_with_its_totals() -> None:
    usage = UsageCounted(input_speech=5, input_text=1, output_speech=7, output_text=2)
    counters, lines = recorded(TURN, TURN, usage, usage)
    (line,) = (line for line in lines if line["event"] == "session ended")

    assert (2, 14, 2_500, 3, 1000) == tuple(
        line[name]
        for name in ("turns", "tokens_output_speech", "duration_ms", "model_frames_dropped", "close_code")
    )
    assert (10, 1) == (counters.value("tokens_input_speech"), counters.value("sessions_ended", "1000"))


@pytest.mark.parametrize(("fault", "faults"), [(Fault.NONE, None), (Fault.MALFORMED, 4)])
def test_checked_messages_are_counted_by_border_type_and_fault(fault: Fault, faults: int | None) -> None:
    counted = ValidationCounted(direction=Direction.FROM_CLIENT, event_type="audio", fault=fault, count=4)
    counters, lines = recorded(counted)

    assert 4 == counters.value("messages_from_client", f"audio.{fault.value}")
    assert faults == lines[-1].get("faults")


def test_a_lost_stream_is_a_warning_that_says_whether_another_is_tried() -> None:
    counters, lines = recorded(
        StreamLost(stream_id=2, kind=ModelFailureKind.THROTTLED, reason="slow down", will_retry=True)
    )

    assert ("warning", "throttled", True) == tuple(
        lines[0][name] for name in ("log_level", "kind", "will_retry")
    )
    assert 1 == counters.value("model_streams_lost", "throttled")


@pytest.mark.parametrize(("code", "label"), [(4429, "4429"), (1006, "1006"), (4999, "other")])
def test_a_close_code_of_the_clients_own_making_is_no_counter_of_its_own(code: int, label: str) -> None:
    counters = Counters()
    record = SessionRecord(session_id="s-1", subprotocol="voice.v1", began_at=0.0, counters=counters)
    with capture_logs() as lines:
        record.ended(now=1.0, close_code=code, dropped_frames=0)

    assert 1 == counters.value("sessions_ended", label)
    assert code == lines[0]["close_code"]


def test_states_and_closures_are_counted_without_a_line() -> None:
    counters, lines = recorded(
        StateChanged(before=State.LISTENING, after=State.THINKING),
        TurnClosed(turn=1, closed_by=ClosedBy.WATCHDOG),
    )

    assert (1, 1) == (
        counters.value("states_entered", "thinking"),
        counters.value("turns_closed", "watchdog"),
    )
    assert ["session ended"] == [line["event"] for line in lines]
