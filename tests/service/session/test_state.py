from service.session.effects import State
from service.session.state import TRANSITIONS, Signal


def test_every_state_but_over_can_be_left_and_over_cannot() -> None:
    assert {state for state in State if state is not State.OVER} == {state for state, _ in TRANSITIONS}


def test_every_state_can_end() -> None:
    for state in State:
        if state is not State.OVER:
            assert State.OVER is TRANSITIONS[state, Signal.ENDED]


def test_every_signal_is_used() -> None:
    assert set(Signal) == {signal for _, signal in TRANSITIONS}
