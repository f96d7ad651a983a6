"""Two other libraries judge ten thousand generated tokens: ours takes none that either of them refuses.

Each judge is set up as strictly as its API allows for the same rules (algorithm, key, issuer, times with a minute of
leeway); what no library knows (token_use, client_id, scope) is checked by hand for both alike.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet as JoserfcKeySet

from service.auth.ports import NotAllowedError, NotAuthenticatedError
from tests.service.auth import tokens
from tests.service.auth.generated_tokens import generate
from tests.service.auth.tokens import KID, OTHER_KID
from tests.service.fake_sign_in import CLIENT, ISSUER, NOW

TOKENS: Final = int(os.environ.get("TOKENS", "10000"))
LEEWAY_S: Final = 60
JWKS: Final = [tokens.jwk(KID), tokens.jwk(OTHER_KID)]


async def ours(token: str) -> bool:
    try:
        await _OURS.verify(token)
    except (NotAuthenticatedError, NotAllowedError):
        return False
    return True


_OURS: Final = tokens.real_verifier()


def _is_for_us(claims: Mapping[str, Any]) -> bool:
    scope = claims.get("scope")
    return (
        claims.get("token_use") == "access"
        and claims.get("client_id") == CLIENT
        and isinstance(scope, str)
        and "openid" in scope.split()
    )


def joserfc(token: str) -> bool:
    registry = joserfc_jwt.JWTClaimsRegistry(
        now=int(NOW),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": ISSUER},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        decoded = joserfc_jwt.decode(token, _JOSERFC_KEYS, algorithms=["RS256"])
        registry.validate(decoded.claims)
    except Exception:  # noqa: BLE001 - a judge that raises anything refuses
        return False
    return _is_for_us(decoded.claims)


_JOSERFC_KEYS: Final = JoserfcKeySet.import_key_set({"keys": JWKS})
_PYJWT_KEYS: Final = {key["kid"]: jwt.PyJWK(key) for key in JWKS}


def pyjwt(token: str) -> bool:
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        claims = jwt.decode(
            token,
            _PYJWT_KEYS[kid],
            algorithms=["RS256"],
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "sub"]},
        )
    except Exception:  # noqa: BLE001 - as above
        return False
    return _is_for_us(claims)


@pytest.fixture
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyJWT reads the clock itself."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Then":
            return cls.fromtimestamp(NOW, tz or UTC)

    monkeypatch.setattr("jwt.api_jwt.datetime", Then)


@pytest.mark.usefixtures("at_now")
async def test_ours_is_never_laxer_than_the_strictest() -> None:
    verdicts: Counter[tuple[bool, bool, bool]] = Counter()
    laxer = []
    for token in generate(seed=20_261_123, count=TOKENS):
        verdict = (await ours(token), joserfc(token), pyjwt(token))
        verdicts[verdict] += 1
        if verdict[0] and not (verdict[1] and verdict[2]):
            laxer.append((verdict, token))

    assert [] == laxer[:3]
    assert TOKENS == sum(verdicts.values())
    # The test would prove nothing if hardly any token were good, or hardly any judge disagreed.
    assert verdicts[True, True, True] > TOKENS / 20
    assert sum(count for verdict, count in verdicts.items() if not verdict[0] and any(verdict)) > TOKENS / 100


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize("judge", [joserfc, pyjwt])
async def test_the_judges_take_a_good_token_and_refuse_a_forged_one(judge: Callable[[str], bool]) -> None:
    assert judge(tokens.sign())
    assert not judge(tokens.sign(signer=OTHER_KID))
    assert not judge(tokens.with_claims(exp=int(NOW) - 61))
