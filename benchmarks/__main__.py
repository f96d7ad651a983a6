"""`python -m benchmarks`: what `make bench` calls. Measures everything and writes docs/performance.md."""

import argparse
import sys
from pathlib import Path
from typing import Final

from benchmarks.processes import ROOT
from benchmarks.report import render, this_machine
from benchmarks.sessions import HEAD, NUMBERS, Peer, Profile, Row, as_line, rows

_RUNS: Final = (
    (Peer.SERVICE, Profile.DUPLEX),
    (Peer.SERVICE, Profile.REALISTIC),
    (Peer.SDK, Profile.DUPLEX),
    (Peer.FLOOR, Profile.DUPLEX),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--sessions", default=",".join(map(str, NUMBERS)), help="numbers of sessions, by commas"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each measurement")
    parser.add_argument("--settle", type=float, default=4.0, help="seconds to wait before it")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "performance.md", help="the page to write"
    )
    options = parser.parse_args()
    machine = this_machine(" ".join(["python -m benchmarks", *sys.argv[1:]]))
    if machine.was_busy:
        print(
            f"This machine is busy (load average {machine.facts['load average before']}); the page will say so."
        )
    numbers = [int(number) for number in options.sessions.split(",")]
    measured: list[Row] = []
    for peer, profile in _RUNS:
        print(f"\n{peer.value}, {profile.title}\n{HEAD}")
        for row in rows(peer, profile, numbers, settle_s=options.settle, seconds=options.seconds):
            measured.append(row)
            print(as_line(row), flush=True)
    options.out.write_text(render(measured, machine), encoding="utf-8")
    print(f"\nwritten: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
