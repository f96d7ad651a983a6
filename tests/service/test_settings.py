"""The service starts with what it is told, or says in one sentence why it cannot."""

import os
from pathlib import Path

import pytest

from service.settings import ImpossibleSettingsError, Settings, load
from tests.service.fake_sign_in import ENVIRONMENT


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VOICE_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImpossibleSettingsError) as refused:
        load()
    return str(refused.value)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load()

    assert ("127.0.0.1", 8000) == (settings.host, settings.port)
    assert "amazon.nova-2-sonic-v1:0" == settings.model_id
    assert (1_500, 2_000) == (settings.silence_threshold_ms, settings.watchdog_ms)


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_MODEL_ENDPOINT", "")
    monkeypatch.setenv("VOICE_PORT", "")

    assert (None, 8000) == (load().model_endpoint, load().port)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_ALLOWED_ORIGINS", "https://voice.example.com, http://localhost:5173")

    assert ("https://voice.example.com", "http://localhost:5173") == load().allowed_origins


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"VOICE_PORT": "many"}, ("VOICE_PORT", "integer")),
        ({"VOICE_PORT": "65536"}, ("VOICE_PORT", "65535")),
        ({"VOICE_WATCHDOG": "1"}, ("VOICE_WATCHDOG", "did you mean VOICE_WATCHDOG_MS?")),
        ({"VOICE_COLOUR_OF_MY_CAT": "1"}, ("VOICE_COLOUR_OF_MY_CAT", "docs/configuration.md")),
        (
            {"VOICE_MODEL_API": "converse-stream"},
            ("VOICE_MODEL_API", "invoke-model-with-bidirectional-stream"),
        ),
        ({"VOICE_MODEL_ENDPOINT": "http://localhost:1"}, ("VOICE_MODEL_ENDPOINT", "https")),
        ({"VOICE_MODEL_ENDPOINT": "https://localhost:1/v1"}, ("VOICE_MODEL_ENDPOINT", "https://host:port")),
        ({"VOICE_MODEL_CA_FILE": "/nowhere/ca.pem"}, ("VOICE_MODEL_CA_FILE", "/nowhere/ca.pem")),
        ({"VOICE_PAGE_DIR": "/nowhere"}, ("VOICE_PAGE_DIR", "index.html")),
        ({"VOICE_ALLOWED_ORIGINS": "voice.example.com"}, ("VOICE_ALLOWED_ORIGINS", "voice.example.com")),
        ({"VOICE_ALLOWED_ORIGINS": "*"}, ("VOICE_ALLOWED_ORIGINS", "'*'")),
        ({"VOICE_REGION": "home"}, ("VOICE_REGION",)),
        ({"VOICE_LANGUAGE": "xx-XX"}, ("VOICE_LANGUAGE=xx-XX", "en-US")),
        ({"VOICE_VOICE": "tina"}, ("VOICE_VOICE=tina", "en-US", "tiffany")),
        ({"VOICE_AUTH": "none"}, ("VOICE_AUTH", "cognito")),
        ({"VOICE_AUTH_ISSUER": ""}, ("VOICE_AUTH=cognito", "VOICE_AUTH_ISSUER", "docs/sign-in.md")),
        ({"VOICE_AUTH_CLIENT_IDS": " , "}, ("VOICE_AUTH_CLIENT_IDS",)),
        ({"VOICE_AUTH_DOMAIN": ""}, ("VOICE_AUTH_DOMAIN",)),
        ({"VOICE_AUTH_ISSUER": "http://idp.example.com/pool"}, ("VOICE_AUTH_ISSUER", "https")),
        ({"VOICE_AUTH_ISSUER": "https://idp.example.com/pool/"}, ("VOICE_AUTH_ISSUER",)),
        ({"VOICE_AUTH_JWKS_URL": "file:///etc/passwd"}, ("VOICE_AUTH_JWKS_URL", "https")),
        ({"VOICE_AUTH_DOMAIN": "https://idp.example.com/login"}, ("VOICE_AUTH_DOMAIN", "origin")),
        ({"VOICE_AUTH_SCOPES": "voice/talk"}, ("VOICE_AUTH_SCOPES", "openid")),
        ({"VOICE_WATCHDOG_MS": "1500"}, ("VOICE_WATCHDOG_MS=1500", "VOICE_SILENCE_THRESHOLD_MS=1500")),
        ({"VOICE_HEARTBEAT_MS": "20000", "VOICE_IDLE_TIMEOUT_S": "20"}, ("VOICE_HEARTBEAT_MS", "VOICE_IDLE")),
        ({"VOICE_PING_INTERVAL_S": "300"}, ("VOICE_PING_INTERVAL_S=300", "VOICE_IDLE_TIMEOUT_S=300")),
        ({"VOICE_MAX_SESSION_S": "60"}, ("VOICE_IDLE_TIMEOUT_S=300", "VOICE_MAX_SESSION_S=60")),
        ({"VOICE_DRAIN_S": "30"}, ("VOICE_DRAIN_S=30", "VOICE_STOP_TIMEOUT_S=30")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: tuple[str, ...]
) -> None:
    sentence = refusal(monkeypatch, **environment)

    assert [] == [name for name in named if name not in sentence]
    assert "\n" not in sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_known_by_any_of_its_names(host: str) -> None:
    assert Settings(host=host).is_loopback


def test_a_polyglot_voice_speaks_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_LANGUAGE", "de-DE")
    monkeypatch.setenv("VOICE_VOICE", "matthew")

    assert "matthew" == load().voice


def test_a_folder_with_a_page_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    monkeypatch.setenv("VOICE_PAGE_DIR", str(tmp_path))

    assert tmp_path == load().page_dir


def test_every_setting_says_what_it_means() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]

    assert [] == undescribed


def test_keys_and_user_info_are_where_cognito_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer, domain = ENVIRONMENT["VOICE_AUTH_ISSUER"], ENVIRONMENT["VOICE_AUTH_DOMAIN"]
    settings = load()
    monkeypatch.setenv("VOICE_AUTH_JWKS_URL", "http://127.0.0.1:8446/keys")

    assert (f"{issuer}/.well-known/jwks.json", f"{domain}/oauth2/userInfo") == (
        settings.jwks_url,
        settings.user_info_url,
    )
    assert "http://127.0.0.1:8446/keys" == load().jwks_url


def test_client_ids_and_scopes_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_AUTH_CLIENT_IDS", "page, phone")
    monkeypatch.setenv("VOICE_AUTH_SCOPES", "openid,voice/talk")

    assert (("page", "phone"), ("openid", "voice/talk")) == (load().auth_client_ids, load().auth_scopes)
