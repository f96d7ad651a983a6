"""docs/infrastructure.md names what holds each property, and nothing else."""

import re

from stacks.paths import ROOT
from tests.stacks.architecture_rules import rule_names
from tests.stacks.test_mutations import ELSEWHERE
from tests.stacks.test_properties import CHECKS

PAGE = (ROOT / "docs/infrastructure.md").read_text()
ROWS = {
    int(number): set(re.findall(r"`(p\d\d_\w+|tests/stacks/\w+\.py)`", held))
    for number, held in re.findall(r"^\| (\d+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)
}


def test_every_property_has_its_row() -> None:
    assert list(range(1, 53)) == sorted(ROWS)


def test_a_row_names_all_that_holds_its_property() -> None:
    names = rule_names() | {check.__name__ for check in CHECKS}
    held = {number: {name for name in names if name.startswith(f"p{number:02}_")} for number in ROWS}
    for number, file in ELSEWHERE.items():
        held[number].add(f"tests/stacks/{file}")

    assert held == ROWS


def test_no_property_is_held_by_nothing() -> None:
    assert [] == [number for number, holders in ROWS.items() if not holders]
