"""Write the commit behind the release tag of every action into the workflows. The only tool here that asks GitHub.

A line `uses: owner/name@TAG` becomes `uses: owner/name@COMMIT # TAG`; a line that has a commit is compared with its tag.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final

from stacks.paths import ROOT

_USES: Final = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<ref>\S+)(?: # (?P<tag>\S+))?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")

type Resolve = Callable[[str, str], str]


def ask_github(action: str, tag: str) -> str:
    """The commit of a tag, as git tells it; an annotated tag is followed to its commit."""
    repository = "/".join(action.split("/")[:2])
    done = subprocess.run(  # noqa: S603 - the words come from our own workflows
        ["git", "ls-remote", f"https://github.com/{repository}", f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"],  # noqa: S607 - git of the machine
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    lines = done.stdout.split("\n")
    found = [line.split("\t")[0] for line in lines if line.endswith("^{}")] or [
        line.split("\t")[0] for line in lines if line
    ]
    if not found:
        raise LookupError(f"{action} has no tag {tag}")
    return found[0]


def pinned(text: str, resolve: Resolve) -> str:
    """The workflow with every action at a commit and its tag beside it."""

    def pin(match: re.Match[str]) -> str:
        action, ref, tag = match["action"], match["ref"], match["tag"]
        tag = tag or ref
        if _COMMIT.fullmatch(tag):
            raise LookupError(f"{action}@{ref} does not say which release it is; write the tag behind it")
        return f"uses: {action}@{resolve(action, tag)} # {tag}"

    return _USES.sub(pin, text)


def main(_arguments: Sequence[str]) -> int:
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        before = path.read_text(encoding="utf-8")
        try:
            after = pinned(before, ask_github)
        except (LookupError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"pin-actions: {error}\n")
            return 2
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{path.name}: changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
