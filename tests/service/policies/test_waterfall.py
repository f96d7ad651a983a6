"""The parts of a turn, with every delay known because this test makes it."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.policies.waterfall import PARTS, ServerMarks, Waterfall, of_both, of_service


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    asked_at_ms: int | None
    received_at_ms: int
    buffered_at_ms: int
    played_at_ms: int
    clock_offset_ms: int
    round_trip_ms: int


def turn(
    delays_ms: dict[str, float], *, skew_ms: int = 0, round_trip_ms: int = 80
) -> tuple[ServerMarks, Report]:
    """A turn with these parts; the client's clock is ahead of ours by the skew, and well measured."""
    instant, instants = 1_000_000.0, []
    for name in PARTS:
        instants.append(instant)
        instant += delays_ms[name]
    asked, arrived, passed, closed, first, sent, received, buffered = instants
    server = ServerMarks(
        arrived_at=arrived / 1_000,
        taken_s=(passed - arrived) / 1_000,
        closed_at=closed / 1_000,
        first_audio_at=first / 1_000,
        sent_at=sent / 1_000,
    )
    client = Report(
        asked_at_ms=round(asked + skew_ms),
        received_at_ms=round(received + skew_ms),
        buffered_at_ms=round(buffered + skew_ms),
        played_at_ms=round(instant + skew_ms),
        clock_offset_ms=-skew_ms,
        round_trip_ms=round_trip_ms,
    )
    return server, client


_DELAYS = st.fixed_dictionaries({name: st.floats(0, 5_000) for name in PARTS})
_MINUTES_MS = 5 * 60_000


@given(_DELAYS, st.integers(-_MINUTES_MS, _MINUTES_MS))
def test_every_part_is_right_and_the_parts_are_the_whole_whatever_the_clocks_say(
    delays: dict[str, float], skew_ms: int
) -> None:
    server, client = turn(delays, skew_ms=skew_ms)
    waterfall = of_both(server, client)
    assert waterfall is not None
    assert waterfall.is_whole
    assert [] == [
        (name, delays[name], ms) for name, ms in waterfall.parts.items() if abs(ms - delays[name]) > 2
    ]
    assert abs(sum(waterfall.parts.values()) - waterfall.total_ms) <= 0.01 * max(1.0, waterfall.total_ms)


@given(_DELAYS, st.integers(-40, 40))
def test_an_offset_that_is_wrong_by_half_a_round_trip_moves_only_the_links(
    delays: dict[str, float], wrong_by_ms: int
) -> None:
    delays |= {"uplink_ms": 60.0, "downlink_ms": 60.0}
    server, client = turn(delays)
    waterfall = of_both(server, replace(client, clock_offset_ms=wrong_by_ms))
    assert waterfall is not None
    for name, ms in waterfall.parts.items():
        allowed = 2 + abs(wrong_by_ms) * name.endswith("link_ms")
        assert abs(ms - delays[name]) <= allowed


EVEN = dict.fromkeys(PARTS, 100.0)


@pytest.mark.parametrize(
    "absurd",
    [
        {"round_trip_ms": -1},
        {"round_trip_ms": 10_001},
        {"clock_offset_ms": 300_000},
        {"clock_offset_ms": -300_000},
        {"played_at_ms": -5},
        {"played_at_ms": 2**53 - 1},
        {"received_at_ms": 2**53 - 1},
        {"buffered_at_ms": 0},
        {"asked_at_ms": -(2**53)},
        {"asked_at_ms": 2**53 - 1},
    ],
)
def test_what_cannot_be_true_is_not_believed(absurd: dict[str, int]) -> None:
    server, client = turn(EVEN)
    assert of_both(server, replace(client, **absurd)) is None


_ANY = st.integers(-(2**53), 2**53)


@given(
    st.builds(
        Report,
        asked_at_ms=_ANY,
        received_at_ms=_ANY,
        buffered_at_ms=_ANY,
        played_at_ms=_ANY,
        clock_offset_ms=_ANY,
        round_trip_ms=_ANY,
    )
)
def test_no_report_makes_a_part_negative_or_the_sum_wrong(report: Report) -> None:
    server, _ = turn(EVEN)
    waterfall = of_both(server, report)
    if waterfall is not None:
        assert min(waterfall.parts.values()) >= 0
        assert abs(sum(waterfall.parts.values()) - waterfall.total_ms) < 1


def test_a_model_that_answers_before_the_client_found_the_end_has_nothing_waited_for() -> None:
    server, client = turn(EVEN | {"endpointing_ms": 0.0})
    waterfall = of_both(
        replace(server, arrived_at=(server.arrived_at or 0) + 0.5),
        replace(client, asked_at_ms=(client.asked_at_ms or 0) + 500),
    )
    assert waterfall is not None
    assert (0.0, 0.0, 0.0) == (waterfall.uplink_ms, waterfall.service_in_ms, waterfall.endpointing_ms)


