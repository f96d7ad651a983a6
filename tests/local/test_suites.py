"""The counts of three test runners become one line, and nothing that failed is lost on the way."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from local import reports, suites
from local.reports import Counts
from local.suites import Suite

JUNIT = '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'


def suite(report: Path, script: str) -> Suite:
    command: Sequence[str] = [sys.executable, "-c", script, str(report)]
    return Suite(name="fake", command=command, report=report, read=reports.read_junit)


def writes(report: str, *, code: int = 0) -> str:
    return f"import sys, pathlib; pathlib.Path(sys.argv[1]).write_text({report!r}); sys.exit({code})"


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


def test_the_end_of_the_log_names_what_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = """<testsuite tests="2" failures="1"><testcase classname="tests.a" name="test_b">
        <failure message="assert 1 == 2&#10; where"/></testcase><testcase classname="tests.a" name="test_c"/></testsuite>"""

    suites.main(["all"], chosen=[suite(tmp_path / "a", writes(report, code=1))])

    assert "FAILED tests.a::test_b: assert 1 == 2" == capfd.readouterr().out.splitlines()[-2]


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
