"""docs/openapi.json says what the routes say."""

from docs.generate import openapi


def test_the_document_is_what_the_routes_generate() -> None:
    assert openapi.page() == openapi.PAGE.read_text(encoding="utf-8"), "run `make docs`"
