from service.policies.rate import RateLimits, TokenBucket


def test_a_bucket_gives_its_capacity_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(rate_per_s=2.0, capacity=4.0)

    assert [True] * 4 + [False] == [bucket.take(1.0, 10.0) for _ in range(5)]
    assert [True, False] == [bucket.take(1.0, 10.5) for _ in range(2)]


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    bucket = TokenBucket(rate_per_s=2.0, capacity=1.0)
    bucket.take(1.0, 0.0)

    assert [True, False] == [bucket.take(1.0, 1_000.0) for _ in range(2)]


def test_audio_a_little_faster_than_real_time_is_within_the_rate() -> None:
    bucket = RateLimits().audio_bucket()

    assert all(bucket.take(0.04, i * 0.032) for i in range(10_000))


def test_messages_come_at_their_rate_after_two_seconds_worth() -> None:
    bucket = RateLimits(control_per_s=20, control_burst_s=2.0).control_bucket()

    assert [True] * 40 + [False] == [bucket.take(1.0, 0.0) for _ in range(41)]
    assert [True] * 10 + [False] == [bucket.take(1.0, 0.5) for _ in range(11)]


def test_what_is_refused_costs_nothing() -> None:
    bucket = TokenBucket(rate_per_s=1.0, capacity=2.0)

    assert [False, True] == [bucket.take(2.5, 0.0), bucket.take(2.0, 0.0)]
