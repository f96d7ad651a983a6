"""Names for sessions and conversations: ULIDs, which sort by time and tell nothing else; and tokens, which tell nothing."""

import secrets
import time
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = 26


def new_id() -> str:
    """26 characters: 48 bits of milliseconds, 80 bits of chance, in Crockford's base 32."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_CHARACTERS - 1), -1, -5))


def new_token() -> str:
    """256 bits of chance, for an address or a message."""
    return secrets.token_urlsafe(32)
