"""Every case about signing in and the client has a row in docs/client.md, and every test that the page names exists."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE_ROOT = ROOT / "frontend_hosting"
PAGE = (ROOT / "docs/client.md").read_text(encoding="utf-8")
CATALOGUE = PAGE.partition("### The test catalogue")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", CATALOGUE, re.MULTILINE)
IN_PYTHON = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", CATALOGUE)
IN_THE_PAGE = re.findall(r"`((?:e2e|src)/[\w/.-]+\.tsx?)::([^`]+)`", CATALOGUE)
PATHS = sorted(
    set(re.findall(r"\b(?:tests|src|e2e)/[\w/-]+\.(?:py|spec\.ts|test\.tsx?|browser\.ts)\b", PAGE))
)


@cache
def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def beside(path: str) -> Path:
    return (ROOT if path.startswith("tests/") else PAGE_ROOT) / path


def test_every_case_of_the_sections_a_and_h_has_one_row_with_something_to_see_and_a_test() -> None:
    assert [*range(1, 15), *range(65, 69)] == [int(number) for number, *_ in ROWS]
    assert all(seen.strip() and "::" in tests for _, _, seen, tests in ROWS)


@pytest.mark.parametrize(("path", "name"), sorted(set(IN_PYTHON)), ids=lambda part: part)
def test_a_test_of_the_service_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^\s*(async )?def {name}\(", source(ROOT / path), re.MULTILINE)


@pytest.mark.parametrize(("path", "title"), sorted(set(IN_THE_PAGE)), ids=lambda part: part)
def test_a_test_of_the_page_that_is_named_exists(path: str, title: str) -> None:
    # A title may go on with the values of its case, and begin with those of its table.
    called = rf"\b(?:it|test)(?:\.each\([\s\S]*?\))?\(\s*['`][^'`\n]*{re.escape(title)}"
    assert re.search(called, source(PAGE_ROOT / path))


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_is_named_exists(path: str) -> None:
    assert beside(path).exists()
