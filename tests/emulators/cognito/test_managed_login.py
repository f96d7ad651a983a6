"""The browser's side: authorize, the page, the session cookie, sign-out."""

import re

import pytest

from tests.emulators.cognito.browser import (
    ADMIN_EMAIL,
    CALLBACK,
    CLIENT,
    EMAIL,
    PASSWORD,
    SIGNED_OUT,
    Scene,
    claims_of,
    told,
)


def test_a_stranger_is_sent_to_the_page_with_everything_they_asked_for(scene: Scene) -> None:
    answer = scene.authorize()

    assert 302 == answer.status_code
    assert f"/login?{scene.authorize_query()}" == answer.headers["location"]


def test_the_right_password_leads_back_with_a_code_and_the_state(scene: Scene) -> None:
    answer = scene.type_password()

    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert {"code", "state"} == told(answer).keys()
    assert "st/at=e" == told(answer)["state"]


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), (EMAIL, ""), ("nobody@example.com", PASSWORD), ("", "")]
)
def test_a_wrong_password_and_an_unknown_user_look_the_same(scene: Scene, email: str, password: str) -> None:
    answer = scene.type_password(email, password)

    assert 401 == answer.status_code
    assert '<p role="alert" id="problem">Incorrect username or password.</p>' in answer.text
    assert "set-cookie" not in {name for name in answer.headers if "cognito=" in answer.headers[name]}


def test_the_email_is_kept_and_escaped_when_the_password_was_wrong(scene: Scene) -> None:
    answer = scene.type_password('"><script>alert(1)</script>@x.example', "wrong")

    assert "<script>" not in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text


def test_the_case_of_an_email_does_not_matter(scene: Scene) -> None:
    assert scene.code("Demo@Example.COM")


def test_a_browser_that_is_signed_in_gets_its_code_without_the_page(scene: Scene) -> None:
    scene.type_password()
    first = scene.sign_in()
    scene.now += 600
    again = told(scene.authorize())
    tokens = scene.exchange(again["code"]).json()

    # The authentication is the one of the cookie, ten minutes ago.
    assert claims_of(first["id_token"])["auth_time"] == claims_of(tokens["id_token"])["auth_time"]


def test_the_browsers_session_lasts_an_hour(scene: Scene) -> None:
    scene.type_password()
    scene.now += 3_601

    assert "/login?" in scene.authorize().headers["location"]


@pytest.mark.parametrize(("prompt", "expected"), [("none", "login_required"), ("login", None)])
def test_prompt_is_honoured(scene: Scene, prompt: str, expected: str | None) -> None:
    stranger = scene.authorize(prompt=prompt)

    assert expected == told(stranger).get("error")
    scene.type_password()
    known = scene.authorize(prompt=prompt)
    assert ("code" in told(known)) is (prompt == "none")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?a=b"},
        {"redirect_uri": None},
    ],
    ids=str,
)
def test_an_unknown_client_or_address_is_never_redirected_to(
    scene: Scene, changes: dict[str, str | None]
) -> None:
    for answer in (scene.authorize(**changes), scene.http.get(f"/login?{scene.authorize_query(**changes)}")):
        assert 400 == answer.status_code
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": None}, "unauthorized_client"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "openid root"}, "invalid_scope"),
    ],
    ids=str,
)
def test_what_else_is_wrong_is_told_to_the_client(
    scene: Scene, changes: dict[str, str | None], error: str
) -> None:
    answer = told(scene.authorize(**changes))

    assert (error, "st/at=e") == (answer["error"], answer["state"])


@pytest.mark.parametrize("secret", ["-", "", "guessed"])
@pytest.mark.parametrize("has_seen_the_page", [False, True])
def test_a_form_without_the_pages_secret_signs_nobody_in(
    scene: Scene, *, secret: str, has_seen_the_page: bool
) -> None:
    if has_seen_the_page:
        scene.http.get(f"/login?{scene.authorize_query()}")
    form = {"username": EMAIL, "password": PASSWORD, "_csrf": secret}
    answer = scene.http.post(f"/login?{scene.authorize_query()}", data=form)

    assert 403 == answer.status_code


def test_the_page_is_plain_html_that_may_run_and_load_nothing(scene: Scene) -> None:
    page = scene.http.get(f"/login?{scene.authorize_query()}")
    policy = page.headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page.text
    assert "prefers-color-scheme: dark" in page.text
    assert '<html lang="en">' in page.text
    for field in ("username", "password"):
        assert f'<label for="{field}">' in page.text
        assert re.search(rf'<input id="{field}"', page.text)
    assert "no-store" == page.headers["cache-control"]


def test_sign_out_takes_cognitos_own_parameter(scene: Scene) -> None:
    scene.type_password()
    answer = scene.http.get(f"/logout?client_id={CLIENT}&logout_uri={SIGNED_OUT}")

    assert (302, SIGNED_OUT) == (answer.status_code, answer.headers["location"])
    assert "/login?" in scene.authorize().headers["location"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"client_id={CLIENT}",
        f"client_id=other&logout_uri={SIGNED_OUT}",
        f"client_id={CLIENT}&logout_uri=https://evil.example/",
        f"client_id={CLIENT}&post_logout_redirect_uri={SIGNED_OUT}",
    ],
)
def test_sign_out_to_anywhere_else_is_an_error_page(scene: Scene, query: str) -> None:
    answer = scene.http.get(f"/logout?{query}")

    assert 400 == answer.status_code
    assert "location" not in answer.headers


def test_sign_out_can_lead_to_the_next_sign_in(scene: Scene) -> None:
    scene.type_password()
    answer = scene.http.get(f"/logout?{scene.authorize_query()}")

    assert answer.headers["location"].startswith("/login?")


def test_a_disabled_user_cannot_sign_in_nor_use_the_cookie(scene: Scene) -> None:
    scene.type_password()
    scene.control(f"users/{EMAIL}/disable", {})

    assert "/login?" in scene.authorize().headers["location"]
    assert 401 == scene.type_password().status_code
    scene.control(f"users/{EMAIL}/enable", {})
    scene.now += 1
    assert scene.code()
    assert scene.code(ADMIN_EMAIL, "Look-after-it-1")
