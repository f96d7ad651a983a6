import pytest

from emulators.nova_sonic.brains.dialogue.arithmetic import compute


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("What is twelve times seven?", "12 times 7 is 84."),
        ("two plus three", "2 plus 3 is 5."),
        ("What's a hundred divided by eight?", "100 divided by 8 is 12.5."),
        ("100 / 8", "100 divided by 8 is 12.5."),
        ("What is 12 x 7?", "12 times 7 is 84."),
        ("12 \u00d7 7", "12 times 7 is 84."),
        ("How much is 2 + 3?", "2 plus 3 is 5."),
        ("10-4", "10 minus 4 is 6."),
        ("Can you tell me what 6 times 7 is?", "6 times 7 is 42."),
        ("What is 15% of 80?", "15 percent of 80 is 12."),
        ("fifteen percent of eighty", "15 percent of 80 is 12."),
        ("What is the square root of sixteen?", "The square root of 16 is 4."),
        ("square root of two", "The square root of 2 is about 1.414."),
        ("seven squared", "7 squared is 49."),
        ("2 to the power of 10", "2 to the power of 10 is 1,024."),
        ("ten divided by three", "10 divided by 3 is about 3.333."),
        ("twenty-five minus thirty", "25 minus 30 is minus 5."),
        ("three point one four times two", "3.14 times 2 is 6.28."),
        ("one thousand two hundred and thirty four plus one", "1,234 plus 1 is 1,235."),
        ("two plus three times four", "2 plus 3 times 4 is 14."),
        ("half of ninety", "0.5 times 90 is 45."),
        ("the sum of four and five", "4 plus 5 is 9."),
        ("the difference between ten and 4", "10 minus 4 is 6."),
        ("1013 times 2", "1,013 times 2 is 2,026."),
        ("8 multiplied by 8 equals what?", "8 times 8 is 64."),
        ("a dozen times three", "12 times 3 is 36."),
    ],
)
def test_sums_are_done_as_people_say_them(heard: str, said: str) -> None:
    assert said == compute(heard)


@pytest.mark.parametrize(
    "heard",
    [
        "",
        "-",
        "twelve",
        "what is five",
        "one two three",
        "2 plus",
        "times two",
        "1e9999 plus 1",
        "1.2.3 plus 4",
        "What is the square root of happiness?",
        "one plus banana",
        "How are you?",
        "two people, please",
    ],
)
def test_what_is_not_a_sum_is_left_to_others(heard: str) -> None:
    assert compute(heard) is None


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("five divided by zero", "Nothing can be divided by 0."),
        ("two to the power of one million", "That number is too large for me to say."),
        ("2 to the power of 2 to the power of 99", "That number is too large for me to say."),
        ("999999999999 times 999999999999", "That number is too large for me to say."),
        ("the square root of minus four", "A negative number has no square root that I know of."),
        ("two to the power of 0.5", "I can only raise to whole powers."),
    ],
)
def test_a_sum_without_a_result_says_why(heard: str, said: str) -> None:
    assert said == compute(heard)
