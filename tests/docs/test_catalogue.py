"""Every case of the catalogue has a row in docs/reliability.md, and every test that a row or a proof names exists."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
CATALOGUE = PAGE.partition("## The test catalogue")[2]
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", CATALOGUE, re.MULTILINE)
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", CATALOGUE)
PATHS = sorted(set(re.findall(r"tests/[\w/]+(?:\.py)?", PAGE)))


@cache
def source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_case_of_the_sections_b_to_g_has_one_row_with_something_to_see_and_a_test() -> None:
    assert [*range(15, 65)] == [int(number) for number, *_ in ROWS]
    assert all(seen.strip() and "tests/" in tests for _, _, seen, tests in ROWS)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)), ids=lambda part: part)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^\s*(async )?def {name}\(", source(path), re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_or_folder_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()
