"""docs/configuration.md says what service/settings.py says."""

from docs.generate import configuration


def test_the_page_is_what_the_settings_generate() -> None:
    written = configuration.PAGE.read_text(encoding="utf-8")

    assert configuration.page() == written, "run `make docs`"
