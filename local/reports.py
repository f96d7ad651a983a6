"""What the reports of three test runners say: how many tests ended how, and which failed, and why.

Shapes: pytest's JUnit XML, vitest's Jest-compatible JSON, Playwright's JSON.
"""

import dataclasses
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, Final

# A failure's first line says what failed; what it compared may be pages long.
_REASON_CHARACTERS: Final = 160


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tests ended how, and a line for each that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = ()

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            failures=self.failures + other.failures,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def read_junit(text: str) -> Counts:
    """Counts of pytest's JUnit report; an error in a fixture or in collection counts as a failure."""
    # The report was written by our own pytest a moment ago.
    root = ET.fromstring(text)  # noqa: S314 - see above
    total = failed = skipped = 0
    for suite in root.iter("testsuite"):
        total += int(suite.get("tests", "0"))
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped += int(suite.get("skipped", "0"))
    failures = tuple(
        _line(f"{case.get('classname', '')}::{case.get('name', '')}", wrong.get("message", ""))
        for case in root.iter("testcase")
        for wrong in (*case.findall("failure"), *case.findall("error"))
    )
    return Counts(passed=total - failed - skipped, failed=failed, skipped=skipped, failures=failures)


def read_vitest(text: str) -> Counts:
    """Counts of vitest's JSON report; a file that did not even load counts as one failure."""
    report = json.loads(text)
    broken = [
        file for file in report["testResults"] if file["status"] == "failed" and not file["assertionResults"]
    ]
    wrong = [
        _line(case["fullName"], next(iter(case.get("failureMessages", ())), ""))
        for file in report["testResults"]
        for case in file["assertionResults"]
        if case.get("status") == "failed"
    ]
    return Counts(
        passed=report["numPassedTests"],
        failed=report["numFailedTests"] + len(broken),
        skipped=report["numPendingTests"] + report["numTodoTests"],
        failures=(
            *(_line(file.get("name", "a file"), file.get("message", "")) for file in broken),
            *wrong,
        ),
    )


def read_playwright(text: str) -> Counts:
    """Counts of Playwright's JSON report; a test that passed only on retry is a failure."""
    report = json.loads(text)
    stats = report["stats"]
    without_a_test = report["errors"] if not stats["expected"] else []
    return Counts(
        passed=stats["expected"],
        failed=stats["unexpected"] + stats["flaky"] + len(without_a_test),
        skipped=stats["skipped"],
        failures=(
            *(_line("before any test", error.get("message", "")) for error in without_a_test),
            *_playwright_failures(report.get("suites", ())),
        ),
    )


def _playwright_failures(suites: list[dict[str, Any]]) -> Iterator[str]:
    for suite in suites:
        yield from _playwright_failures(suite.get("suites", []))
        for spec in suite.get("specs", ()):
            for test in spec["tests"]:
                if test["status"] in {"unexpected", "flaky"}:
                    errors = [error for result in test["results"] for error in result.get("errors", ())]
                    reason = errors[0].get("message", "") if errors else test["status"]
                    yield _line(f"{spec['file']}:{spec['line']} {spec['title']}", reason)


def _line(what: str, reason: str) -> str:
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "")
    return f"{what}: {first[:_REASON_CHARACTERS]}" if first else what
