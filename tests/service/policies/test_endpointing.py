import pytest

from service.policies.endpointing import Endpointing


@pytest.mark.parametrize("silence_threshold_ms", [0, 299, 5_001])
def test_a_threshold_that_cannot_work_is_refused_with_its_bounds(silence_threshold_ms: int) -> None:
    with pytest.raises(ValueError, match="300 to 5000 ms"):
        Endpointing(silence_threshold_ms=silence_threshold_ms)


@pytest.mark.parametrize("silence_threshold_ms", [300, 5_000])
def test_the_bounds_themselves_work(silence_threshold_ms: int) -> None:
    assert silence_threshold_ms == Endpointing(silence_threshold_ms=silence_threshold_ms).silence_threshold_ms
