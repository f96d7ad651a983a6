"""What is inside an image, as a CycloneDX document: every Python and Debian package, read off its file system.

`python -m delivery.sbom ROOT` prints the document for an unpacked image. The same image gives the same bytes.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

_BAD_NAME = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Component:
    """One package: where it comes from, and which one."""

    kind: str
    name: str
    version: str
    licence: str = ""

    @property
    def purl(self) -> str:
        """The address by which scanners look a package up."""
        return f"pkg:{self.kind}/{self.name}@{self.version}"


class NothingInsideError(ValueError):
    """Raised for a folder that holds no package: it is no unpacked image."""


def python_packages(root: Path) -> Iterator[Component]:
    """Every distribution below any site-packages."""
    for metadata in root.rglob("site-packages/*.dist-info/METADATA"):
        said = HeaderParser().parsestr(
            metadata.read_text(encoding="utf-8", errors="replace"), headersonly=True
        )
        yield Component(
            kind="pypi",
            name=normalised(said["Name"]),
            version=said["Version"],
            licence=said.get("License-Expression") or "",
        )


def debian_packages(root: Path) -> Iterator[Component]:
    """What dpkg's own list says is installed."""
    status = root / "var/lib/dpkg/status"
    if not status.is_file():
        return
    for paragraph in status.read_text(encoding="utf-8", errors="replace").split("\n\n"):
        said = HeaderParser().parsestr(paragraph, headersonly=True)
        if said.get("Status") == "install ok installed":
            yield Component(kind="deb/debian", name=said["Package"], version=said["Version"])


def normalised(name: str) -> str:
    """A Python package's name as the index spells it."""
    return _BAD_NAME.sub("-", name).lower()


def document(root: Path) -> dict[str, Any]:
    """The bill of materials of an unpacked image; raises NothingInsideError."""
    components = sorted({*python_packages(root), *debian_packages(root)})
    if not components:
        raise NothingInsideError(
            f"there is no package in {root}; give it the unpacked file system of an image"
        )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": "voice-service"}},
        "components": [
            {
                "type": "library",
                "name": one.name,
                "version": one.version,
                "purl": one.purl,
                **({"licenses": [{"expression": one.licence}]} if one.licence else {}),
            }
            for one in components
        ],
    }


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("sbom: say where the unpacked image is: python -m delivery.sbom ROOT\n")
        return 2
    try:
        written = document(Path(arguments[0]))
    except NothingInsideError as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 2
    sys.stdout.write(json.dumps(written, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
