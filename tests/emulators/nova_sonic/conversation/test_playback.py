"""What the user has heard of a reply at any instant."""

import pytest

from emulators.nova_sonic.conversation.playback import Playback


def played() -> Playback:
    playback = Playback()
    playback.add("One two three four.", 2.0, now=10.0)
    playback.add("Five six.", 1.0, now=10.0)
    return playback


@pytest.mark.parametrize(
    ("now", "heard"),
    [
        (10.0, []),
        (10.1, []),
        (10.5, ["One"]),
        (11.0, ["One two"]),
        (11.9, ["One two three"]),
        (12.0, ["One two three four."]),
        (12.6, ["One two three four.", "Five"]),
        (13.0, ["One two three four.", "Five six."]),
    ],
)
def test_sentences_are_cut_at_the_word_that_was_played(now: float, heard: list[str]) -> None:
    assert heard == played().heard_by(now)


def test_sentences_are_played_one_after_the_other() -> None:
    assert 13.0 == played().until


def test_a_late_sentence_starts_when_it_comes() -> None:
    playback = played()
    playback.add("Late.", 1.0, now=20.0)

    assert 21.0 == playback.until


def test_a_sentence_without_audio_is_heard_at_once() -> None:
    playback = Playback()
    playback.add("Silent.", 0.0, now=10.0)

    assert ["Silent."] == playback.heard_by(10.0)


def test_what_was_told_is_forgotten() -> None:
    playback = played()
    playback.forget()

    assert not playback
    assert [] == playback.heard_by(99.0)
