import pytest

from emulators.nova_sonic.brains.dialogue.words import one_stem, plain, question


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's THIS?", "what is this"),
        ("I can\u2019t hear you!", "i can not hear you"),
        ("Nova-Sonic 2.", "nova sonic 2"),
        ("", ""),
    ],
)
def test_plain_text_has_words_only(text: str, expected: str) -> None:
    assert expected == plain(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Um, hello, could you please tell me what this is?", "what this is"),
        ("I would like to know who you are, please.", "who you are"),
        ("Hello!", "hello"),
        ("Thank you.", "thank you"),
    ],
)
def test_courtesy_is_dropped_unless_it_is_all_that_was_said(text: str, expected: str) -> None:
    assert expected == question(text)


@pytest.mark.parametrize(
    "forms",
    [
        ("record", "records", "recorded", "recording"),
        ("language", "languages"),
        ("stop", "stopped", "stopping"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert 1 == len({one_stem(form) for form in forms})
