"""A checkout in a temporary folder: the real scripts, and stand-ins for Python, Node and npm that record their calls."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COREUTILS = [
    "awk",
    "cat",
    "cksum",
    "cp",
    "date",
    "df",
    "dirname",
    "find",
    "grep",
    "id",
    "kill",
    "mkdir",
    "rm",
    "sed",
    "sh",
    "sleep",
    "sort",
    "tail",
    "tr",
    "xargs",
]

FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo "$PWD/.venv" >.venv/bin/activate; echo venv >>calls ;;
"-m pip")
    [ "$3" = --version ] && exit 0
    echo install >>calls
    [ -f pip.says ] && cat pip.says && exit 1
    exit 0 ;;
*) echo "{version} {fit}" ;;
esac
"""
FAKE_NPM = """#!/bin/sh
echo "npm $3" >>calls
case "$3" in
ci) mkdir -p frontend_hosting/node_modules ;;
run) mkdir -p frontend_hosting/dist && echo built >frontend_hosting/dist/index.html ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: int
    said: str
    complained: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A folder that looks like this repository to its scripts, on a machine with only what the test put there."""

    root: Path
    tools: Path
    home: Path

    def install(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def install_python(self, path: Path, *, version: str = "3.12.1", fit: str = "ok") -> None:
        self.install(path, FAKE_PYTHON.replace("{version}", version).replace("{fit}", fit))

    def install_node(self, *, version: str = "v20.20.2") -> None:
        self.install(self.tools / "node", f"#!/bin/sh\necho {version}\n")
        self.install(self.tools / "npm", FAKE_NPM)

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self.tools), "HOME": str(self.home), **more}

    def script(self, name: str, *arguments: str, **more: str) -> Outcome:
        done = subprocess.run(
            [self.tools / "sh", self.root / "local" / name, *arguments],
            cwd=self.root,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return Outcome(code=done.returncode, said=done.stdout, complained=done.stderr)

    @property
    def calls(self) -> list[str]:
        calls = self.root / "calls"
        return calls.read_text().splitlines() if calls.exists() else []
