"""The assistant for the time of a test run: on a free port, gone afterwards."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_GRACE_S = 15.0


class NotStarted(Exception):  # noqa: N818 - what happened, in the words of the message it carries
    """The assistant did not start; the message is what it said."""


@contextlib.contextmanager
def assistant(root: Path, *, arguments: Sequence[str] = ()) -> Iterator[str]:
    """Run `python -m local` in `root`; gives the address without a closing slash, raises NotStarted."""
    command = [sys.executable, "-m", "local", "--port", "0", "--print-ready", *arguments]
    # The command is our own.
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)  # noqa: S603 - see above
    try:
        yield _address(process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("ready "):
            return line.split()[1].rstrip("/")
    raise NotStarted("".join(said).strip() or "the assistant ended without a word")
