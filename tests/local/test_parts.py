"""Commands and environments of what runs here, and the lines by which each part says that it is ready."""

from pathlib import Path

from local import parts

READY = "ready https://localhost:8443 ca=/x/ca.pem control=http://127.0.0.1:8444 brain=speech profile=nova-2-sonic"
STATE = Path("state")
MODEL = parts.Ready(url="https://localhost:8443", facts={"ca": "/x/ca.pem"})
POOL = parts.Ready(
    url="http://127.0.0.1:8446", facts={"issuer": "http://127.0.0.1:8446/us-east-1_Local", "client": "page"}
)


def test_the_emulators_ready_line_gives_its_address_and_its_authority() -> None:
    part = parts.emulator(brain="speech", scenario=None, state_dir=Path("s"), environment={})
    match = part.ready.search(f"warming up\n{READY}\n")

    assert match is not None
    ready = parts.parse_ready(match)
    assert "https://localhost:8443" == ready.url
    assert "/x/ca.pem" == ready.facts["ca"]
    assert "http://127.0.0.1:8444" == ready.facts["control"]


def test_a_line_that_only_mentions_ready_is_not_the_ready_line() -> None:
    part = parts.emulator(brain="speech", scenario=None, state_dir=Path("s"), environment={})

    assert part.ready.search("not ready https://localhost:1\n") is None


def test_vites_address_is_read_from_what_it_prints() -> None:
    part = parts.dev_page(page=Path("page"), service_url="http://127.0.0.1:8000", environment={})
    match = part.ready.search("\n  VITE v8\n\n  ->  Local:   http://127.0.0.1:5173/\n")

    assert match is not None
    assert parts.Ready(url="http://127.0.0.1:5173", facts={}) == parts.parse_ready(match)


def test_the_service_gets_the_emulators_credentials_and_none_of_the_developers() -> None:
    mine = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "AWS_ACCESS_KEY_ID": "mine", "HOME": "/home/me"}

    part = parts.service(port=8001, model=MODEL, pool=POOL, page_dir=None, state_dir=STATE, environment=mine)

    assert parts.EMULATOR_KEY == part.environment["AWS_ACCESS_KEY_ID"]
    assert parts.EMULATOR_SECRET == part.environment["AWS_SECRET_ACCESS_KEY"]
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & part.environment.keys()
    assert "/home/me" == part.environment["HOME"]


def test_settings_of_the_service_may_be_given_but_not_where_it_listens() -> None:
    mine = {
        "VOICE_WATCHDOG_MS": "900",
        "VOICE_DRAIN_S": "9",
        "VOICE_PORT": "1",
        "VOICE_MODEL_ENDPOINT": "https://aws",
    }

    part = parts.service(
        port=8001, model=MODEL, pool=POOL, page_dir=Path("dist"), state_dir=STATE, environment=mine
    )

    assert "900" == part.environment["VOICE_WATCHDOG_MS"]
    assert "8001" == part.environment["VOICE_PORT"]
    assert MODEL.url == part.environment["VOICE_MODEL_ENDPOINT"]
    assert "dist" == part.environment["VOICE_PAGE_DIR"]
    assert str(STATE / "conversations.sqlite") == part.environment["VOICE_STORE_PATH"]
    assert part.grace_s > 9


def test_loopback_never_goes_through_a_proxy() -> None:
    part = parts.service(
        port=1,
        model=MODEL,
        pool=POOL,
        page_dir=None,
        state_dir=STATE,
        environment={"no_proxy": "example.org"},
    )

    assert "example.org,localhost,127.0.0.1" == part.environment["NO_PROXY"] == part.environment["no_proxy"]


def test_the_service_takes_the_users_of_the_stand_in_and_of_nobody_else() -> None:
    mine = {"VOICE_AUTH_ISSUER": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Mine"}
    part = parts.service(port=1, model=MODEL, pool=POOL, page_dir=None, state_dir=STATE, environment=mine)

    assert ("cognito", "http://127.0.0.1:8446/us-east-1_Local", "page", "http://127.0.0.1:8446") == tuple(
        part.environment[f"VOICE_AUTH{name}"] for name in ("", "_ISSUER", "_CLIENT_IDS", "_DOMAIN")
    )
