"""The claims of Cognito's tokens.

Source: Amazon Cognito developer guide, "Understanding the access token" and "Understanding the identity (ID) token".
What surprises people: an access token has `client_id` and no `aud`, an ID token has `aud` and no `client_id`; the user's
name is `username` in the one and `cognito:username` in the other; `cognito:groups` is absent without groups; after a
refresh `auth_time`, `origin_jti` and `event_id` are those of the sign-in.
"""

import base64
import hashlib
import uuid
from typing import Any

from emulators.cognito.grants import SignIn
from emulators.cognito.keys import Keys
from emulators.cognito.pool import Client, User


def issue(
    *, keys: Keys, issuer: str, user: User, client: Client, sign_in: SignIn, now: float, first: bool
) -> dict[str, Any]:
    """The tokens of one answer, but for the refresh token; the ID token only where `openid` was granted."""
    access_token = keys.sign(access_claims(issuer, user, client, sign_in, now))
    answer: dict[str, Any] = {"access_token": access_token}
    if "openid" in sign_in.scopes:
        claims = id_claims(issuer, user, client, sign_in, now)
        claims["at_hash"] = _half_hash(access_token)
        if first and sign_in.nonce is not None:
            claims["nonce"] = sign_in.nonce
        answer["id_token"] = keys.sign(claims)
    return {**answer, "expires_in": client.access_token_s, "token_type": "Bearer"}


def access_claims(issuer: str, user: User, client: Client, sign_in: SignIn, now: float) -> dict[str, Any]:
    """The claims of an access token."""
    return {
        "sub": user.sub,
        **_groups(user),
        "iss": issuer,
        "version": 2,
        "client_id": client.client_id,
        "origin_jti": sign_in.origin_jti,
        "event_id": sign_in.event_id,
        "token_use": "access",
        "scope": " ".join(sign_in.scopes),
        "auth_time": int(sign_in.at),
        "exp": int(now) + client.access_token_s,
        "iat": int(now),
        "jti": str(uuid.uuid4()),
        "username": user.sub,
    }


def id_claims(issuer: str, user: User, client: Client, sign_in: SignIn, now: float) -> dict[str, Any]:
    """The claims of an ID token; e-mail and name where their scopes were granted."""
    claims = {
        "sub": user.sub,
        **_groups(user),
        "iss": issuer,
        "cognito:username": user.sub,
        "origin_jti": sign_in.origin_jti,
        "aud": client.client_id,
        "event_id": sign_in.event_id,
        "token_use": "id",
        "auth_time": int(sign_in.at),
        "exp": int(now) + client.id_token_s,
        "iat": int(now),
        "jti": str(uuid.uuid4()),
    }
    return {**claims, **attributes(user, sign_in.scopes)}


def attributes(user: User, scopes: Any) -> dict[str, Any]:
    """What the granted scopes tell about a user."""
    told: dict[str, Any] = {}
    if "email" in scopes:
        told |= {"email": user.email, "email_verified": True}
    if "profile" in scopes:
        told["name"] = user.name
    return told


def _groups(user: User) -> dict[str, list[str]]:
    return {"cognito:groups": list(user.groups)} if user.groups else {}


def _half_hash(token: str) -> str:
    # OpenID Connect Core, section 3.1.3.6: the left half of the digest.
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
