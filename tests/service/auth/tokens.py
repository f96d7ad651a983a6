"""Tokens of a pool of our own making: good ones, and good ones with something wrong in them."""

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from service.auth.claims import Expected
from service.auth.cognito import CognitoTokens
from service.auth.key_set import KeySet
from tests.service.fake_sign_in import CLIENT, ISSUER, NOW

KID: Final = "9Vd0GJ0ZpVxkJ1Zb+3N4kY3X0cYq7h0k1yqP8pQm2aY="
OTHER_KID: Final = "other="
EXPECTED: Final = Expected(issuer=ISSUER, client_ids=(CLIENT,))

HEADER: Final[Mapping[str, Any]] = {"kid": KID, "alg": "RS256"}
CLAIMS: Final[Mapping[str, Any]] = {
    "sub": "3d0f4f7e-0f0e-4a3e-9d6a-0d8e6f1f2a3b",
    "cognito:groups": ["admins"],
    "iss": ISSUER,
    "version": 2,
    "client_id": CLIENT,
    "origin_jti": "5e1d1f2a-8f0b-4c33-9b0a-111111111111",
    "event_id": "5e1d1f2a-8f0b-4c33-9b0a-222222222222",
    "token_use": "access",
    "scope": "openid email",
    "auth_time": int(NOW) - 100,
    "exp": int(NOW) + 3_500,
    "iat": int(NOW) - 100,
    "jti": "5e1d1f2a-8f0b-4c33-9b0a-333333333333",
    "username": "3d0f4f7e-0f0e-4a3e-9d6a-0d8e6f1f2a3b",
}


@functools.cache
def key(name: str = KID) -> rsa.RSAPrivateKey:
    """The private key of this name; made once."""
    assert name
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(name: str = KID, **changes: Any) -> dict[str, Any]:
    """The public half, as Cognito publishes it."""
    numbers = key(name).public_key().public_numbers()
    described = {"alg": "RS256", "e": number(numbers.e), "kid": name, "kty": "RSA", "n": number(numbers.n)}
    return {**described, "use": "sig", **changes}


def jwks(*described: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": described or [jwk()]}).encode()


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: Any) -> str:
    """A header or claims; a text or bytes are taken as they are."""
    if isinstance(value, bytes):
        return encode(value)
    return encode((value if isinstance(value, str) else json.dumps(value)).encode())


def sign(header: Any = HEADER, claims: Any = CLAIMS, *, signer: str = KID) -> str:
    """A token with a good signature over whatever it says."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{encode(key(signer).sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def sign_hmac(secret: bytes, header: Mapping[str, Any], claims: Mapping[str, Any] = CLAIMS) -> str:
    """The confusion attack: a public key, which everybody knows, used as a shared secret."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def real_verifier() -> CognitoTokens:
    """What judges tokens in production, with the keys of this module and a clock that stands at NOW."""

    async def fetch() -> bytes:
        return jwks(jwk(KID), jwk(OTHER_KID))

    return CognitoTokens(
        keys=KeySet(fetch, clock=lambda: 0.0, report=lambda _: None),
        expected=EXPECTED,
        scopes=("openid",),
        wall_clock=lambda: NOW,
        count=lambda _: None,
    )


def with_claims(**changes: Any) -> str:
    """A good token but for these claims; `...` leaves one out."""
    claims = {**CLAIMS, **changes}
    return sign(claims={name: value for name, value in claims.items() if value is not ...})


def with_header(**changes: Any) -> str:
    header = {**HEADER, **changes}
    return sign({name: value for name, value in header.items() if value is not ...})
