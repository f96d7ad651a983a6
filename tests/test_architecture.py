"""The import rules hold, and each of them can be broken: a rule that cannot fail is no rule."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("service", "emulators", "talk", "local", "stacks", "delivery")
BREACHES = {
    "the service is layered": ("service/wire/audio.py", "import service.session.machine"),
    "pure packages touch neither clock, loop, chance nor network": (
        "service/session/machine.py",
        "import asyncio",
    ),
    "only the SDK transport imports the AWS SDK": ("service/app.py", "import awscrt"),
    "only the DynamoDB store imports boto3": ("service/app.py", "import boto3"),
    "only the signature check imports python-jose": ("service/auth/cognito.py", "from jose import jwt"),
    "the emulated conversation touches neither clock, loop, chance nor network": (
        "emulators/nova_sonic/conversation/machine.py",
        "import time",
    ),
    "service, emulators, talk and local agree through tests, not imports": (
        "emulators/nova_sonic/stream.py",
        "import service.wire.audio",
    ),
    "delivery reads stages and their templates; nothing but tests imports it": (
        "stacks/paths.py",
        "import delivery.templates",
    ),
    "stacks give objects to stacks; a stage composes them": (
        "stacks/stage_config.py",
        "import stacks.voice_stage",
    ),
}


def contracts() -> list[str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in configuration["tool"]["importlinter"]["contracts"]]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and their rules."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_rule_has_a_breach_to_try() -> None:
    assert sorted(contracts()) == sorted(BREACHES)


def test_the_rules_hold(tree: Path) -> None:
    outcome = lint(tree)

    assert 0 == outcome.returncode, outcome.stdout


@pytest.mark.parametrize("rule", BREACHES)
def test_a_rule_can_be_broken(tree: Path, rule: str) -> None:
    module, statement = BREACHES[rule]
    with (tree / module).open("a") as source:
        source.write(f"\n{statement}\n")

    outcome = lint(tree)

    assert 1 == outcome.returncode
    assert f"{rule} BROKEN" in outcome.stdout


def test_pure_packages_hold_no_coroutine() -> None:
    pure = [
        path for name in ("wire", "policies", "session") for path in (ROOT / "service" / name).rglob("*.py")
    ]

    assert len(pure) > 20
    assert [] == [path.name for path in pure if "async def" in path.read_text()]
