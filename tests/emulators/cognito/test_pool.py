"""The pool's file, and every mistake in it by name."""

from pathlib import Path

import pytest

from emulators.cognito.pool import DEFAULT_FILE, PoolError, load

GOOD = DEFAULT_FILE.read_text(encoding="utf-8")


def test_the_pool_that_comes_along_has_a_demo_user_and_an_administrator() -> None:
    pool = load()

    assert {"demo@example.com": (), "admin@example.com": ("admins",)} == {
        email: tuple(user.groups) for email, user in pool.users.items()
    }


def test_a_user_keeps_their_sub_over_restarts() -> None:
    assert [user.sub for user in load().users.values()] == [user.sub for user in load().users.values()]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[pool]", "[pol]"), "pol"),
        (('id = "us-east-1_LocalDemo"', 'id = "demo"'), "us-east-1_AbCd12345"),
        (('id = "us-east-1_LocalDemo"', ""), "[pool] needs id"),
        (("[[users]]", "[[persons]]"), "persons"),
        (('password = "Talk-to-me-1"\n', ""), "password"),
        (('password = "Talk-to-me-1"', 'password = "Talk to me"'), "space"),
        (("admin@example.com", "DEMO@example.com"), "one e-mail address"),
        (("access_token_s = 3600", "access_token_s = 0"), "access_token_s"),
        (("retry_grace_s = 60", "retry_grace_s = 61"), "retry_grace_s"),
        (("http://127.0.0.1:8000/auth/callback", "http://voice.example.com/"), "http://voice.example.com/"),
        (('groups = ["admins"]', "groups = 7"), "groups"),
        (("[pool]", "[pool"), "TOML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_named(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    file = tmp_path / "pool.toml"
    file.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(PoolError) as mistake:
        load(file)

    assert named in str(mistake.value)
    assert "\n" not in str(mistake.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match=r"nowhere\.toml cannot be read"):
        load(tmp_path / "nowhere.toml")
