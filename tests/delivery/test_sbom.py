"""The bill of materials names what is inside, from the inside."""

import json
from pathlib import Path

import pytest

from delivery.sbom import NothingInsideError, document, main


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "venv/lib/python3.12/site-packages/Some_Thing-1.2.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: Some_Thing\nVersion: 1.2\nLicense-Expression: MIT\n\nText.\n"
    )
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(
        "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.17-1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    return tmp_path


def test_python_and_debian_packages_are_named_so_that_scanners_find_them(root: Path) -> None:
    components = {one["purl"]: one for one in document(root)["components"]}

    assert {"pkg:pypi/some-thing@1.2", "pkg:deb/debian/libssl3@3.0.17-1"} == set(components)
    assert [{"expression": "MIT"}] == components["pkg:pypi/some-thing@1.2"]["licenses"]


def test_a_folder_without_packages_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(NothingInsideError, match="there is no package in"):
        document(tmp_path)


def test_the_command_prints_the_document(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main([str(root)])
    assert "CycloneDX" == json.loads(capsys.readouterr().out)["bomFormat"]


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["/nowhere"]])
def test_what_is_no_image_ends_with_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(arguments)
    assert 1 == capsys.readouterr().err.count("\n")
