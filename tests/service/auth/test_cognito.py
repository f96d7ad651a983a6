"""Good tokens are taken, and a table of bad ones is refused: all of them with the same sentence."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.auth.cognito import NOT_ALLOWED, REFUSED, CognitoTokens
from service.auth.key_set import KeySet
from service.auth.ports import NotAllowedError, NotAuthenticatedError, Principal, SignInUnavailableError
from tests.service.auth import tokens
from tests.service.auth.tokens import (
    CLAIMS,
    HEADER,
    KID,
    OTHER_KID,
    sign,
    sign_hmac,
    with_claims,
    with_header,
)
from tests.service.fake_sign_in import CLIENT, ISSUER, NOW


def verifier(
    *, now: float = NOW, scopes: tuple[str, ...] = ("openid",), keys: bytes | None = None
) -> tuple[CognitoTokens, list[str]]:
    reasons: list[str] = []

    async def fetch() -> bytes:
        return tokens.jwks() if keys is None else keys

    key_set = KeySet(fetch, clock=lambda: 0.0, report=reasons.append)
    return (
        CognitoTokens(
            keys=key_set,
            expected=tokens.EXPECTED,
            scopes=scopes,
            wall_clock=lambda: now,
            count=reasons.append,
        ),
        reasons,
    )


def pem() -> bytes:
    return tokens.key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def der() -> bytes:
    return tokens.key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def raw_claims(**texts: str) -> str:
    """A good signature over claims that no encoder would write: each text stands for the claim's value."""
    body = json.dumps({name: value for name, value in CLAIMS.items() if name not in texts})
    return sign(claims=body[:-1] + "".join(f',"{name}":{text}' for name, text in texts.items()) + "}")


GOOD = sign()
_HEAD, _BODY, _SIGNATURE = GOOD.split(".")
HMAC_HEADER = {"alg": "HS256", "kid": KID, "typ": "JWT"}

BAD = {
    # Shape
    "empty": "",
    "one part": _HEAD,
    "two parts": f"{_HEAD}.{_BODY}",
    "four parts": f"{GOOD}.{_SIGNATURE}",
    "five parts, as encrypted tokens have": f"{_HEAD}.{_BODY}.{_SIGNATURE}.{_BODY}.{_HEAD}",
    "100 kB": sign(claims={**CLAIMS, "padding": "x" * 75_000}),
    "not ASCII": GOOD[:-1] + "é",
    "a line break inside": f"{_HEAD}.{_BODY}\n.{_SIGNATURE}",
    "padded base64": f"{_HEAD}.{_BODY}.{_SIGNATURE}==",
    "standard base64": f"{_HEAD}.{_BODY}.+/{_SIGNATURE[2:]}",
    "header no JSON": sign(header="nonsense"),
    "header a list": sign(header=[HEADER]),
    "claims no JSON": sign(claims="nonsense"),
    "claims a number": sign(claims=7),
    "claims no UTF-8": sign(claims=b'{"sub":"\xff"}'),
    "claims nested 1,000 deep": sign(claims="[" * 1_000),
    "a claim twice": raw_claims(sub='"a","sub":"b"'),
    # Header
    "alg none, unsigned": f"{tokens.part({'alg': 'none', 'kid': KID})}.{_BODY}.",
    "alg none, with a signature": with_header(alg="none"),
    "alg NONE": with_header(alg="NONE"),
    "alg missing": with_header(alg=...),
    "alg a list": with_header(alg=["RS256"]),
    "alg RS512": with_header(alg="RS512"),
    "alg rs256": with_header(alg="rs256"),
    "alg HS256 with the PEM key": sign_hmac(pem(), HMAC_HEADER),
    "alg HS256 with the DER key": sign_hmac(der(), HMAC_HEADER),
    "alg HS256 with the JWK": sign_hmac(tokens.jwks(), HMAC_HEADER),
    "kid missing": with_header(kid=...),
    "kid unknown": with_header(kid="unknown"),
    "kid a number": with_header(kid=7),
    "kid empty": with_header(kid=""),
    "kid of 10,000 characters": with_header(kid="k" * 2_000),
    "kid twice": sign(header=f'{{"alg":"RS256","kid":"x","kid":"{KID}"}}'),
    "crit": with_header(crit=["exp"]),
    "b64": with_header(b64=False),
    "jku": with_header(jku="https://evil.example/keys"),
    "jwk": with_header(jwk=tokens.jwk(OTHER_KID)),
    "x5u": with_header(x5u="https://evil.example/cert"),
    "zip": with_header(zip="DEF"),
    "typ JWE": with_header(typ="JWE"),
    # Signature
    "signed by another key": sign(signer=OTHER_KID),
    "signature empty": f"{_HEAD}.{_BODY}.AA",
    "signature of another token": f"{_HEAD}.{tokens.part({**CLAIMS, 'sub': 'mallory'})}.{_SIGNATURE}",
    # Claims
    "iss of another pool": with_claims(iss=ISSUER + "2"),
    "iss missing": with_claims(iss=...),
    "iss a list": with_claims(iss=[ISSUER]),
    "client_id of another client": with_claims(client_id="other"),
    "client_id missing": with_claims(client_id=...),
    "token_use id": with_claims(token_use="id", aud=CLIENT),
    "token_use missing": with_claims(token_use=...),
    "aud of another resource": with_claims(aud="https://other.example"),
    "sub missing": with_claims(sub=...),
    "sub empty": with_claims(sub=""),
    "sub a number": with_claims(sub=7),
    "exp missing": with_claims(exp=...),
    "exp long ago": with_claims(exp=int(NOW) - 61, iat=int(NOW) - 3_600),
    "exp null": with_claims(exp=None),
    "exp true": with_claims(exp=True),
    "exp a text": with_claims(exp=str(int(NOW) + 60)),
    "exp a list": with_claims(exp=[int(NOW) + 60]),
    "exp a fraction": with_claims(exp=NOW + 60.5),
    "exp NaN": raw_claims(exp="NaN"),
    "exp Infinity": raw_claims(exp="Infinity"),
    "exp 1e400": raw_claims(exp="1e400"),
    "exp 2^70": with_claims(exp=2**70),
    "exp of 5,000 digits": raw_claims(exp="1" * 2_000),
    "exp negative": with_claims(exp=-1),
    "exp in two days": with_claims(exp=int(NOW) + 172_800),
    "exp before iat": with_claims(exp=int(NOW) - 10, iat=int(NOW)),
    "iat missing": with_claims(iat=...),
    "iat in the future": with_claims(iat=int(NOW) + 61),
    "nbf in the future": with_claims(nbf=int(NOW) + 61),
    "nbf a text": with_claims(nbf="now"),
    "auth_time in the future": with_claims(auth_time=int(NOW) + 61),
    "scope missing": with_claims(scope=...),
    "scope a list": with_claims(scope=["openid"]),
    "groups a text": with_claims(**{"cognito:groups": "admins"}),
    "groups of numbers": with_claims(**{"cognito:groups": [1]}),
    "username a list": with_claims(username=["a"]),
}


