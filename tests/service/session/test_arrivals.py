from service.session.arrivals import Arrivals


def test_an_instant_is_found_in_the_frame_that_holds_it() -> None:
    arrivals = Arrivals()
    for frame in range(20):
        arrivals.note(5_000.0 + frame * 32, 70.0 + frame * 0.032)
    assert 70.0 + 3 * 0.032 == arrivals.of(5_000.0 + 3 * 32 + 31)
    assert 70.0 + 19 * 0.032 == arrivals.of(5_000.0 + 20 * 32)


def test_what_came_before_the_first_frame_or_long_after_the_last_is_not_known() -> None:
    arrivals = Arrivals()
    assert arrivals.of(5_000.0) is None
    arrivals.note(5_000.0, 70.0)
    assert arrivals.of(4_999.0) is None
    assert arrivals.of(7_000.0) is None


def test_old_frames_make_room_for_new_ones() -> None:
    arrivals = Arrivals()
    for frame in range(2_000):
        arrivals.note(frame * 32.0, frame * 0.032)
    assert arrivals.of(10.0) is None
    assert 1_999 * 0.032 == arrivals.of(1_999 * 32.0)


def test_a_client_clock_that_jumps_back_finds_the_new_frames() -> None:
    arrivals = Arrivals()
    arrivals.note(1_000_000.0, 1.0)
    arrivals.note(500.0, 2.0)
    assert 2.0 == arrivals.of(510.0)
