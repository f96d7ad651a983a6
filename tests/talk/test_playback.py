"""What would have been heard when: pieces in sequence, cut by an interruption, placed in time."""

from talk.playback import Playback

# 10 samples a second: one sample is 0.1 s.
SECOND = b"\1\0" * 10


def playback() -> Playback:
    return Playback(rate_hz=10)


def test_audio_that_comes_early_is_heard_after_what_came_before() -> None:
    speaker = playback()
    speaker.receive(SECOND, response_id=1, now=5.0)
    speaker.receive(SECOND, response_id=1, now=5.1)

    assert 7.0 == speaker.ends_at
    assert 1500 == speaker.heard_ms(1, now=6.5)


def test_audio_that_comes_late_leaves_a_pause() -> None:
    speaker = playback()
    speaker.receive(SECOND, response_id=1, now=5.0)
    speaker.receive(SECOND, response_id=1, now=8.0)

    assert SECOND + bytes(40) + SECOND == speaker.placed(since=5.0)
    assert SECOND + SECOND == speaker.joined()


def test_an_interruption_drops_what_was_not_heard_yet() -> None:
    speaker = playback()
    speaker.receive(SECOND, response_id=1, now=5.0)
    speaker.receive(SECOND, response_id=1, now=5.1)
    speaker.interrupt(1, now=5.5)

    assert SECOND[:10] == speaker.joined()
    assert 5.5 == speaker.ends_at
    assert 500 == speaker.heard_ms(1, now=9.0)


def test_an_interruption_of_one_reply_leaves_the_others() -> None:
    speaker = playback()
    speaker.receive(SECOND, response_id=1, now=5.0)
    speaker.receive(SECOND, response_id=2, now=5.0)
    speaker.interrupt(1, now=5.0)

    assert SECOND == speaker.joined()


def test_nothing_received_never_ends() -> None:
    assert playback().ends_at is None
    assert b"" == playback().placed(since=0.0)
