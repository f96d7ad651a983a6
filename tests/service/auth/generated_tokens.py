"""Tokens at random: good ones with none, one or several things done to them. A seed gives the same ones again."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.service.auth import tokens
from tests.service.auth.tokens import CLAIMS, HEADER, KID, OTHER_KID
from tests.service.fake_sign_in import CLIENT, ISSUER, NOW

_ODD: Final[list[Any]] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    ["x"],
    {},
    {"a": 1},
    2**70,
    float("nan"),
]
_INSTANTS: Final[list[Any]] = [
    int(NOW) + delta for delta in (-90_000, -3_600, -61, -60, -59, 0, 59, 61, 600, 90_000)
]
_ALGORITHMS: Final = ["none", "HS256", "RS512", "PS256", "ES256", "rs256", "RS256 "]
_HEADERS: Final[list[tuple[str, Any]]] = [
    ("crit", ["exp"]),
    ("crit", []),
    ("b64", False),
    ("jku", "https://evil.example"),
    ("jwk", {"kty": "oct"}),
    ("x5c", ["AA"]),
    ("typ", "JOSE"),
    ("typ", "JWT"),
    ("cty", "JWT"),
    ("kid", OTHER_KID),
    ("kid", "unknown"),
    ("kid", 1),
    ("kid", None),
    ("zip", "DEF"),
]
_SECRETS: Final = [
    tokens.key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    tokens.key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    json.dumps(tokens.jwk()).encode(),
    b"",
]


def generate(seed: int, count: int) -> Iterator[str]:
    """So many tokens; about one in five is good."""
    chance = random.Random(seed)
    good = tokens.sign()
    for _ in range(count):
        token = _built(chance) if chance.random() < 0.7 else good
        if chance.random() < 0.25:
            token = chance.choice(_DAMAGE)(token, chance)
        yield token


def _built(chance: random.Random) -> str:
    header, claims = dict(HEADER), dict(CLAIMS)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        chance.choice(_CHANGES)(header, claims, chance)
    signer = KID if chance.random() < 0.93 else OTHER_KID
    if header.get("alg") == "HS256":
        return tokens.sign_hmac(chance.choice(_SECRETS), header, claims)
    return tokens.sign(header, claims, signer=signer)


def _drop(_: dict[str, Any], claims: dict[str, Any], chance: random.Random) -> None:
    claims.pop(chance.choice(list(CLAIMS)), None)


def _odd_claim(_: dict[str, Any], claims: dict[str, Any], chance: random.Random) -> None:
    claims[chance.choice([*CLAIMS, "nbf", "aud"])] = chance.choice(_ODD)


def _instant(_: dict[str, Any], claims: dict[str, Any], chance: random.Random) -> None:
    claims[chance.choice(["exp", "iat", "nbf", "auth_time"])] = chance.choice(_INSTANTS)


def _other(_: dict[str, Any], claims: dict[str, Any], chance: random.Random) -> None:
    name, value = chance.choice(
        [
            ("iss", ISSUER + "x"),
            ("client_id", "other"),
            ("token_use", "id"),
            ("aud", CLIENT),
            ("scope", "email"),
            ("new", [1]),
        ]
    )
    claims[name] = value


def _algorithm(header: dict[str, Any], _: dict[str, Any], chance: random.Random) -> None:
    header["alg"] = chance.choice(_ALGORITHMS)


def _header(header: dict[str, Any], _: dict[str, Any], chance: random.Random) -> None:
    name, value = chance.choice(_HEADERS)
    header[name] = value


def _no_header(header: dict[str, Any], _: dict[str, Any], chance: random.Random) -> None:
    header.pop(chance.choice(["alg", "kid"]), None)


def _flip(token: str, chance: random.Random) -> str:
    at = chance.randrange(len(token))
    return token[:at] + chance.choice("ABCabc012-_.=+/ \n") + token[at + 1 :]


def _cut(token: str, chance: random.Random) -> str:
    return token[: chance.randrange(len(token))]


def _append(token: str, chance: random.Random) -> str:
    return token + chance.choice(["=", "==", ".", "A", " ", "\n", ".AA", "é"])


def _swap(token: str, chance: random.Random) -> str:
    parts = token.split(".")
    chance.shuffle(parts)
    return ".".join(parts)


_CHANGES: Final[list[Callable[[dict[str, Any], dict[str, Any], random.Random], None]]] = [
    _drop,
    _odd_claim,
    _odd_claim,
    _instant,
    _instant,
    _other,
    _algorithm,
    _header,
    _no_header,
]
_DAMAGE: Final[list[Callable[[str, random.Random], str]]] = [_flip, _flip, _cut, _append, _swap]
