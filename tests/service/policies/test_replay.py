import pytest

from service.policies.replay import Replay


def test_audio_that_has_waited_is_said_at_a_pace_of_its_own() -> None:
    assert pytest.approx(10.2) == Replay(pace=3.0).next_at(0.6, now=10.0)


def test_the_pace_is_faster_than_more_can_come_and_slower_than_a_burst() -> None:
    assert 1.0 < Replay().pace < 4.0
