from dataclasses import replace

import pytest

from talk.protocol import Ack, Ready, Transcript, Turn
from talk.resumption import Resumption, is_sent_on, waits_s

READY = Ready(
    session_id="s-1",
    resume_token="t-1",
    resumed=False,
    last_turn=0,
    model="m",
    language="en-US",
    voice="v",
    input_sample_rate_hz=16_000,
    output_sample_rate_hz=24_000,
    silence_threshold_ms=1_500,
    watchdog_ms=2_000,
)


def begun(frames: int = 0) -> Resumption:
    resumption = Resumption()
    resumption.heard(READY, 1)
    for index in range(frames):
        resumption.sent(index, b"%d" % index)
    return resumption


def numbers(resumption: Resumption, after: int = -1) -> list[int]:
    return [sequence for sequence, _ in resumption.frames_to_repeat(after)]


def test_a_claim_is_what_the_last_ready_said_and_how_far_it_was_heard() -> None:
    resumption = begun()
    resumption.heard(Ack(sequence=0), 41)

    assert {"sessionId": "s-1", "resumeToken": "t-1", "lastSeq": 41} == resumption.claim(None)
    assert {"responseId": 3, "positionMs": 1_250} == resumption.claim((3, 1_250))["played"]


@pytest.mark.parametrize(
    ("close_code", "may"),
    [(None, True), (1006, True), (1012, True), (1000, False), (4409, False), (4410, False)],
)
def test_only_what_nobody_decided_is_mended(close_code: int | None, *, may: bool) -> None:
    assert may is begun().may_come_back(close_code)


def test_without_a_token_there_is_nothing_to_come_back_to() -> None:
    assert not Resumption().may_come_back(1006)


def test_what_was_confirmed_is_not_sent_again() -> None:
    resumption = begun(frames=6)
    resumption.heard(Ack(sequence=3), 2)

    assert [4, 5] == numbers(resumption)
    assert [5] == numbers(resumption, after=4)


def test_five_seconds_are_kept() -> None:
    assert [*range(44, 200)] == numbers(begun(frames=200))


def test_a_confirmation_whose_number_has_wrapped_is_understood() -> None:
    resumption = Resumption()
    for sequence in range(2**32 - 2, 2**32 + 2):
        resumption.sent(sequence, b"")
    resumption.heard(Ack(sequence=0), 2)

    assert [2**32 + 1] == numbers(resumption)


def test_tries_come_with_growing_waits_for_about_a_minute() -> None:
    waits = list(waits_s(1.0))

    assert [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0] == waits
    assert 120 >= len(list(waits_s(0.0)))


def test_who_is_sent_on_tries_at_once_and_then_like_anybody_else() -> None:
    assert [0.0, *waits_s(0.5)] == [*waits_s(0.5, is_expected=True)]
    assert [True, False, False] == [
        is_sent_on(4503, "going_away"),
        is_sent_on(4503, "at_capacity"),
        is_sent_on(1006, ""),
    ]


def read(turn: int, text: str, role: str = "user") -> Transcript:
    return Transcript(turn=turn, role=role, stage="spoken", text=text)


def over(turn: int) -> Turn:
    return Turn(turn=turn, outcome="completed", closed_by="client", response_id=1, timings={})


def test_what_was_typed_is_said_again_until_it_is_told_as_read() -> None:
    resumption = begun()
    resumption.typed("hello")
    resumption.heard(read(1, "hello", "assistant"), 2)
    assert ["hello"] == resumption.texts_to_repeat()

    resumption.heard(read(1, "hello"), 3)
    assert [] == resumption.texts_to_repeat()


def test_the_same_words_typed_twice_are_two_texts() -> None:
    resumption = begun()
    resumption.typed("hello")
    resumption.typed("hello")
    resumption.heard(read(1, "hello"), 2)

    assert ["hello"] == resumption.texts_to_repeat()


def test_the_same_process_knows_what_it_told_as_read() -> None:
    resumption = begun()
    resumption.typed("hello")
    resumption.heard(read(1, "hello"), 2)
    resumption.heard(replace(READY, resumed=True), 3)

    assert [] == resumption.texts_to_repeat()


@pytest.mark.parametrize(("last_turn", "again"), [(0, ["hello"]), (1, [])])
@pytest.mark.parametrize("told", [True, False])
def test_another_process_hears_again_what_was_typed_in_a_turn_that_is_not_saved(
    last_turn: int, again: list[str], *, told: bool
) -> None:
    resumption = begun()
    resumption.typed("hello")
    if told:
        resumption.heard(read(1, "hello"), 2)
    resumption.heard(replace(READY, last_turn=last_turn), 1)

    assert again == resumption.texts_to_repeat()


def test_what_was_answered_is_not_typed_again_in_any_process() -> None:
    resumption = begun()
    resumption.typed("hello")
    resumption.heard(read(1, "hello"), 2)
    resumption.heard(over(1), 3)
    resumption.heard(READY, 1)

    assert [] == resumption.texts_to_repeat()


def test_words_after_a_saved_turn_are_typed_again_in_another_process() -> None:
    resumption = begun()
    resumption.heard(over(1), 2)
    resumption.typed("hello")
    resumption.heard(replace(READY, last_turn=1), 1)

    assert ["hello"] == resumption.texts_to_repeat()
