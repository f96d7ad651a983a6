"""Codes and refresh tokens in, tokens out: Cognito's claims and Cognito's refusals."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.emulators.cognito.browser import (
    ADMIN_EMAIL,
    ADMIN_PASSWORD,
    BASE,
    CALLBACK,
    CLIENT,
    EMAIL,
    Scene,
    claims_of,
    header_of,
)

ISSUER = f"{BASE}/us-east-1_LocalDemo"


def refusal(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]  # type: ignore[attr-defined]  # the test client's response


def test_the_answer_has_cognitos_fields(scene: Scene) -> None:
    answer = scene.exchange(scene.code())

    assert {"access_token", "id_token", "refresh_token", "expires_in", "token_type"} == answer.json().keys()
    assert ("Bearer", 3_600) == (answer.json()["token_type"], answer.json()["expires_in"])
    assert ("*", "no-store") == (
        answer.headers["access-control-allow-origin"],
        answer.headers["cache-control"],
    )


def test_an_access_token_says_what_cognitos_says(scene: Scene) -> None:
    tokens = scene.sign_in()
    claims = claims_of(tokens["access_token"])
    sub = scene.stand_in.pool.users[EMAIL].sub

    assert {
        *("sub", "iss", "version", "client_id", "origin_jti", "event_id", "token_use", "scope", "auth_time"),
        *("exp", "iat", "jti", "username"),
    } == claims.keys()
    assert (ISSUER, CLIENT, "access", "openid email profile", 2) == tuple(
        claims[name] for name in ("iss", "client_id", "token_use", "scope", "version")
    )
    assert (sub, sub) == (claims["sub"], claims["username"])
    assert (1_800_000_000, 1_800_000_000, 1_800_003_600) == (
        claims["auth_time"],
        claims["iat"],
        claims["exp"],
    )
    assert {"kid", "alg"} == header_of(tokens["access_token"]).keys()


def test_an_id_token_says_who_it_is_and_for_whom(scene: Scene) -> None:
    claims = claims_of(scene.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)["id_token"])

    assert (CLIENT, "id", ADMIN_EMAIL, True, "Admin", "n-1", ["admins"]) == tuple(
        claims[name]
        for name in ("aud", "token_use", "email", "email_verified", "name", "nonce", "cognito:groups")
    )
    assert claims["sub"] == claims["cognito:username"]
    assert not {"client_id", "scope", "username", "version"} & claims.keys()


def test_groups_are_in_both_tokens_and_nowhere_for_a_user_without(scene: Scene) -> None:
    admin, demo = scene.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD), scene.sign_in()

    for kind in ("access_token", "id_token"):
        assert ["admins"] == claims_of(admin[kind])["cognito:groups"]
        assert "cognito:groups" not in claims_of(demo[kind])


def test_without_openid_there_is_no_id_token_and_no_user_info(scene: Scene) -> None:
    tokens = scene.sign_in(scope="email")

    assert "id_token" not in tokens
    assert 403 == scene.user_info(tokens["access_token"]).status_code


def test_the_two_tokens_are_signed_by_two_published_keys(scene: Scene) -> None:
    tokens = scene.sign_in()
    published = scene.http.get("/us-east-1_LocalDemo/.well-known/jwks.json").json()
    keys = KeySet.import_key_set(published)
    kids = {header_of(tokens[kind])["kid"] for kind in ("access_token", "id_token")}

    assert {"alg", "e", "kid", "kty", "n", "use"} == published["keys"][0].keys()
    assert kids == {key["kid"] for key in published["keys"]}
    for kind in ("access_token", "id_token"):
        assert claims_of(tokens[kind]) == jwt.decode(tokens[kind], keys, algorithms=["RS256"]).claims


def test_rotation_keeps_old_tokens_verifiable_until_the_old_keys_go(scene: Scene) -> None:
    old = scene.sign_in()["access_token"]
    scene.control("keys/rotate", {"keepOld": True})
    new = scene.sign_in()["access_token"]
    both = [scene.user_info(token).status_code for token in (old, new)]
    scene.control("keys/rotate", {"keepOld": False})

    assert [200, 200] == both
    assert header_of(old)["kid"] != header_of(new)["kid"]
    assert [401, 401] == [scene.user_info(token).status_code for token in (old, new)]
    assert 2 == len(scene.stand_in.keys.jwks["keys"])


def test_a_refresh_keeps_the_sign_in_and_makes_everything_else_anew(scene: Scene) -> None:
    first = scene.sign_in()
    scene.now += 1_000
    second = scene.refresh(first["refresh_token"]).json()

    for kind in ("access_token", "id_token"):
        before, after = claims_of(first[kind]), claims_of(second[kind])
        kept = {name for name in before if before[name] == after.get(name)}
        assert {"auth_time", "origin_jti", "event_id", "sub", "iss", "token_use"} <= kept
        assert not {"exp", "iat", "jti"} & kept
    assert "nonce" not in claims_of(second["id_token"])
    assert first["refresh_token"] != second["refresh_token"]


def test_a_rotated_refresh_token_works_for_the_grace_and_no_longer(scene: Scene) -> None:
    first = scene.sign_in()["refresh_token"]
    second = scene.refresh(first).json()["refresh_token"]
    scene.now += 59
    within = scene.refresh(first)
    scene.now += 2
    after = scene.refresh(first)

    assert 200 == within.status_code
    assert (400, "invalid_grant") == refusal(after)
    assert 200 == scene.refresh(second).status_code


def test_rotation_does_not_make_a_sign_in_last_for_ever(scene: Scene) -> None:
    token = scene.sign_in()["refresh_token"]
    for _ in range(29):
        scene.now += 86_400
        token = scene.refresh(token).json()["refresh_token"]
    scene.now += 86_401

    assert (400, "invalid_grant") == refusal(scene.refresh(token))


def test_a_code_works_once(scene: Scene) -> None:
    code = scene.code()

    assert 200 == scene.exchange(code).status_code
    assert (400, "invalid_grant") == refusal(scene.exchange(code))


def test_a_code_lasts_five_minutes(scene: Scene) -> None:
    code = scene.code()
    scene.now += 301

    assert (400, "invalid_grant") == refusal(scene.exchange(code))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 64}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "é" * 64}, "invalid_grant"),
        ({"redirect_uri": CALLBACK.replace("127.0.0.1", "localhost")}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
    ids=str,
)
def test_an_exchange_with_anything_wrong_is_refused_and_uses_the_code_up_if_it_was_looked_at(
    scene: Scene, changes: dict[str, str], error: str
) -> None:
    code = scene.code()
    fields = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": scene.verifier}
    answer = scene.token(**{**fields, "code": code, **changes})

    assert (400, error) == refusal(answer)
    assert (error == "invalid_grant") is (scene.exchange(code).status_code == 400)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"grant_type":"refresh_token"}', "application/json"),
        (b"client_id=voice-page&client_id=voice-page", "application/x-www-form-urlencoded"),
        (b"client_id=" + b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_refused(scene: Scene, body: bytes, content_type: str) -> None:
    answer = scene.http.post("/oauth2/token", content=body, headers={"content-type": content_type})

    assert 400 == answer.status_code
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}


def test_revoking_a_refresh_token_ends_everything_of_its_sign_in_and_nothing_else(scene: Scene) -> None:
    first, other = scene.sign_in(), scene.sign_in()
    second = scene.refresh(first["refresh_token"]).json()
    answer = scene.http.post("/oauth2/revoke", data={"client_id": CLIENT, "token": first["refresh_token"]})

    assert (200, b"") == (answer.status_code, answer.content)
    assert (400, "invalid_grant") == refusal(scene.refresh(second["refresh_token"]))
    assert [401, 401, 200] == [
        scene.user_info(tokens["access_token"]).status_code for tokens in (first, second, other)
    ]


def test_only_refresh_tokens_can_be_revoked_and_unknown_ones_are_already(scene: Scene) -> None:
    def revoke(**fields: str) -> tuple[int, str]:
        answer = scene.http.post("/oauth2/revoke", data=fields)
        return answer.status_code, answer.json()["error"] if answer.content else ""

    access_token = scene.sign_in()["access_token"]

    assert (400, "unsupported_token_type") == revoke(client_id=CLIENT, token=access_token)
    assert (200, "") == revoke(client_id=CLIENT, token="unknown")
    assert (400, "invalid_request") == revoke(client_id=CLIENT)
    assert (400, "invalid_client") == revoke(token="x")


def test_user_info_tells_strings_where_the_id_token_tells_booleans(scene: Scene) -> None:
    answer = scene.user_info(scene.sign_in()["access_token"])
    sub = scene.stand_in.pool.users[EMAIL].sub

    assert {
        "sub": sub,
        "username": sub,
        "email": EMAIL,
        "email_verified": "true",
        "name": "Demo",
    } == answer.json()


def test_user_info_refuses_every_other_token(scene: Scene) -> None:
    tokens = scene.sign_in()
    good = scene.user_info(tokens["access_token"]).status_code
    as_id = scene.user_info(tokens["id_token"])
    scene.now += 3_600

    assert 200 == good
    assert (401, "invalid_token") == refusal(as_id)
    assert 'Bearer error="invalid_token"' in as_id.headers["www-authenticate"]
    assert 401 == scene.user_info(tokens["access_token"]).status_code
    assert 401 == scene.user_info("a.b.c").status_code
    assert 400 == scene.http.get("/oauth2/userInfo").status_code


def test_discovery_is_cognitos_document(scene: Scene) -> None:
    document = scene.http.get("/us-east-1_LocalDemo/.well-known/openid-configuration").json()

    assert ISSUER == document["issuer"]
    for name in (
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "jwks_uri",
    ):
        path = document[name].removeprefix(BASE)
        assert scene.http.get(path).status_code in {200, 400, 405}, name


def test_a_page_of_another_origin_may_call_the_token_endpoint(scene: Scene) -> None:
    answer = scene.http.options("/oauth2/token", headers={"origin": "http://127.0.0.1:8000"})

    assert (204, "*") == (answer.status_code, answer.headers["access-control-allow-origin"])
