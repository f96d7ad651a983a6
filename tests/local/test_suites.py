"""The counts of three test runners become one line, and nothing that failed is lost on the way."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local import suites
from local.suites import Counts, Suite

JUNIT = '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'


def suite(report: Path, script: str) -> Suite:
    command: Sequence[str] = [sys.executable, "-c", script, str(report)]
    return Suite(name="fake", command=command, report=report, read=suites.read_junit)


def writes(report: str, *, code: int = 0) -> str:
    return f"import sys, pathlib; pathlib.Path(sys.argv[1]).write_text({report!r}); sys.exit({code})"


def test_an_error_outside_a_test_counts_as_a_failure() -> None:
    assert Counts(passed=3, failed=3, skipped=3) == suites.read_junit(JUNIT)


def test_a_page_test_file_that_does_not_load_counts_as_a_failure() -> None:
    report = """{"numPassedTests": 4, "numFailedTests": 1, "numPendingTests": 2, "numTodoTests": 0,
        "testResults": [{"status": "failed", "assertionResults": []}, {"status": "passed", "assertionResults": [{}]}]}"""

    assert Counts(passed=4, failed=2, skipped=2) == suites.read_vitest(report)


def test_a_browser_test_that_passed_only_on_retry_counts_as_a_failure() -> None:
    report = '{"errors": [], "stats": {"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2}}'

    assert Counts(passed=5, failed=2, skipped=2) == suites.read_playwright(report)


def test_browser_tests_that_could_not_start_count_as_a_failure() -> None:
    report = '{"errors": [{}], "stats": {"expected": 0, "unexpected": 0, "flaky": 0, "skipped": 0}}'

    assert Counts(failed=1) == suites.read_playwright(report)


def test_the_last_line_sums_all_suites(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = '<testsuite tests="2" failures="0" errors="0" skipped="0"/>'
    chosen = [suite(tmp_path / "a", writes(good)), suite(tmp_path / "b", writes(JUNIT, code=1))]

    assert 1 == suites.main(["all"], chosen=chosen)
    assert capfd.readouterr().out.splitlines()[-1].startswith("5 passed, 3 failed, 3 skipped in ")


@pytest.mark.parametrize(
    "script",
    [
        "raise SystemExit(0)",
        "raise SystemExit(2)",
        writes("<broken"),
        writes('<testsuite tests="1"/>', code=1),
    ],
)
def test_a_runner_without_a_report_or_with_an_error_of_its_own_fails(tmp_path: Path, script: str) -> None:
    assert 1 == suites.run(suite(tmp_path / "report", script)).failed


def test_a_report_of_an_earlier_run_is_not_counted(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text(JUNIT)

    assert Counts(failed=1) == suites.run(suite(report, "pass"))


def test_every_folder_of_tests_is_in_exactly_one_suite() -> None:
    commands = [suite.command for word in ("all", "deploy", "box") for suite in suites.suites(word)]
    python = next(command for command in commands if any("python.xml" in word for word in command))
    left_out = {word.removeprefix("--ignore=") for word in python if word.startswith("--ignore=")}
    taken_up = {word for command in commands for word in command if word.startswith("tests/")}

    assert left_out == taken_up


def test_no_test_at_all_is_not_a_success(tmp_path: Path) -> None:
    assert 1 == suites.main(["all"], chosen=[suite(tmp_path / "a", writes('<testsuite tests="0"/>'))])


def test_suites_run_beside_each_other_with_their_names_before_their_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Each waits until the other has begun, which two in a row never would.
    meets = (
        "import pathlib, sys, time; mine, other = (pathlib.Path(sys.argv[1]).parent / name for name in {names!r});"
        "mine.touch(); end = time.monotonic() + 30\n"
        "while not other.exists() and time.monotonic() < end: time.sleep(0.01)\n"
        "print('met' if other.exists() else 'alone'); pathlib.Path(sys.argv[1]).write_text({good!r})"
    )
    good = '<testsuite tests="1" failures="0" errors="0" skipped="0"/>'
    chosen = [
        dataclasses.replace(suite(tmp_path / name, meets.format(names=names, good=good)), name=name)
        for name, names in (("first", ("1", "2")), ("second", ("2", "1")))
    ]

    assert 0 == suites.main(["all", "--at-once", "2"], chosen=chosen)
    lines = capfd.readouterr().out.splitlines()
    assert {"first      met", "second     met"} <= set(lines)


def test_a_suite_that_wants_the_machine_to_itself_comes_after_the_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = '<testsuite tests="1" failures="0" errors="0" skipped="0"/>'
    alone = dataclasses.replace(suite(tmp_path / "a", writes(good)), name="measures", alone=True)
    beside = dataclasses.replace(suite(tmp_path / "b", writes(good)), name="counts")

    assert 0 == suites.main(["all"], chosen=[alone, beside])
    heads = [line for line in capfd.readouterr().out.splitlines() if line.startswith("== ")]
    assert ["== counts", "== measures"] == heads
