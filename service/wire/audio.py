"""Mono s16le PCM: bytes, samples and spans of time."""

from functools import lru_cache
from typing import Final

BYTES_PER_SAMPLE: Final = 2

SAMPLE_RATES_HZ: Final = (8_000, 16_000, 24_000)
"""What Nova Sonic takes and gives."""


def duration_s(pcm_bytes: int, rate_hz: int) -> float:
    """How long this many bytes of audio sound."""
    return pcm_bytes / (BYTES_PER_SAMPLE * rate_hz)


def span_bytes(span_ms: int, rate_hz: int) -> int:
    """How many bytes hold this span, rounded down to whole samples."""
    return span_ms * rate_hz // 1000 * BYTES_PER_SAMPLE


@lru_cache(maxsize=32)
def silence(span_ms: int, rate_hz: int) -> bytes:
    """Digital silence of this length; shared, because every session feeds the same few lengths."""
    return bytes(span_bytes(span_ms, rate_hz))
