"""A voice that speaks at a pace of its own in every sentence is cut off anywhere; the text must end where it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from service.policies.heard import CHARS_PER_S, Span, heard_text

RATE = 24_000
WORDS = st.text("abcdefghij.,!?üß", min_size=1, max_size=14)


@dataclass(frozen=True)
class Spoken:
    words: Sequence[str]
    samples_per_char: int

    @property
    def text(self) -> str:
        return " ".join(self.words)


SENTENCES = st.lists(
    st.builds(Spoken, st.lists(WORDS, min_size=1, max_size=12), st.integers(300, 6_000)),
    min_size=1,
    max_size=6,
)


def spans(sentences: Sequence[Spoken]) -> Iterator[Span]:
    begin = 0
    for sentence in sentences:
        end = begin + len(sentence.text) * sentence.samples_per_char
        yield Span(text=sentence.text, begin=begin, end=end)
        begin = end


def words_sounding_before(sentences: Sequence[Spoken], samples: int) -> int:
    """How many words had begun to sound."""
    count = begin = 0
    for sentence in sentences:
        chars = 0
        for word in sentence.words:
            count += begin + chars * sentence.samples_per_char < samples
            chars += len(word) + 1
        begin += len(sentence.text) * sentence.samples_per_char
    return count


@given(SENTENCES, st.floats(0, 1.2))
def test_the_text_ends_within_one_word_of_where_the_sound_stopped(
    sentences: list[Spoken], share: float
) -> None:
    planned = list(spans(sentences))
    samples = round((planned[-1].end or 0) * share)
    heard = heard_text(planned, samples, rate_hz=RATE)
    whole = [word for sentence in sentences for word in sentence.words]
    count = len(heard.split())

    assert whole[:count] == heard.split()
    assert abs(count - words_sounding_before(sentences, samples)) <= 1


@given(SENTENCES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_sound_is_never_less_text(sentences: list[Spoken], a: int, b: int) -> None:
    planned = list(spans(sentences))
    shorter, longer = sorted((a, b))

    assert heard_text(planned, longer, rate_hz=RATE).startswith(heard_text(planned, shorter, rate_hz=RATE))


def test_a_sentence_whose_sound_was_still_coming_goes_on_at_the_pace_of_the_others() -> None:
    known = Span(text="x" * 20, begin=0, end=20_000)
    coming = Span(text="aaaa bbbb cccc dddd", begin=20_000)

    assert f"{known.text} aaaa bbbb" == heard_text([known, coming], 29_000, rate_hz=RATE)


def test_the_first_sentence_goes_on_at_an_ordinary_pace() -> None:
    span = Span(text="aaaa bbbb cccc dddd", begin=0)

    assert "aaaa bbbb" == heard_text([span], round(9 * RATE / CHARS_PER_S), rate_hz=RATE)


def test_sentences_announced_together_sound_one_after_the_other() -> None:
    together = [Span(text="One two.", begin=0), Span(text="Three four.", begin=0, end=20_000)]

    assert "One two." == heard_text(together, 8_500, rate_hz=RATE)
    assert "One two. Three four." == heard_text(together, 20_000, rate_hz=RATE)


def test_nothing_planned_is_nothing_heard() -> None:
    assert "" == heard_text([], 1_000, rate_hz=RATE)
