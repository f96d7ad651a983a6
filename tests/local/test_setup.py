"""What `setup.sh` installs, when it installs nothing, and how it says that something is missing."""

import subprocess

import pytest

from tests.local.checkout import Checkout


@pytest.fixture
def machine(checkout: Checkout) -> Checkout:
    """A machine that has everything."""
    checkout.install_python(checkout.tools / "python3.12")
    checkout.install_node()
    return checkout


def test_the_first_call_makes_everything_and_says_how_big_it_is(machine: Checkout) -> None:
    outcome = machine.script("setup.sh")

    assert 0 == outcome.code, outcome.complained
    assert ["venv", "install", "npm ci", "npm run"] == machine.calls
    assert "Installing 2 Python packages (about 220 MB" in outcome.said


def test_the_second_call_does_and_says_nothing(machine: Checkout) -> None:
    machine.script("setup.sh")
    before = machine.calls

    outcome = machine.script("setup.sh")

    assert (0, "", "") == (outcome.code, outcome.said, outcome.complained)
    assert before == machine.calls


def test_a_changed_lock_is_installed_into_the_environment_that_is_there(machine: Checkout) -> None:
    machine.script("setup.sh", "python")
    (machine.root / "requirements" / "dev.txt").write_text("a==2\n")

    machine.script("setup.sh", "python")

    assert ["venv", "install", "install"] == machine.calls


def test_a_changed_page_is_built_again_and_nothing_else(machine: Checkout) -> None:
    machine.script("setup.sh")
    (machine.root / "frontend_hosting" / "src" / "main.tsx").write_text("2")

    machine.script("setup.sh")

    assert ["venv", "install", "npm ci", "npm run", "npm run"] == machine.calls


def test_a_broken_off_installation_is_repaired_at_the_next_call(machine: Checkout) -> None:
    (machine.root / "pip.says").write_text("ERROR: Connection broken: timed out\n")
    broken = machine.script("setup.sh", "python")
    (machine.root / "pip.says").unlink()

    repaired = machine.script("setup.sh", "python")

    assert 1 == broken.code
    assert 0 == repaired.code
    assert ["venv", "install", "install"] == machine.calls


def test_an_environment_without_its_python_is_made_anew(machine: Checkout) -> None:
    machine.script("setup.sh", "python")
    (machine.root / ".venv" / "bin" / "python").unlink()

    assert 0 == machine.script("setup.sh", "python").code
    assert ["venv", "install", "venv", "install"] == machine.calls


def test_a_checkout_that_was_moved_gets_a_new_environment(machine: Checkout) -> None:
    machine.script("setup.sh", "python")
    moved = Checkout(
        root=machine.root.rename(machine.root.with_name("moved")), tools=machine.tools, home=machine.home
    )

    assert 0 == moved.script("setup.sh", "python").code
    assert ["venv", "install", "venv", "install"] == moved.calls


@pytest.mark.parametrize(
    ("pip_says", "remedy"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: Retrying: Temporary failure in name resolution", "Check the network or the proxy"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the file that was locked"),
        ("ERROR: [Errno 13] Permission denied: '.venv'", "no permission to write"),
        ("ERROR: something nobody foresaw", "The full log is .run/setup.log"),
    ],
)
def test_a_failed_installation_names_its_remedy_and_shows_the_tools_words(
    machine: Checkout, pip_says: str, remedy: str
) -> None:
    (machine.root / "pip.says").write_text(pip_says + "\n")

    outcome = machine.script("setup.sh", "python")

    assert 1 == outcome.code
    assert remedy in outcome.complained
    assert f"  | {pip_says}" in outcome.complained


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v20.9.0", "v8.1.0"])
def test_an_old_node_is_named_with_the_version_that_is_needed(machine: Checkout, version: str) -> None:
    machine.install_node(version=version)

    outcome = machine.script("setup.sh", "node")

    assert 1 == outcome.code
    assert f"Node.js is {version}; 20.19 or newer is needed" in outcome.complained


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.0", "v24.1.0", "v100.0.0"])
def test_a_newer_node_is_taken(machine: Checkout, version: str) -> None:
    machine.install_node(version=version)

    assert 0 == machine.script("setup.sh", "node").code


def test_without_node_the_message_names_the_way_without_a_page(checkout: Checkout) -> None:
    outcome = checkout.script("setup.sh", "node")

    assert 1 == outcome.code
    assert "Node.js 20.19 or newer builds the page and is not on PATH" in outcome.complained
    assert "make run PAGE=no" in outcome.complained


def test_two_calls_at_once_install_once(machine: Checkout) -> None:
    script = [machine.tools / "sh", machine.root / "local" / "setup.sh"]
    both = [subprocess.Popen(script, env=machine.environment(), stdout=subprocess.DEVNULL) for _ in range(2)]

    assert [0, 0] == [call.wait(timeout=30) for call in both]
    assert ["venv", "install", "npm ci", "npm run"] == machine.calls


def test_a_lock_whose_owner_died_is_taken_over(machine: Checkout) -> None:
    ended = subprocess.Popen([machine.tools / "sh", "-c", ":"])
    ended.wait(timeout=10)
    lock = machine.root / ".run" / "setup.lock"
    lock.mkdir(parents=True)
    (lock / "pid").write_text(str(ended.pid))

    assert 0 == machine.script("setup.sh", "python").code
    assert not lock.exists()


def test_a_checkout_that_cannot_be_written_is_named(machine: Checkout) -> None:
    (machine.root / ".run").write_text(
        "a file where the folder belongs; a read-only folder would not stop root"
    )

    outcome = machine.script("setup.sh", "python")

    assert 1 == outcome.code
    assert "the checkout must be writable" in outcome.complained


def test_an_unknown_part_is_refused(machine: Checkout) -> None:
    assert "the parts are python, node and page" in machine.script("setup.sh", "ruby").complained
