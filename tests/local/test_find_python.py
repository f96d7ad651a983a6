"""Which Python is taken, wherever it is installed, and what is said when there is none."""

# Interpreters outside PATH and HOME (/usr/local, /opt/homebrew) belong to the machine and cannot be taken away here.
from pathlib import Path

import pytest

from tests.local.checkout import Checkout

SYSTEM_HAS_ONE = any(
    Path(folder, f"python{version}").exists()
    for folder in ("/usr/local/bin", "/opt/homebrew/bin")
    for version in ("3.12", "3.13", "3.14")
)
without_system_python = pytest.mark.skipif(
    SYSTEM_HAS_ONE, reason="this machine has a Python in /usr/local or Homebrew"
)


def test_takes_the_version_that_the_container_runs_first(checkout: Checkout) -> None:
    checkout.install_python(checkout.tools / "python3.13", version="3.13.0")
    checkout.install_python(checkout.tools / "python3.12")

    assert f"{checkout.tools}/python3.12\n" == checkout.script("find_python.sh").said


def test_passes_over_an_old_python_for_a_pyenv_version_that_is_not_on_the_path(checkout: Checkout) -> None:
    checkout.install_python(checkout.tools / "python3", version="3.11.2", fit="old")
    hidden = checkout.home / ".pyenv" / "versions" / "3.12.7" / "bin" / "python"
    checkout.install_python(hidden)

    assert f"{hidden}\n" == checkout.script("find_python.sh").said


def test_finds_a_pyenv_that_lives_elsewhere(checkout: Checkout) -> None:
    hidden = checkout.home / "py env" / "versions" / "3.13.1" / "bin" / "python"
    checkout.install_python(hidden, version="3.13.1")

    assert f"{hidden}\n" == checkout.script("find_python.sh", PYENV_ROOT=str(checkout.home / "py env")).said


@without_system_python
def test_finds_a_python_that_uv_manages(checkout: Checkout) -> None:
    hidden = checkout.home / ".local/share/uv/python/cpython-3.12.9-linux-x86_64-gnu/bin/python3"
    checkout.install_python(hidden)

    assert f"{hidden}\n" == checkout.script("find_python.sh").said


def test_passes_over_a_pyenv_shim_that_refuses_to_run(checkout: Checkout) -> None:
    checkout.install(
        checkout.tools / "python3.12",
        "#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n",
    )
    checkout.install_python(checkout.tools / "python3.13", version="3.13.0")

    assert f"{checkout.tools}/python3.13\n" == checkout.script("find_python.sh").said


def test_takes_the_one_the_user_names(checkout: Checkout) -> None:
    checkout.install_python(checkout.tools / "python3.12")
    mine = checkout.home / "mine"
    checkout.install_python(mine)

    assert f"{mine}\n" == checkout.script("find_python.sh", PYTHON=str(mine)).said


@without_system_python
def test_without_any_it_names_what_it_saw_and_what_to_install(checkout: Checkout) -> None:
    checkout.install_python(checkout.tools / "python3", version="3.11.2", fit="old")
    checkout.install_python(checkout.tools / "python3.13", version="3.13.0", fit="no-venv")

    outcome = checkout.script("find_python.sh")

    assert 1 == outcome.code
    assert "python3 is 3.11.2, too old" in outcome.complained
    assert "python3.13 is 3.13.0 but lacks venv" in outcome.complained
    assert "sudo apt-get install python3.12" in outcome.complained
