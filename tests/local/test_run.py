"""`python -m local` with small stand-ins for the emulator and the service: order, messages, exit codes, clean ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.process, pytest.mark.timeout(30)]

EMULATOR = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("warming up", flush=True)
print("ready https://localhost:8443 ca=/x/ca.pem control=http://127.0.0.1:8444", flush=True)
signal.sigwait({signal.SIGTERM})
print("emulator ended well", flush=True)
"""
COGNITO = """
import signal
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

class Control(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        self.send_response(200)
        self.end_headers()
        print("asked", self.path, asked, flush=True)
    def log_message(self, *_): pass

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
server = HTTPServer(("127.0.0.1", 0), Control)
Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
print(f"ready {base} issuer={base}/pool client=page control={base}/control user=demo@example.com password=secret",
      flush=True)
signal.sigwait({signal.SIGTERM})
print("cognito ended well", flush=True)
"""
SERVICE = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
port = os.environ["VOICE_PORT"]
print("model at", os.environ["VOICE_MODEL_ENDPOINT"], file=sys.stderr)
print(f"ready http://127.0.0.1:{port}", flush=True)
signal.sigwait({signal.SIGTERM})
print("service ended well", flush=True)
"""
DIES_EARLY = "import sys; sys.exit('VOICE_MODEL_ID is not a model')"
DIES_LATER = SERVICE.replace("signal.sigwait({signal.SIGTERM})", "sys.stdin.read(); sys.exit(3)")
IS_KILLED = SERVICE.replace("signal.sigwait({signal.SIGTERM})", "os.kill(os.getpid(), signal.SIGKILL)")
IGNORES_TERM = SERVICE.replace("port =", "signal.signal(signal.SIGTERM, signal.SIG_IGN); port =").replace(
    "signal.sigwait({signal.SIGTERM})", "signal.pause()"
)
LEAVES_A_GRANDCHILD = SERVICE.replace(
    "port =", "import subprocess; subprocess.Popen(['sleep', '600'], stdout=sys.stderr); port ="
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Assistant:
    """A running `python -m local` in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[str] | None = None

    def put(self, *, emulator: str = EMULATOR, service: str = SERVICE, cognito: str = COGNITO) -> None:
        parts = {"emulators/nova_sonic": emulator, "service": service, "emulators/cognito": cognito}
        for package, text in parts.items():
            folder = self.root / package
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
            (folder / "__main__.py").write_text(text)

    def start(self, *arguments: str, port: int | None = None) -> None:
        self.port = port or free_port()
        command = [
            sys.executable,
            "-m",
            "local",
            "--port",
            str(self.port),
            "--no-page",
            "--print-ready",
            *arguments,
        ]
        self.process = subprocess.Popen(command, cwd=self.root, stdout=subprocess.PIPE, text=True)

    @property
    def screen(self) -> IO[str]:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout

    def until_ready(self) -> str:
        seen = ""
        for line in self.screen:
            seen += line
            if line.startswith("ready "):
                return seen
        raise AssertionError(f"it never became ready:\n{seen}")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self) -> tuple[int, str]:
        """Exit code, and what was still to be read on the screen."""
        assert self.process is not None
        rest = self.screen.read()
        return self.process.wait(timeout=20), rest

    def log(self, name: str) -> str:
        return (self.root / ".run" / "logs" / f"{name}-{self.port}.log").read_text()


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    shutil.copytree(REPOSITORY / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pycache__"))
    running = Assistant(tmp_path)
    running.put()
    yield running
    if running.process is not None:
        running.process.kill()
        running.process.wait()
        running.screen.close()


def test_prints_one_address_and_how_to_stop(assistant: Assistant) -> None:
    assistant.start()
    seen = assistant.until_ready()

    assert f"ready http://127.0.0.1:{assistant.port}/" == seen.splitlines()[-1]
    assert "Ctrl-C stops it" in seen
    assert "make talk FILE=question.wav" in seen
    assert 1 == seen.replace(seen.splitlines()[-1], "").count(f"http://127.0.0.1:{assistant.port}/ ")


def test_the_service_is_told_where_the_emulator_listens(assistant: Assistant) -> None:
    assistant.start()
    assistant.until_ready()
    assistant.signal(signal.SIGTERM)
    assistant.ended()

    assert "model at https://localhost:8443" in assistant.log("service")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_signal_lets_every_part_end_well(assistant: Assistant, number: signal.Signals, code: int) -> None:
    assistant.start()
    assistant.until_ready()
    assistant.signal(number)

    assert code == assistant.ended()[0]
    assert "service ended well" in assistant.log("service")
    assert "emulator ended well" in assistant.log("emulator")


def test_the_service_starts_again_on_its_port_when_it_is_asked_to(assistant: Assistant) -> None:
    assistant.start()
    assistant.until_ready()
    runner = int((assistant.root / ".run" / f"runner-{assistant.port}.pid").read_text())
    os.kill(runner, signal.SIGUSR1)
    for line in assistant.screen:
        if line.startswith("  service") and "ready" in line:
            break
    assistant.signal(signal.SIGTERM)

    assert 0 == assistant.ended()[0]
    assert "emulator ended well" in assistant.log("emulator")
    assert not (assistant.root / ".run" / f"runner-{assistant.port}.pid").exists()


def test_ctrl_c_while_starting_stops_what_has_started(assistant: Assistant) -> None:
    assistant.put(
        service="import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}); signal.sigwait({signal.SIGTERM})"
    )
    assistant.start()
    for line in assistant.screen:
        if line.startswith("  service"):
            break
    assistant.signal(signal.SIGINT)

    assert 130 == assistant.ended()[0]
    assert "emulator ended well" in assistant.log("emulator")


def test_a_part_that_refuses_to_start_is_shown_with_its_last_words(assistant: Assistant) -> None:
    assistant.put(service=DIES_EARLY)
    assistant.start()
    code, seen = assistant.ended()

    assert 1 == code
    assert "the service ended with exit code 1" in seen
    assert "  | VOICE_MODEL_ID is not a model" in seen
    assert "emulator ended well" in assistant.log("emulator")


@pytest.mark.parametrize(
    ("service", "how"), [(DIES_LATER, "ended with exit code 3"), (IS_KILLED, "was killed by SIGKILL")]
)
def test_a_part_that_dies_takes_the_others_with_it(assistant: Assistant, service: str, how: str) -> None:
    assistant.put(service=service)
    assistant.start()
    code, seen = assistant.ended()

    assert 1 == code
    assert f"the service {how}" in seen
    assert "Stopping." in seen
    assert "emulator ended well" in assistant.log("emulator")


def test_a_second_ctrl_c_kills_a_part_that_does_not_stop(assistant: Assistant) -> None:
    assistant.put(service=IGNORES_TERM)
    assistant.start()
    assistant.until_ready()
    assistant.signal(signal.SIGINT)
    for line in assistant.screen:
        if "Stopping" in line:
            break
    assistant.signal(signal.SIGINT)

    assert 130 == assistant.ended()[0]


def test_what_a_part_started_itself_is_stopped_too(assistant: Assistant) -> None:
    assistant.put(service=LEAVES_A_GRANDCHILD)
    assistant.start()
    assistant.until_ready()
    assistant.signal(signal.SIGTERM)

    # The grandchild holds the screen's pipe of the service; were it alive, the log would never be complete.
    assert 0 == assistant.ended()[0]


def test_a_port_in_use_is_named_with_its_holder_and_the_remedy(assistant: Assistant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assistant.start(port=port)
        code, seen = assistant.ended()

    assert 1 == code
    assert f"port {port} is in use" in seen
    assert f"make run PORT={port + 1}" in seen
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in seen


def test_a_page_that_is_not_built_is_named_with_the_remedy(assistant: Assistant) -> None:
    assistant.port = free_port()
    command = [sys.executable, "-m", "local", "--port", str(assistant.port)]
    assistant.process = subprocess.Popen(command, cwd=assistant.root, stdout=subprocess.PIPE, text=True)
    code, seen = assistant.ended()

    assert 1 == code
    assert "the page is not built" in seen


def test_a_port_that_is_none_is_refused_before_anything_starts(assistant: Assistant) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "--port", "99999"],
        cwd=assistant.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 2 == done.returncode
    assert "ports go from 0 to 65535" in done.stderr


def test_the_pool_learns_the_pages_addresses_and_the_screen_who_may_sign_in(assistant: Assistant) -> None:
    assistant.start()
    seen = assistant.until_ready()
    assistant.signal(signal.SIGTERM)
    assistant.ended()
    asked = assistant.log("cognito")

    assert "Sign in as demo@example.com with the password secret" in seen
    assert "asked /control/clients/page " in asked
    for name in ("127.0.0.1", "localhost"):
        assert f"http://{name}:{assistant.port}/auth/callback" in asked
        assert f'"http://{name}:{assistant.port}/"' in asked
