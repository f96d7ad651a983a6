from fractions import Fraction

import pytest

from emulators.nova_sonic.brains.dialogue.numbers import read_number, say_number


@pytest.mark.parametrize(
    ("text", "value", "taken"),
    [
        ("twelve", 12, 1),
        ("a hundred and five apples", 105, 4),
        ("two thousand thirty", 2030, 3),
        ("twenty one", 21, 2),
        ("twenty twelve", 20, 1),
        ("three point one four", Fraction(314, 100), 4),
        ("zero point five", Fraction(1, 2), 3),
        ("2 million", 2_000_000, 2),
        ("one hundred twenty three thousand four hundred fifty six", 123_456, 9),
        ("12.5", Fraction(25, 2), 1),
    ],
)
def test_numbers_are_read_as_far_as_they_go(text: str, value: Fraction | int, taken: int) -> None:
    assert (value, taken) == read_number(text.split())


@pytest.mark.parametrize("text", ["", "apples", "hundred", "and five", "1e99", "12345678901234567890"])
def test_what_is_not_a_number_is_none(text: str) -> None:
    assert read_number(text.split()) is None


@pytest.mark.parametrize(
    ("value", "said", "exact"),
    [
        (Fraction(2026), "2,026", True),
        (Fraction(-5), "minus 5", True),
        (Fraction(25, 2), "12.5", True),
        (Fraction(1, 3), "0.333", False),
        (Fraction(2, 3), "0.667", False),
        (Fraction(0), "0", True),
    ],
)
def test_numbers_are_written_as_the_voice_reads_them_right(
    value: Fraction, said: str, *, exact: bool
) -> None:
    assert (said, exact) == say_number(value)
