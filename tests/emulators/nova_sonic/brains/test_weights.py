import hashlib
from pathlib import Path

import pytest

from emulators.nova_sonic.brains.weights import SpeechUnavailableError, Weights

CONTENT = b"weights"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installed package with one model file in it."""
    folder = tmp_path / "tiny_model_for_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('must not be run before it is verified')\n")
    (folder / "model.bin").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def weights(
    package: str = "tiny_model_for_test", sha256: str = hashlib.sha256(CONTENT).hexdigest()
) -> Weights:
    return Weights(package=package, file="model.bin", sha256=sha256)


def test_the_file_that_was_measured_is_accepted_without_running_its_package(package: Path) -> None:
    assert package / "model.bin" == weights().verified()


def test_any_other_content_is_refused_and_the_remedy_named(package: Path) -> None:
    (package / "model.bin").write_bytes(CONTENT + b"!")

    with pytest.raises(
        SpeechUnavailableError, match=r"sha256 \w+, expected \w+.*requirements/emulators\.txt"
    ):
        weights().verified()


def test_a_missing_file_is_refused(package: Path) -> None:
    (package / "model.bin").unlink()

    with pytest.raises(SpeechUnavailableError, match="cannot be read"):
        weights().verified()


def test_a_missing_package_is_named() -> None:
    missing = weights(package="no_such_package_for_test")

    assert not missing.installed
    with pytest.raises(SpeechUnavailableError, match="no_such_package_for_test is not installed"):
        missing.verified()
