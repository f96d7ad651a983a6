"""`python -m benchmarks.flame`: where the service's time goes, as flame graphs: over the SDK before, over our own client now.

The width of a box is its share of the samples; what is below half a percent is left out. A box rests on its caller.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zlib import crc32

from benchmarks import places
from benchmarks.page import PLOTS
from benchmarks.sessions import Profile, Span, as_line, measure
from benchmarks.subjects import SERVICE, SERVICE_SDK, Subject

_WIDTH: Final = 1100
_LINE: Final = 17
_CHARACTER: Final = 6.9
_LEAST: Final = 0.005
# Frames that every sample has: how the interpreter got to the event loop.
_COMMON: Final = re.compile(
    r"^(<module>|_run_module_as_main|_run_code|main|run|Runner\.run|run_until_complete) \("
)
# A thread that waits for work counts as busy to the sampler.
_IDLE: Final = re.compile(r"(^|;)_worker \(concurrent/futures/thread\.py:\d+\)$")
_LOOP: Final = "the event loop itself: receive, poll, write, TLS"
_STYLE: Final = "text{font:11px ui-monospace,monospace;fill:#1f2328} rect{stroke:#fff;stroke-width:.5}"


@dataclass(slots=True)
class Box:
    """One function in one place of the stack."""

    samples: int = 0
    callees: dict[str, "Box"] = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((box.depth() for box in self.callees.values()), default=0)


def folded(lines: Iterator[str]) -> Box:
    """The tree of what py-spy calls raw: `caller;callee count` a line."""
    root = Box()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        if _IDLE.search(stack):
            continue
        box = root
        box.samples += int(count)
        bare_names = [re.sub(r":\d+\)$", ")", name) for name in stack.split(";")]
        for bare in [name for name in bare_names if not _COMMON.match(name)] or [_LOOP]:
            box = box.callees.setdefault(bare, Box())
            box.samples += int(count)
    return root


def pruned(box: Box, least: int) -> Box:
    """Without what is too narrow to be seen."""
    callees = {name: pruned(callee, least) for name, callee in box.callees.items() if callee.samples >= least}
    return Box(box.samples, callees)


def drawn(root: Box, title: str) -> str:
    """The tree as an SVG."""
    root = pruned(root, max(1, int(root.samples * _LEAST)))
    height = (root.depth() + 1) * _LINE + 12
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">',
        f'<style>{_STYLE}</style><rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="4" y="{height - 5}">{escape(title)}</text>',
    ]
    lines += _boxes(root, 0.0, _WIDTH / max(1, root.samples), height - 2 * _LINE - 6, root.samples)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _boxes(box: Box, left: float, scale: float, top: float, total: int) -> Iterator[str]:
    for name, callee in sorted(box.callees.items()):
        width = callee.samples * scale
        hue = crc32(name.partition(" (")[2].encode()) % 50 + 10
        shown = name[: int(width / _CHARACTER)] if width > 4 * _CHARACTER else ""
        yield (
            f'<g><title>{escape(name)} {callee.samples / total:.1%}</title><rect x="{left:.1f}" y="{top:.0f}"'
            f' width="{width:.1f}" height="{_LINE - 1}" fill="hsl({hue} 80% 70%)"/>'
            f'<text x="{left + 3:.1f}" y="{top + 12:.0f}">{escape(shown)}</text></g>'
        )
        yield from _boxes(callee, left, scale, top - _LINE, total)
        left += width


def _record(py_spy: str, out: Path, pid: int, seconds: float) -> None:
    command = [
        py_spy,
        "record",
        "-p",
        str(pid),
        "-d",
        str(int(seconds)),
        "-r",
        "200",
        "-f",
        "raw",
        "-o",
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flame", description=__doc__)
    parser.add_argument("--py-spy", required=True, help="path of py-spy")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=40)
    options = parser.parse_args(arguments)
    places.own_network([sys.executable, "-m", "benchmarks.flame", *sys.argv[1:]])
    PLOTS.mkdir(parents=True, exist_ok=True)
    runs: Sequence[tuple[str, Subject]] = (("flame-sdk.svg", SERVICE_SDK), ("flame-direct.svg", SERVICE))
    for name, subject in runs:
        with TemporaryDirectory() as folder:
            raw = Path(folder) / "raw"
            row = measure(
                subject,
                Profile.DUPLEX,
                options.sessions,
                Span(seconds=options.seconds),
                watch=partial(_record, options.py_spy, raw),
            )
            with raw.open(encoding="utf-8") as lines:
                tree = folded(lines)
        title = f"{subject.name}, {options.sessions} sessions, full duplex"
        (PLOTS / name).write_text(drawn(tree, title), encoding="utf-8")
        print(as_line(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
