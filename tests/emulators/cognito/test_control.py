"""What an administrator can do, and that nobody else can."""

import pytest

from tests.emulators.cognito.browser import ADMIN_EMAIL, ADMIN_PASSWORD, CLIENT, EMAIL, Scene, claims_of


@pytest.mark.parametrize("verb", ["disable", "sign-out"])
def test_a_user_who_is_disabled_or_signed_out_loses_every_token(scene: Scene, verb: str) -> None:
    tokens, others = scene.sign_in(), scene.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    code = scene.code()
    answer = scene.control(f"users/{EMAIL}/{verb}", {})

    assert {"email": EMAIL, "enabled": verb == "sign-out"} == answer.json()
    assert 401 == scene.user_info(tokens["access_token"]).status_code
    assert 400 == scene.refresh(tokens["refresh_token"]).status_code
    assert 400 == scene.exchange(code).status_code
    assert 200 == scene.user_info(others["access_token"]).status_code


def test_a_user_who_was_signed_out_can_sign_in_again(scene: Scene) -> None:
    scene.sign_in()
    scene.control(f"users/{EMAIL}/sign-out", {})
    scene.now += 0.001

    assert 200 == scene.user_info(scene.sign_in()["access_token"]).status_code


def test_a_user_can_be_named_by_sub(scene: Scene) -> None:
    sub = scene.stand_in.pool.users[EMAIL].sub

    assert 200 == scene.control(f"users/{sub}/disable", {}).status_code


def test_callbacks_and_lifetimes_of_a_client_can_be_changed(scene: Scene) -> None:
    callback = "http://127.0.0.1:9999/auth/callback"
    answer = scene.control(f"clients/{CLIENT}", {"callbacks": [callback], "accessTokenS": 70})
    claims = claims_of(scene.sign_in()["access_token"])

    assert callback in answer.json()["callbacks"]
    assert 302 == scene.authorize(redirect_uri=callback).status_code
    assert 70 == claims["exp"] - claims["iat"]


def test_an_outage_takes_everything_down_but_control(scene: Scene) -> None:
    scene.control("outage", {"status": 503})
    down = [scene.http.get(path) for path in ("/login", "/us-east-1_LocalDemo/.well-known/jwks.json")]
    scene.control("outage", {"status": None})

    assert [(503, "*")] * 2 == [
        (answer.status_code, answer.headers["access-control-allow-origin"]) for answer in down
    ]
    assert 200 == scene.http.get("/us-east-1_LocalDemo/.well-known/jwks.json").status_code


def test_status_tells_everything_but_passwords(scene: Scene) -> None:
    status = scene.control("status")

    assert [EMAIL, ADMIN_EMAIL] == [user["email"] for user in status.json()["users"]]
    assert ADMIN_PASSWORD not in status.text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("users/nobody/disable", {}, 404),
        ("users/demo@example.com/promote", {}, 404),
        ("clients/other", {}, 404),
        ("clients/voice-page", {"callbacks": ["http://evil.example/"]}, 400),
        ("clients/voice-page", {"callbacks": "https://x.example/"}, 400),
        ("clients/voice-page", {"accessTokenS": 0}, 400),
        ("clients/voice-page", {"colour": "blue"}, 400),
        ("outage", {"status": 200}, 404),
        ("nothing", {}, 404),
        ("keys/rotate", [], 400),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(scene: Scene, path: str, body: object, status: int) -> None:
    answer = scene.control(path, body)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "null"},
        {"host": "evil.example"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
def test_no_page_can_use_it(scene: Scene, headers: dict[str, str]) -> None:
    answer = scene.http.post(
        f"/control/users/{EMAIL}/disable",
        content=b"{}",
        headers={"content-type": "application/json", **headers},
    )

    assert answer.status_code in {403, 415}
    assert scene.stand_in.pool.users[EMAIL].is_enabled
