from service.wire.audio import duration_s, silence, span_bytes


def test_a_second_of_audio_is_two_bytes_for_each_sample() -> None:
    assert 1.0 == duration_s(32_000, 16_000)
    assert 32_000 == span_bytes(1000, 16_000)


def test_silence_is_whole_samples_of_nothing() -> None:
    assert bytes(3200) == silence(100, 16_000)
    assert 0 == len(silence(1, 8_000)) % 2
