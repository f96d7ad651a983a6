"""Each runner's report becomes counts and a line for each failure."""

from local import reports
from local.reports import Counts

JUNIT = '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'


def test_an_error_outside_a_test_counts_as_a_failure() -> None:
    assert Counts(passed=3, failed=3, skipped=3) == reports.read_junit(JUNIT)


def test_a_page_test_file_that_does_not_load_counts_as_a_failure() -> None:
    report = """{"numPassedTests": 4, "numFailedTests": 1, "numPendingTests": 2, "numTodoTests": 0,
        "testResults": [{"status": "failed", "assertionResults": []}, {"status": "passed", "assertionResults": [{}]}]}"""

    assert reports.read_vitest(report) == Counts(passed=4, failed=2, skipped=2, failures=("a file",))


def test_a_browser_test_that_passed_only_on_retry_counts_as_a_failure() -> None:
    report = '{"errors": [], "stats": {"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2}}'

    assert Counts(passed=5, failed=2, skipped=2) == reports.read_playwright(report)


def test_browser_tests_that_could_not_start_count_as_a_failure() -> None:
    report = '{"errors": [{"message": "no page"}], "stats": {"expected": 0, "unexpected": 0, "flaky": 0, "skipped": 0}}'

    assert reports.read_playwright(report) == Counts(failed=1, failures=("before any test: no page",))


def test_a_failed_test_of_the_page_is_named_with_its_reason() -> None:
    report = """{"numPassedTests": 1, "numFailedTests": 1, "numPendingTests": 0, "numTodoTests": 0, "testResults": [
        {"status": "failed", "assertionResults": [{"status": "passed", "fullName": "a b", "failureMessages": []},
         {"status": "failed", "fullName": "a c", "failureMessages": ["AssertionError: no\\n at x"]}]}]}"""

    assert ("a c: AssertionError: no",) == reports.read_vitest(report).failures


def test_a_failed_test_of_the_browser_is_named_with_its_place_and_reason() -> None:
    spec = """{"file": "x.spec.ts", "line": 7, "title": "speaks", "tests": [{"status": "%s", "results": [
        {"errors": [%s]}]}]}"""
    inner = spec % ("unexpected", '{"message": "Error: silent"}')
    outer = spec % ("flaky", "")
    report = f"""{{"errors": [], "stats": {{"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 0}},
        "suites": [{{"suites": [{{"specs": [{inner}]}}], "specs": [{outer}]}}]}}"""

    assert ("x.spec.ts:7 speaks: Error: silent", "x.spec.ts:7 speaks: flaky") == reports.read_playwright(
        report
    ).failures
