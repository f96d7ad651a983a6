import pytest

from tests.speech.wer import normalise, word_error_rate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 42%, isn't it?", "it is forty two percent is not it"),
        ("I can't; I won't.", "i can not i will not"),
        (
            "Mr. John's 1,234 well-known cats",
            "mister johns one thousand two hundred thirty four well known cats",
        ),
        ("OK \u2026 I\u2019m here", "okay i am here"),
        ("12.5", "twelve five"),
        ("", ""),
    ],
)
def test_both_sides_are_spelt_the_same_way(text: str, expected: str) -> None:
    assert expected == normalise(text)


def test_one_wrong_word_in_four_is_a_quarter() -> None:
    assert word_error_rate(["what is the time"], ["What is the dime?"]) == pytest.approx(0.25)


def test_long_texts_weigh_more_than_short_ones() -> None:
    assert word_error_rate(["one two three", "four"], ["one two three", "five"]) == pytest.approx(0.25)


def test_nothing_heard_is_every_word_wrong() -> None:
    assert word_error_rate(["hello there"], [""]) == pytest.approx(1.0)