def test_audio_that_had_to_wait_for_a_stream_waited_in_the_service() -> None:
    server, client = turn(EVEN | {"service_in_ms": 0.0})
    waterfall = of_both(replace(server, passed_at=(server.arrived_at or 0) + 0.09), client)
    assert waterfall is not None
    assert (90.0, 10.0) == (waterfall.service_in_ms, waterfall.endpointing_ms)


def test_without_capture_times_the_uplink_is_half_a_round_trip() -> None:
    server, client = turn(EVEN | {"uplink_ms": 40.0})
    waterfall = of_both(replace(server, arrived_at=None), client)
    assert waterfall is not None
    assert 40.0 == waterfall.uplink_ms


def test_a_typed_turn_begins_with_its_text() -> None:
    server, client = turn(EVEN | {"uplink_ms": 40.0})
    waterfall = of_both(server, replace(client, asked_at_ms=None))
    assert waterfall is not None
    assert 40.0 == waterfall.uplink_ms


def test_without_the_client_the_service_tells_its_own_part() -> None:
    server, _ = turn(EVEN)
    known = of_service(server)
    assert not known.is_whole
    assert {"endpointing_ms": 100.0, "model_ms": 100.0, "service_out_ms": 100.0} == known.parts
    assert 300.0 == known.total_ms
    assert PARTS == tuple(name for name in Waterfall.__dataclass_fields__ if name != "total_ms")


@pytest.mark.parametrize("round_trip_ms", [0, 1, 10_000])
def test_a_round_trip_at_its_bounds_is_believed(round_trip_ms: int) -> None:
    server, client = turn(EVEN, round_trip_ms=round_trip_ms)

    assert of_both(server, client) is not None


def test_a_client_may_be_early_by_half_a_round_trip_and_the_tick_of_a_clock() -> None:
    """80 ms there and back: 60 ms are possible, 61 are not."""
    server, client = turn(EVEN | {"downlink_ms": 0.0})
    early = [replace(client, received_at_ms=client.received_at_ms - ms) for ms in (60, 61)]

    assert [True, False] == [of_both(server, report) is not None for report in early]


def test_speech_may_end_after_it_came_by_no_more_than_that() -> None:
    server, client = turn(EVEN | {"uplink_ms": 0.0})
    late = [replace(client, asked_at_ms=(client.asked_at_ms or 0) + ms) for ms in (60, 61)]

    assert [True, False] == [of_both(server, report) is not None for report in late]


def test_a_turn_of_two_minutes_is_believed_and_no_longer_one() -> None:
    server, client = turn(EVEN)
    whole_ms = client.played_at_ms - (client.asked_at_ms or 0)
    longest = [
        replace(client, played_at_ms=client.played_at_ms + 120_000 - whole_ms + more) for more in (0, 1)
    ]

    assert [True, False] == [of_both(server, report) is not None for report in longest]


def test_speech_that_ended_after_the_decision_has_no_uplink_nor_wait() -> None:
    """The decision came first, so everything before it is its instant."""
    server, client = turn(EVEN | {"service_in_ms": 0.0, "endpointing_ms": 0.0})
    early = replace(server, closed_at=server.closed_at - 0.15)
    waterfall = of_both(early, client)
    assert waterfall is not None
    assert (0.0, 0.0, 0.0) == (waterfall.uplink_ms, waterfall.service_in_ms, waterfall.endpointing_ms)
    assert 250.0 == waterfall.model_ms
    assert 650.0 == waterfall.total_ms


def test_an_uplink_that_would_be_negative_is_none() -> None:
    server, client = turn(EVEN | {"uplink_ms": 0.0})
    waterfall = of_both(server, replace(client, asked_at_ms=(client.asked_at_ms or 0) + 30))
    assert waterfall is not None
    assert (0.0, 700.0) == (waterfall.uplink_ms, waterfall.total_ms)


def test_parts_are_told_to_a_tenth_of_a_millisecond() -> None:
    delays = {name: 10.04 + place / 100 for place, name in enumerate(PARTS)}
    server, client = turn(delays)
    whole, half = of_both(server, client), of_service(server)
    assert whole is not None

    assert (10.1, 10.1, 10.1) == (half.endpointing_ms, half.model_ms, half.service_out_ms)
    assert 30.3 == half.total_ms
    assert 10.1 == whole.model_ms
    assert whole.total_ms == round(whole.total_ms, 1)
    assert round(whole.total_ms) != whole.total_ms


def test_a_typed_turn_without_its_arrival_begins_before_the_decision() -> None:
    server, client = turn(EVEN | {"uplink_ms": 40.0, "service_in_ms": 0.0, "endpointing_ms": 0.0})
    waterfall = of_both(replace(server, arrived_at=None, taken_s=0.0), replace(client, asked_at_ms=None))
    assert waterfall is not None
    assert (40.0, 0.0) == (waterfall.uplink_ms, waterfall.endpointing_ms)


def test_without_an_arrival_the_service_knows_of_no_wait() -> None:
    server, _ = turn(EVEN)
    known = of_service(replace(server, arrived_at=None))

    assert 0.0 == known.endpointing_ms
