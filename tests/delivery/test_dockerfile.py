"""The Dockerfile: no finding, nothing that moves, nothing that need not be there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stacks.constructs.service_image import DOCKERFILE
from stacks.paths import ROOT

TEXT = (ROOT / DOCKERFILE).read_text()


def hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("hadolint", path=str(ROOT / ".cache/tools/bin"))
    if found is None:
        pytest.skip("hadolint has no build for this machine (sh delivery/setup.sh)")
    return subprocess.run([found, str(file)], capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing() -> None:
    assert "" == hadolint(ROOT / DOCKERFILE).stdout


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN cd /tmp && sudo ls\n")

    assert {"DL3007", "DL3004"} <= set(re.findall(r"DL\d+", hadolint(tmp_path / "Dockerfile").stdout))


def test_the_base_is_pinned_and_may_be_pinned_harder() -> None:
    assert ["ARG PYTHON=python:3.12-slim"] == re.findall(r"^ARG PYTHON=.*$", TEXT, re.MULTILINE)
    assert {"${PYTHON}"} == {base.split()[0] for base in re.findall(r"^FROM (.*)$", TEXT, re.MULTILINE)}
    assert "sha256:" not in re.sub(r"^#.*$", "", TEXT, flags=re.MULTILINE), (
        "a digest is resolved, never written down"
    )


def test_only_locked_wheels_are_installed() -> None:
    (install,) = re.findall(r"install .*", TEXT)

    assert {"--only-binary", ":all:", "--require-hashes"} <= set(install.split())


def test_the_process_gets_its_signals_itself() -> None:
    assert 'ENTRYPOINT ["python", "-m", "service"]' in TEXT
    assert "STOPSIGNAL" not in TEXT


def test_the_image_says_what_it_is() -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", TEXT))
    pipeline = set(
        re.findall(r"org\.opencontainers\.image\.(\w+)=", (ROOT / "delivery/workflow.sh").read_text())
    )

    assert {"title", "description", "licenses", "revision", "source"} == labels | pipeline
