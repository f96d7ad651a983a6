"""Run the project's test suites, two at a time where that is fair, and add up what they counted.

`python -m local.suites all` is `make test`; `fast` leaves out what needs processes, the speech engine, a browser or minutes;
`deploy` and `box` need root and tools of their own, and say so in one line where those are missing.
Suites that measure, or that talk in real time, have the machine to themselves; they come last.
Each suite writes a machine-readable report beside what it prints; the counts come from there, never from the screen.
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from local import reports, stage
from local.reports import Counts

ROOT: Final = Path(__file__).resolve().parent.parent
REPORTS: Final = ROOT / ".run" / "reports"
# What reads templates and workflows; the first synthesis costs seconds, so one process runs them all.
TEMPLATES: Final = ("stacks", "delivery")
FAST: Final = "not process and not speech and not browser"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One test runner: its command, where it reports, and how its report is read."""

    name: str
    command: Sequence[str]
    report: Path
    read: Callable[[str], Counts]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    talks: bool = False
    """Needs a running assistant; its address is given as VOICE_URL."""
    alone: bool = False
    """Shares the machine with no other suite."""


def pytest_suite(name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Suite:
    return Suite(
        name=name,
        command=[sys.executable, "-m", "pytest", "-q", f"--junitxml={REPORTS / name}.xml", *arguments],
        report=REPORTS / f"{name}.xml",
        read=reports.read_junit,
        environment=environment or {},
    )


def suites(which: str) -> list[Suite]:
    """The suites that a word stands for."""
    if which in {"deploy", "box"}:
        return [dataclasses.replace(pytest_suite(which, f"tests/{which}"), alone=which == "box")]
    fast = which == "fast"
    page = ROOT / "frontend_hosting"
    npm = ["npm", "--prefix", str(page), "run", "--silent"]
    # The simulation computes for minutes and waits for nothing, so it is a suite of its own.
    apart = [f"--ignore=tests/{folder}" for folder in (*TEMPLATES, "simulation", "deploy", "box")]
    python = pytest_suite(
        "python",
        *apart,
        *(("-m", FAST) if fast else ()),
        # A coroutine nobody awaits and a callback that blocks the loop show themselves.
        environment={"PYTHONASYNCIODEBUG": "1"} if fast else {},
    )
    simulation = pytest_suite("simulation", "tests/simulation")
    stacks = pytest_suite("stacks", *(f"tests/{folder}" for folder in TEMPLATES))
    vitest = Suite(
        name="page",
        command=[
            *npm,
            "test",
            "--",
            "--reporter=default",
            "--reporter=json",
            f"--outputFile.json={REPORTS / 'page.json'}",
        ],
        report=REPORTS / "page.json",
        read=reports.read_vitest,
        environment={} if sys.stdout.isatty() else {"NO_COLOR": "1"},
    )
    worklets = Suite(
        name="worklets",
        command=[
            *(*npm, "test:browser", "--", "--reporter=default", "--reporter=json"),
            f"--outputFile.json={REPORTS / 'worklets.json'}",
        ],
        report=REPORTS / "worklets.json",
        read=reports.read_vitest,
        environment={"CHROMIUM": os.environ.get("CHROMIUM") or chromium() or "chromium"},
        alone=True,
    )
    browser = Suite(
        name="browser",
        command=[*npm, "e2e", "--", "--reporter=line,json"],
        report=REPORTS / "browser.json",
        read=reports.read_playwright,
        environment={
            "PLAYWRIGHT_JSON_OUTPUT_FILE": str(REPORTS / "browser.json"),
            # It speaks with the emulator's voice, which this Python has.
            "PYTHON": sys.executable,
            "CHROMIUM": os.environ.get("CHROMIUM") or chromium() or "chromium",
        },
        talks=True,
        alone=True,
    )
    # The long ones first, so that what runs beside them ends with them.
    return [python, vitest] if fast else [python, simulation, stacks, vitest, worklets, browser]


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def run(suite: Suite) -> Counts:
    """Run a suite, with the assistant behind it if it needs one; an assistant that does not start is a failure."""
    if not suite.talks:
        return _run(suite, {})
    try:
        with stage.assistant(ROOT) as url:
            return _run(suite, {"VOICE_URL": url})
    except stage.NotStarted as failure:
        sys.stdout.write(f"{suite.name}: {failure}\n")
        return Counts(failed=1)


def _run(suite: Suite, environment: Mapping[str, str]) -> Counts:
    """Run a suite with its output on the screen; without a report it counts as one failure."""
    suite.report.parent.mkdir(parents=True, exist_ok=True)
    suite.report.unlink(missing_ok=True)
    if shutil.which(suite.command[0]) is None:
        sys.stdout.write(f"{suite.name}: {suite.command[0]} is not installed\n")
        return Counts(failed=1)
    environment = {**os.environ, **suite.environment, **environment}
    if suite.alone:
        # The commands are the constants above.
        code = subprocess.run(suite.command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - see above
    else:
        code = _run_with_name(suite, environment)
    try:
        counts = suite.read(suite.report.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, ET.ParseError) as failure:
        sys.stdout.write(f"{suite.name}: ended with code {code} and left no readable report ({failure})\n")
        return Counts(failed=1)
    if code != 0 and counts.failed == 0:
        sys.stdout.write(f"{suite.name}: no test failed, and yet it ended with code {code}\n")
        return counts + Counts(failed=1)
    return counts


def _run_with_name(suite: Suite, environment: Mapping[str, str]) -> int:
    """Run a suite, with its name before every line, so that two can write to one screen."""
    with subprocess.Popen(  # noqa: S603 - the commands are the constants above
        suite.command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(f"{suite.name:<10} {line}")
            sys.stdout.flush()
    return process.returncode


def run_all(chosen: Sequence[Suite], *, at_once: int) -> Iterator[tuple[Suite, Counts, float]]:
    """Run suites and tell of each when it is over: its counts, and its length in seconds."""

    def timed(suite: Suite) -> tuple[Suite, Counts, float]:
        sys.stdout.write(f"\n== {suite.name}\n")
        sys.stdout.flush()
        begun_at = time.monotonic()
        counts = run(suite)
        return suite, counts, time.monotonic() - begun_at

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        beside = [pool.submit(timed, suite) for suite in chosen if not suite.alone]
        for over in as_completed(beside):
            yield over.result()
    yield from map(timed, (suite for suite in chosen if suite.alone))


def main(arguments: Sequence[str] | None = None, *, chosen: Sequence[Suite] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.suites", description=__doc__)
    parser.add_argument("which", nargs="+", choices=("all", "fast", "deploy", "box"))
    parser.add_argument(
        "--at-once",
        type=int,
        default=min(2, os.cpu_count() or 1),
        help="how many suites may run beside another",
    )
    parsed = parser.parse_args(arguments)
    which: Sequence[str] = parsed.which
    if chosen is None:
        chosen, is_whole = [suite for word in which for suite in suites(word)], True
    else:
        is_whole = False
    lines = []
    total = Counts()
    begun_at = time.monotonic()
    for suite, counts, length_s in run_all(chosen, at_once=max(1, parsed.at_once)):
        lines.append(f"{suite.name:<10} {counts} in {length_s:.1f} s")
        sys.stdout.write(f"\n{lines[-1]}\n")
        total += counts
    summary = f"{total} in {time.monotonic() - begun_at:.1f} s\n"
    # Whoever sees only the end of a long log sees what is wrong.
    failures = [f"FAILED {line}" for line in total.failures]
    sys.stdout.write("\n" + "\n".join((*lines, *failures)) + f"\n{summary}")
    if is_whole:
        # make prints an error of its own after a failure; who wants the last word to be the counts reads it here.
        (REPORTS / "summary").write_text(summary, encoding="utf-8")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
