"""The workflows: actions by commit, no long-lived key, the least permission, and nothing that make cannot do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from delivery.pin_actions import pinned
from stacks.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def jobs(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text())["jobs"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_at_a_commit_with_its_release_beside_it(path: Path) -> None:
    uses = re.findall(r"uses: (.*)", path.read_text())

    assert uses
    assert [] == [one for one in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_job_has_a_permission_that_it_does_not_name(path: Path) -> None:
    document = yaml.safe_load(path.read_text())

    assert {} == document["permissions"]
    assert [] == [
        name
        for name, job in document["jobs"].items()
        if "permissions" not in job or "timeout-minutes" not in job
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_key_is_stored(path: Path) -> None:
    assert [] == re.findall(r"secrets\.|AWS_ACCESS_KEY_ID|AWS_SECRET", path.read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_step_is_one_line_that_a_person_could_type(path: Path) -> None:
    runs = [step["run"] for job in jobs(path).values() for step in job["steps"] if "run" in step]

    assert [] == [run for run in runs if "\n" in run or not run.startswith(("make ", "sh delivery/"))]


def test_the_same_digest_goes_from_dev_to_prod_after_a_gate() -> None:
    main = jobs(ROOT / ".github/workflows/main.yml")

    assert ["image", "dev"] == main["prod"]["needs"]
    assert ("dev", "prod") == (main["dev"]["environment"], main["prod"]["environment"])
    digests = {job["steps"][-1]["env"]["IMAGE_DIGEST"] for job in (main["dev"], main["prod"])}
    assert {"${{ needs.image.outputs.digest }}"} == digests


def test_zizmor_finds_nothing() -> None:
    found = shutil.which("zizmor", path=str(ROOT / ".venv/bin")) or shutil.which("zizmor")
    if found is None:
        pytest.skip("zizmor is not installed here")
    done = subprocess.run(
        [found, "--offline", "--no-progress", "--persona", "pedantic", str(ROOT / ".github/workflows")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout


def test_github_would_read_the_workflows() -> None:
    """By GitHub's own schema; it comes with the tool, so no network is asked."""
    found = shutil.which("check-jsonschema", path=str(ROOT / ".venv/bin"))
    if found is None:
        pytest.skip("check-jsonschema is not installed here")
    done = subprocess.run(
        [found, "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout


def test_a_tag_becomes_its_commit_and_keeps_its_name() -> None:
    text = "      - uses: actions/checkout@v5.0.0\n      - uses: a/b@" + "0" * 40 + " # v1.2.3\n"

    expected = f"      - uses: actions/checkout@{'1' * 40} # v5.0.0\n      - uses: a/b@{'1' * 40} # v1.2.3\n"
    assert expected == pinned(text, lambda _action, _tag: "1" * 40)


def test_a_commit_without_a_release_is_refused() -> None:
    with pytest.raises(LookupError, match="which release"):
        pinned("uses: a/b@" + "0" * 40, lambda _action, _tag: "")


@pytest.mark.parametrize("script", sorted((ROOT / "delivery").glob("*.sh")), ids=lambda path: path.name)
def test_every_script_is_a_shell_script(script: Path) -> None:
    assert 0 == subprocess.run(["sh", "-n", str(script)], check=False).returncode
