import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from emulators.nova_sonic.command_line import fault_table, parser
from emulators.nova_sonic.fault_tables import FaultError
from tests.emulators.nova_sonic.emulator_process import COMMAND, PATIENCE_S, running_emulator


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_a_fault_is_written_in_words_or_as_json() -> None:
    in_words = fault_table('cut on_output=audioOutput nth=2 count="every"')

    assert {"kind": "cut", "on_output": "audioOutput", "nth": 2, "count": "every"} == in_words
    assert in_words == fault_table('{"kind":"cut","on_output":"audioOutput","nth":2,"count":"every"}')
    assert {"kind": "reset", "code": "CANCEL"} == fault_table("reset code=CANCEL")


@pytest.mark.parametrize("text", ["", "count=2", "abort now", "{", '{"kind"}'])
def test_a_fault_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(FaultError):
        fault_table(text)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "70000"], "'70000' is no port; give 0 to 65535"),
        (["--time-scale", "0"], "'0' is no number above 0"),
        (["--credentials", "AKID"], "write an access key and its secret as KEY=SECRET"),
        (["--quota", "-1"], "is no whole number"),
        (["--fault", "throtling"], "kind 'throtling' is unknown; did you mean 'throttling'?"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        parser().parse_args(options)

    assert 2 == refusal.value.code
    assert sentence in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--scenario", "wheather-tool"],
            "there is no scenario 'wheather-tool'; did you mean 'weather-tool'?",
        ),
        (["--switch", "missing_rule=true"], "did you mean 'missing_role'?"),
        (["--brain", "speech", "--scenario", "default"], "--scenario is a script for --brain scripted"),
        (
            ["--host", "no-such-host.invalid", "--port", "0", "--control-port", "0"],
            "cannot listen on no-such-host.invalid",
        ),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    finished = run("--state-dir", str(tmp_path), *options)

    assert 2 == finished.returncode
    assert finished.stderr.startswith("emulator: ")
    assert sentence in finished.stderr
    assert 1 == len(finished.stderr.splitlines())


@pytest.mark.process
def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = run("--state-dir", str(tmp_path), "--port", str(port), "--control-port", "0")

    assert 2 == finished.returncode
    assert f"emulator: port {port} on 127.0.0.1 is in use" in finished.stderr
    assert "give --port another number, 0 for any free one" in finished.stderr


@pytest.mark.process
def test_the_scenarios_are_listed() -> None:
    finished = run("--list-scenarios")

    assert 0 == finished.returncode
    assert "weather-tool" in finished.stdout


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    with running_emulator(tmp_path, "--profile", "nova-2-sonic") as emulator:
        assert emulator.ready_line.endswith("brain=scripted profile=nova-2-sonic\n")
        started = time.monotonic()
        emulator.process.send_signal(number)

        assert 0 == emulator.process.wait(PATIENCE_S)
        assert time.monotonic() - started < 2.0


@pytest.mark.process
def test_one_profile_serves_its_own_models_only(tmp_path: Path) -> None:
    with running_emulator(tmp_path, "--profile", "nova-2-sonic") as emulator:
        assert ["amazon.nova-2-sonic-v1:0"] == emulator.control("GET", "/status")["models"]
