"""The page of figures: a table for each measurement, saturation named, a busy machine admitted."""

import dataclasses

from benchmarks.report import Machine, render
from benchmarks.sessions import Peer, Profile, Row

ROW = Row(
    peer=Peer.SERVICE,
    profile=Profile.DUPLEX,
    sessions=50,
    opened=50,
    seconds=15.0,
    cpu_share=0.7,
    model_cpu_share=0.2,
    generator_cpu_share=0.1,
    events_per_s=2800.0,
    in_p50=0.5,
    in_p99=2.5,
    out_p50=0.5,
    out_p99=1.9,
    generator_late_p99=0.3,
    bytes_per_session=153_600,
    errors={},
)


def page(*rows: Row, load: str = "0.10") -> str:
    return render(rows, Machine(facts={"load average before": load}))


def test_a_row_holds_what_was_measured() -> None:
    expected = "| 50 | 50 | 70% | 14.00 | 250 | 0.5/2.5 | 0.5/1.9 | 150 | 20% | 10%, 0.3 | 0 |"
    assert expected in page(ROW)


def test_capacity_is_told_from_the_last_row_that_was_not_saturated() -> None:
    saturated = dataclasses.replace(ROW, sessions=100, opened=100, cpu_share=0.99)

    text = page(ROW, saturated)

    assert "99% (saturated)" in text
    assert "Unsaturated up to 50 sessions: 14.0 ms/s a session, so a core at 70 % carries about 50" in text


def test_a_late_model_or_a_session_that_did_not_open_saturates_too() -> None:
    assert dataclasses.replace(ROW, out_p99=201.0).saturated
    assert dataclasses.replace(ROW, opened=49).saturated
    assert not ROW.saturated


def test_a_delay_with_a_processor_to_spare_is_somebody_elses() -> None:
    assert not dataclasses.replace(ROW, out_p99=201.0, cpu_share=0.3).saturated


def test_errors_are_listed() -> None:
    assert "- 50 sessions: 3 x closed with 4503" in page(
        dataclasses.replace(ROW, errors={"closed with 4503": 3})
    )


def test_a_busy_machine_is_admitted() -> None:
    assert "busy with other work" in page(ROW, load="1.50")
    assert "busy with other work" not in page(ROW)
