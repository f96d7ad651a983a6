"""No finding is left over, none is accepted without need, and every acceptance has an owner and a day."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from stacks.rules.acknowledge import Accepted, accepted
from tests.stacks.assemblies import Assembly

PACKS = {"AwsSolutions", "HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321", "Serverless"}


def suppressed(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What was found and accepted, as (full id, path within the stage)."""
    return {
        (
            f"{plugin['pluginName'].replace(' ', '-')}::{violation['ruleName']}",
            construct["constructPath"].partition("/")[2],
        )
        for plugin in report["pluginReports"]
        for violation in plugin.get("suppressedViolations", [])
        for construct in violation["violatingConstructs"]
    }


def stale(rows: list[Accepted], assembly: Assembly) -> list[str]:
    """Ids that no longer accept anything in any stage."""
    found = suppressed(assembly.report)
    return [
        finding
        for row in rows
        for finding in row.findings
        if not any(
            row.covers(path) and row.id(finding, view.config) == id_
            for view in assembly.stages.values()
            for id_, path in found
        )
    ]


def test_no_pack_has_a_finding_that_is_not_accepted(assembly: Assembly) -> None:
    conclusions = {plugin["pluginName"]: plugin["conclusion"] for plugin in assembly.report["pluginReports"]}
    left_over = [v["ruleName"] for plugin in assembly.report["pluginReports"] for v in plugin["violations"]]

    assert [] == left_over
    assert PACKS | {"CloudFormation Validate"} == set(conclusions)
    assert {"success"} == set(conclusions.values())


def test_the_packs_do_look(assembly: Assembly) -> None:
    """A pack that finds nothing at all, not even what is accepted, has probably not run."""
    assert PACKS == {id_.partition("::")[0] for id_, _ in suppressed(assembly.report)} & PACKS


def test_every_acceptance_accepts_something(assembly: Assembly) -> None:
    assert [] == stale(accepted(), assembly)


def test_an_acceptance_that_is_no_longer_needed_is_found(assembly: Assembly) -> None:
    needless = Accepted(
        findings=("AwsSolutions::AwsSolutions-EC23",),
        constructs=("Network/*",),
        reason="x",
        owner="x",
        review_by=date(2099, 1, 1),
    )

    assert ["AwsSolutions::AwsSolutions-EC23"] == stale([needless], assembly)


@pytest.mark.parametrize("row", accepted(), ids=lambda row: row.findings[0][:60])
def test_every_acceptance_has_reason_owner_and_a_day_of_review_to_come(row: Accepted) -> None:
    assert 40 < len(row.reason)
    assert row.owner in {"platform", "service", "product"}
    assert datetime.now(tz=UTC).date() < row.review_by, "review this acceptance, then move its day"
    assert all("::" in finding for finding in row.findings)
    assert "*" not in row.constructs
