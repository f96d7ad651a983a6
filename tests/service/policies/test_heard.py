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


def test_the_pace_of_a_sentence_still_coming_is_that_of_all_the_others_together() -> None:
    """A quick sentence and a slow one, begun late: 30,000 samples for 20 characters, not for 10."""
    known = [Span(text="q" * 10, begin=4_000, end=14_000), Span(text="s" * 10, begin=14_000, end=34_000)]
    coming = Span(text="aaaa bbbb cccc dddd", begin=34_000)

    # 1,500 samples a character: of nine and a half characters the second word's middle, 7, is heard, the third's, 12, is not.
    assert f"{'q' * 10} {'s' * 10} aaaa bbbb" == heard_text([*known, coming], 48_250, rate_hz=RATE)


def test_a_sentence_without_any_sound_says_nothing_about_the_pace() -> None:
    known = [Span(text="q" * 10, begin=0, end=10_000), Span(text="x" * 10, begin=10_000, end=10_000)]
    coming = Span(text="aaaa bbbb cccc dddd", begin=10_001)

    assert f"{'q' * 10} {'x' * 10} aaaa bbbb" == heard_text([*known, coming], 19_501, rate_hz=RATE)


def test_a_sentence_that_ended_without_a_sound_is_heard_where_it_stands() -> None:
    said = [Span(text="One.", begin=0, end=1_000), Span(text="Two.", begin=1_000, end=1_000)]

    assert ["One.", "One. Two."] == [heard_text(said, samples, rate_hz=RATE) for samples in (999, 1_000)]


def test_nothing_to_say_is_nothing_heard() -> None:
    assert "" == heard_text([Span(text="", begin=0)], 1_000, rate_hz=RATE)


def test_the_first_sample_counts() -> None:
    assert "I" == heard_text([Span(text="I", begin=0, end=2)], 1, rate_hz=RATE)
    assert "I" == heard_text([Span(text="I", begin=0)], 1, rate_hz=15)


def test_a_word_is_heard_from_its_middle_on() -> None:
    span = Span(text="aaaa bbbb", begin=0, end=9_000)

    assert ["", "aaaa", "aaaa", "aaaa bbbb"] == [
        heard_text([span], samples, rate_hz=RATE) for samples in (1_999, 2_000, 6_999, 7_000)
    ]


def test_of_a_reply_that_has_not_begun_to_sound_nothing_was_heard() -> None:
    assert "" == heard_text([Span(text="I", begin=0)], 0, rate_hz=RATE)
    assert "" == heard_text([Span(text="I", begin=0, end=1_000)], 0, rate_hz=RATE)


def test_what_begins_later_was_not_heard() -> None:
    spans_ = [Span(text="One.", begin=0, end=1_000), Span(text="Two.", begin=5_000)]

    assert "One." == heard_text(spans_, 3_000, rate_hz=RATE)