async def test_a_good_token_is_a_grant() -> None:
    tokens_of_the_pool, _ = verifier()
    grant = await tokens_of_the_pool.verify(GOOD)

    expected = Principal(issuer=ISSUER, subject=str(CLAIMS["sub"]), client_id=CLIENT)
    assert expected == grant.principal
    assert (("admins",), float(CLAIMS["exp"])) == (grant.principal.groups, grant.expires_at)
    assert f"{ISSUER}#{CLAIMS['sub']}" == grant.principal.user_id
    assert GOOD not in repr(grant)


@pytest.mark.parametrize(
    "token",
    [
        with_claims(**{"cognito:groups": ...}),
        with_claims(version=..., event_id=..., username=...),
        with_claims(nbf=int(NOW)),
        with_claims(something_new={"a": [1]}),
        with_header(typ="JWT"),
    ],
    ids=["no groups", "less than Cognito says", "nbf", "a claim we do not know", "typ"],
)
async def test_what_may_differ_may_differ(token: str) -> None:
    assert (await verifier()[0].verify(token)).principal.subject == CLAIMS["sub"]


def test_the_table_is_long_enough() -> None:
    assert len(BAD) >= 40
    assert len(set(BAD.values())) == len(BAD)


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_a_bad_token_is_refused_with_the_one_sentence(token: str) -> None:
    tokens_of_the_pool, reasons = verifier()
    with pytest.raises(NotAuthenticatedError) as refusal:
        await tokens_of_the_pool.verify(token)

    assert REFUSED == str(refusal.value)
    assert [] == [reason for reason in reasons if reason == "defect"]
    assert 1 == len(reasons)


async def test_a_token_without_the_scope_is_not_allowed() -> None:
    tokens_of_the_pool, _ = verifier(scopes=("openid", "voice/talk"))
    with pytest.raises(NotAllowedError, match=NOT_ALLOWED):
        await tokens_of_the_pool.verify(GOOD)


@pytest.mark.parametrize("minutes", range(-10, 11))
async def test_clocks_may_differ_by_a_minute(minutes: int) -> None:
    """Our clock is so much ahead of the issuer's, for a token that lasts from its NOW for five minutes."""
    fresh = with_claims(iat=int(NOW), auth_time=int(NOW), exp=int(NOW) + 300)
    tokens_of_the_pool, _ = verifier(now=NOW + minutes * 60)
    try:
        await tokens_of_the_pool.verify(fresh)
        accepted = True
    except NotAuthenticatedError:
        accepted = False

    assert (-1 <= minutes <= 5) is accepted


async def test_without_any_key_nobody_can_be_told_apart() -> None:
    tokens_of_the_pool, _ = verifier(keys=b"<html>")
    with pytest.raises(SignInUnavailableError) as refusal:
        await tokens_of_the_pool.verify(GOOD)

    assert 5 == refusal.value.retry_after_s


async def test_whatever_fails_inside_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every collaborator is made to raise, one after the other."""
    for name in ("take_apart", "verify", "check"):
        tokens_of_the_pool, reasons = verifier()
        with monkeypatch.context() as patch:
            patch.setattr(f"service.auth.cognito.{name}", lambda *_: 1 / 0)
            with pytest.raises(NotAuthenticatedError, match=REFUSED):
                await tokens_of_the_pool.verify(GOOD)

        assert ["defect"] == reasons
