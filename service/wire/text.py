"""Text as the model takes it: clean, and in pieces."""

from collections.abc import Iterator
from typing import Final

MAX_TEXT_INPUT_BYTES: Final = 1_000
"""The most UTF-8 one `textInput` may hold."""

_UNWANTED: Final = {
    **dict.fromkeys(set(range(32)) - {0x09, 0x0A}),
    0x7F: None,
    **dict.fromkeys(range(0x80, 0xA0)),
    **dict.fromkeys(range(0xD800, 0xE000)),
}


def sanitise(text: str) -> str:
    """Take out what the model's JSON reader chokes on: lone surrogates and control characters."""
    return text.translate(_UNWANTED)


def split_text(text: str, limit_bytes: int = MAX_TEXT_INPUT_BYTES) -> Iterator[str]:
    """Cut text into pieces of at most `limit_bytes` of UTF-8, never within a character."""
    encoded = text.encode()
    start = 0
    while start < len(encoded):
        end = min(start + limit_bytes, len(encoded))
        # A byte 10xxxxxx continues a character; the cut moves back to where that character begins.
        while end < len(encoded) and encoded[end] & 0xC0 == 0x80:
            end -= 1
        yield encoded[start:end].decode()
        start = end
