"""Every dependency has its reason and a licence that allows reuse."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
REASONS = (ROOT / "docs/decisions/0003-dependencies.md").read_text()

# "GPL" preceded by L is the Lesser licence, which a dynamically loaded library may have.
FORBIDDEN = re.compile(r"(?<!L)GPL|GNU General Public|Affero|SSPL|Commons Clause|proprietary", re.IGNORECASE)


def named_packages() -> set[str]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    lines = [line for group in groups.values() for line in group if isinstance(line, str)]
    return {re.split(r"[\[<>=;~! ]", line, maxsplit=1)[0] for line in lines}


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    metadata = distribution.metadata
    stated = metadata.get("License-Expression") or (metadata.get("License") or "").split("\n")[0]
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    return stated or "; ".join(classifiers)


def test_every_package_we_name_has_its_reason() -> None:
    assert [] == sorted(
        name for name in named_packages() if not re.search(rf"\b{re.escape(name)}\b", REASONS)
    )


def test_no_installed_package_forbids_reuse() -> None:
    licences = {d.metadata["Name"]: licence_of(d) for d in importlib.metadata.distributions()}

    assert {} == {name: licence for name, licence in licences.items() if FORBIDDEN.search(licence)}


def test_the_licence_rule_tells_the_general_licence_from_the_lesser() -> None:
    assert FORBIDDEN.search("GPL-3.0-or-later")
    assert FORBIDDEN.search("GNU General Public License v3")
    assert not FORBIDDEN.search("LGPL-2.1-or-later")


def test_locks_carry_hashes_and_name_no_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text, lock.name
        assert "://" not in text, lock.name


def test_the_versions_with_known_holes_are_below_our_floors() -> None:
    """Floors: Starlette CVE-2026-48710, cryptography GHSA-537c-gmf6-5ccf, h11 CVE-2025-43859."""
    floors = {"starlette": (1, 6, 0), "cryptography": (49, 0, 0), "h11": (0, 16, 0)}
    lock = (ROOT / "requirements/dev.txt").read_text()
    for name, floor in floors.items():
        pinned = re.search(rf"^{name}==([\d.]+)", lock, re.MULTILINE)
        assert pinned is not None, name
        assert tuple(int(part) for part in pinned[1].split(".")) >= floor, name
