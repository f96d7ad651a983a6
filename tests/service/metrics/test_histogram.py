from hypothesis import given
from hypothesis import strategies as st

from service.metrics.histogram import Histogram, bucket_of, middle_of


@given(st.integers(0, 2**39))
def test_a_span_is_found_again_within_its_bucket(us: int) -> None:
    assert abs(middle_of(bucket_of(us)) - us) <= max(1, us / 32)


@given(st.integers(0, 2**39), st.integers(0, 2**39))
def test_longer_spans_have_later_buckets(one: int, other: int) -> None:
    short, long = sorted((one, other))
    assert bucket_of(short) <= bucket_of(long)


def test_absurd_spans_are_counted_at_the_ends() -> None:
    assert bucket_of(2**40) == bucket_of(2**80)
    assert 0 == bucket_of(-5)


def test_quantiles_are_right_within_the_width_of_a_bucket() -> None:
    spans = Histogram()
    for ms in range(1, 1_001):
        spans.add_ms(ms)
    assert [True] * 3 == [
        abs((spans.quantile_ms(share) or 0) / expected - 1) < 0.02
        for share, expected in ((0.5, 500), (0.95, 950), (0.99, 990))
    ]


def test_no_spans_have_no_quantile() -> None:
    assert Histogram().quantile_ms(0.5) is None


@given(st.lists(st.floats(0, 60_000), max_size=400))
def test_values_are_as_many_as_there_are_and_never_more_than_allowed(spans: list[float]) -> None:
    histogram = Histogram()
    for span in spans:
        histogram.add_ms(span)
    values = histogram.values_ms(100)
    assert min(100, len(spans)) == len(values)
    assert sorted(values) == list(values)


def test_thinned_values_keep_the_percentiles() -> None:
    histogram = Histogram()
    for ms in range(1, 10_001):
        histogram.add_ms(ms)
    values = histogram.values_ms(100)
    assert abs(values[94] / 9_500 - 1) < 0.03
    assert abs(values[-1] / 10_000 - 1) < 0.02


def test_a_million_different_spans_take_a_bounded_number_of_buckets() -> None:
    histogram = Histogram()
    for us in range(0, 10_000_000, 97):
        histogram.add_ms(us / 1_000)
    assert len(histogram.counts) < 700
