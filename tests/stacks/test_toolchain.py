"""The command line, the library and the flags are one set."""

import json
import re
import shutil
import subprocess
import tomllib

import pytest

from stacks.paths import ROOT
from tests.stacks.assemblies import Assembly
from tests.stacks.variants import COMMITTED

PACKAGE = json.loads((ROOT / "package.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())


def pinned_cli() -> tuple[int, ...]:
    return tuple(int(part) for part in PACKAGE["devDependencies"]["aws-cdk"].split("."))


def test_the_command_line_is_pinned_to_one_version_with_its_hash_and_without_an_address() -> None:
    locked = LOCK["packages"]["node_modules/aws-cdk"]

    assert PACKAGE["devDependencies"]["aws-cdk"] == locked["version"]
    assert locked["integrity"].startswith("sha512-")
    assert "resolved" not in json.dumps(LOCK)


def test_the_command_line_can_read_what_the_library_writes(assembly: Assembly) -> None:
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    wanted = tuple(int(part) for part in manifest["minimumCliVersion"].split("."))

    assert wanted <= pinned_cli()
    assert pinned_cli()[0] == 2, (
        "release 3.0.0 of the registry is an accident that cannot read these assemblies"
    )


def test_the_library_is_the_one_in_the_lock() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["infra"]
    lock = (ROOT / "requirements/infra.txt").read_text()

    for name in ("aws-cdk-lib", "constructs", "cdk-nag", "moto", "cfn-lint", "cloudformation-validate"):
        (wanted,) = [line for line in groups if isinstance(line, str) and re.match(rf"{name}(\[|==)", line)]
        assert re.search(rf"^{name}(\[[a-z]+\])?=={re.escape(wanted.split('==')[1])}", lock, re.MULTILINE), (
            name
        )


def test_the_weak_references_and_the_strict_rules_are_switched_on() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    assert "weak" == context["@aws-cdk/core:defaultCrossStackReferences"]
    for flag in (
        "@aws-cdk/core:validateAgainstDefaultRules",
        "@aws-cdk/core:annotationsInValidationReport",
        "@aws-cdk/aws-elasticloadbalancingv2:usePostQuantumTlsPolicy",
        "@aws-cdk/aws-s3:publicAccessBlockedByDefault",
    ):
        assert context[flag] is True, flag


def test_no_flag_is_left_open(assembly: Assembly) -> None:
    """The assembly's own report of flags lists what the library recommends and what the app has set."""
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    (report,) = [a for a in manifest["artifacts"].values() if a["type"] == "cdk:feature-flag-report"]
    flags = report["properties"]["flags"]

    assert 90 < len(flags)
    assert [] == sorted(name for name, flag in flags.items() if "userValue" not in flag)


def test_nothing_is_looked_up_and_remembered() -> None:
    assert {} == json.loads((ROOT / "cdk.context.json").read_text())


@pytest.mark.parametrize("stage", COMMITTED)
def test_cfn_lint_finds_nothing(assembly: Assembly, stage: str) -> None:
    linter = shutil.which("cfn-lint", path=str(ROOT / ".venv/bin"))
    if linter is None:
        pytest.skip("cfn-lint is not installed here")
    # W3010: zones are named on purpose. W3005: the CDK writes what a reference already says.
    # W3037: cfn-lint's list lacks bedrock:InvokeModelWithBidirectionalStream. W1: it cannot follow Fn::GetStackOutput.
    done = subprocess.run(
        [linter, "--ignore-checks", "W3010", "W3005", "W3037", "--format", "parseable", "--",
         *map(str, sorted((assembly.folder / f"assembly-{stage}").glob("*.template.json")))],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert "" == done.stdout
