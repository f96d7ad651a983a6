"""An assistant for the time of a test run, with small stand-ins for its parts."""

import shutil
from pathlib import Path

import pytest

from local import stage
from tests.local.checkout import REPOSITORY
from tests.local.test_run import COGNITO, EMULATOR, SERVICE

pytestmark = [pytest.mark.process, pytest.mark.timeout(30)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pycache__"))
    for package, text in (
        ("emulators/nova_sonic", EMULATOR),
        ("emulators/cognito", COGNITO),
        ("service", SERVICE),
    ):
        folder = tmp_path / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "__main__.py").write_text(text)
    return tmp_path


def test_gives_the_address_and_is_gone_afterwards(root: Path) -> None:
    with stage.assistant(root, arguments=["--no-page"]) as url:
        assert "http://127.0.0.1:0" == url  # the stand-in listens nowhere

    assert "service ended well" in (root / ".run/logs/service-0.log").read_text()


def test_what_kept_it_from_starting_is_told(root: Path) -> None:
    with pytest.raises(stage.NotStarted, match="the page is not built"), stage.assistant(root):
        pass


def test_a_failing_test_run_stops_it_as_well(root: Path) -> None:
    with pytest.raises(KeyboardInterrupt), stage.assistant(root, arguments=["--no-page"]):
        raise KeyboardInterrupt

    assert "emulator ended well" in (root / ".run/logs/emulator-0.log").read_text()
