"""The one place that imports python-jose: does this key's owner stand behind this token?

What python-jose 3.5.0 gets wrong never reaches it: it is given one RSA key that was built from a JWK, one algorithm, and a
token whose header and shape were judged before (service/auth/compact.py). Its own reading of claims is not used. Why it is
here at all is in docs/decisions/0010-sign-in.md.
"""

import base64
from collections.abc import Mapping
from typing import Final

from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from service.auth.compact import ALGORITHM, BadTokenError

type PublicKey = Key
"""A key that `public_key` took."""

_BITS: Final = (2_048, 8_192)
_EXPONENT: Final = "AQAB"


def public_key(described: Mapping[str, object]) -> PublicKey | None:
    """The key behind a JWK; None unless it is a public RSA key for RS256 signatures of a sensible size."""
    n = described.get("n")
    if (
        described.get("kty") != "RSA"
        or described.get("alg", ALGORITHM) != ALGORITHM
        or described.get("use", "sig") != "sig"
        or described.get("e") != _EXPONENT
        or not isinstance(n, str)
        or "d" in described
    ):
        return None
    try:
        modulus = int.from_bytes(base64.urlsafe_b64decode(n + "=" * (-len(n) % 4)))
        if not _BITS[0] <= modulus.bit_length() <= _BITS[1]:
            return None
        return jwk.construct({"kty": "RSA", "n": n, "e": _EXPONENT}, algorithm=ALGORITHM)
    except (JOSEError, ValueError, TypeError):
        return None


def verify(token: str, key: PublicKey) -> None:
    """Prove the signature of a token; raises BadTokenError whatever goes wrong."""
    try:
        jws.verify(token, key, algorithms=[ALGORITHM])
    except Exception:  # noqa: BLE001 - a verifier that fails in any way has not verified
        raise BadTokenError("signature") from None
