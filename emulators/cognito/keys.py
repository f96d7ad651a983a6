"""The pool's signing keys. Like Cognito, a pool has two: one signs ID tokens, the other access tokens."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

_BITS: Final = 2048
_EXPONENT: Final = 65_537


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One RSA key and its name."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, str]:
        """The public half with the six fields that Cognito publishes."""
        numbers = self.private.public_key().public_numbers()
        return {
            "alg": "RS256",
            "e": _encode_number(numbers.e),
            "kid": self.kid,
            "kty": "RSA",
            "n": _encode_number(numbers.n),
            "use": "sig",
        }


class Keys:
    """The current pair, and earlier pairs whose tokens are still verified by others."""

    def __init__(self) -> None:
        self._pairs = [_pair()]

    def rotate(self, *, keep_old: bool) -> None:
        """Sign with a new pair from now on; without `keep_old`, earlier tokens lose their keys."""
        self._pairs = [_pair(), *(self._pairs if keep_old else [])]

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The document at `/.well-known/jwks.json`."""
        return {"keys": [key.jwk for pair in self._pairs for key in pair]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token, signed by the current pair's key for ID tokens (which alone have an audience) or for access tokens."""
        id_key, access_key = self._pairs[0]
        key = id_key if "aud" in claims else access_key
        signed = f"{_encode_json({'kid': key.kid, 'alg': 'RS256'})}.{_encode_json(claims)}"
        signature = key.private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{_encode(signature)}"

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims of a token of ours; None for anything else."""
        try:
            header, claims, signature = token.split(".")
            kid = json.loads(_decode(header))["kid"]
            key = next(key for pair in self._pairs for key in pair if key.kid == kid)
            signed = f"{header}.{claims}".encode()
            key.private.public_key().verify(_decode(signature), signed, padding.PKCS1v15(), SHA256())
            known: dict[str, Any] = json.loads(_decode(claims))
        except (ValueError, KeyError, TypeError, StopIteration, InvalidSignature):
            return None
        return known


def _pair() -> tuple[SigningKey, SigningKey]:
    return _key(), _key()


def _key() -> SigningKey:
    # Cognito's key names are base64 of 32 bytes, with the padding.
    kid = base64.b64encode(secrets.token_bytes(32)).decode()
    return SigningKey(kid=kid, private=rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _encode_json(value: object) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
