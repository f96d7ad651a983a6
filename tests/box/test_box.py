"""The deployed task does on this machine what it would do on Fargate."""

import json
import re
import socket
import time
import wave
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from delivery.sbom import document, normalised
from stacks.paths import ROOT
from tests.box.box import Box
from tests.box.bundle import container_of
from tests.speech.corpus import synthetic_clips

pytestmark = [pytest.mark.process, pytest.mark.speech, pytest.mark.timeout(1500)]

_ROUNDS = 3
VOICE = Subprotocol("voice.v1")


def test_the_health_check_of_the_task_passes_inside_it(box: Box) -> None:
    command = container_of(box.ingredients.deployed.task)["healthCheck"]["command"]

    assert "CMD" == command[0]
    done = box.container.run(*command[1:])
    assert 0 == done.returncode, done.stderr


def test_the_process_can_do_nothing_but_serve(box: Box) -> None:
    status = dict(
        line.split(":\t", 1)
        for line in box.container.run("python", "-c", "print(open('/proc/1/status').read())").stdout.splitlines()
        if ":\t" in line
    )  # fmt: skip

    assert {"10001"} == set(status["Uid"].split())
    assert {0} == {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")}


@pytest.mark.parametrize("place", ["/app/x", "/venv/x", "/etc/x", "/x"])
def test_no_file_can_be_written_where_code_lies(box: Box, place: str) -> None:
    done = box.container.run("python", "-c", f"open('{place}', 'w')")

    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize(
    "tool", ["sh", "bash", "apt-get", "dpkg", "pip", "perl", "tar", "curl", "su", "mount"]
)
def test_there_is_no_tool_for_an_intruder(box: Box, tool: str) -> None:
    find = f"import shutil, sys; sys.exit(shutil.which('{tool}', path='/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin:/venv/bin') or 0)"

    done = box.container.run("python", "-c", find)

    assert (0, "") == (done.returncode, done.stderr)


def test_what_is_inside_is_what_was_locked(box: Box) -> None:
    """The bill of materials is read off the image itself; the lock says what should be there."""
    inside = {
        (one["name"], one["version"]) for one in document(box.ingredients.rootfs / "venv")["components"]
    }
    lock = (ROOT / "requirements/service.txt").read_text()
    locked = {
        (normalised(name), version)
        for name, version in re.findall(r"^([\w.-]+)==([^ ;]+)", lock, re.MULTILINE)
    }

    assert set() == inside - locked
    assert {"fastapi", "uvicorn", "boto3"} <= {name for name, _ in inside}
    everything = document(box.ingredients.rootfs)["components"]
    assert any(one["purl"].startswith("pkg:deb/") for one in everything)


def test_the_one_writable_place_can_be_written_by_the_service(box: Box) -> None:
    done = box.container.run("python", "-c", "open('/tmp/x', 'w').write('x')")

    assert 0 == done.returncode, done.stderr


def test_the_limits_are_those_of_the_task(box: Box) -> None:
    quota = int(box.container.counter("cpu", "cpu.cfs_quota_us", "cpu.max").split()[0])
    memory = int(box.container.counter("memory", "memory.limit_in_bytes", "memory.max"))

    assert (50_000, 1024 * 2**20) == (quota, memory)


def test_the_processor_limit_is_felt(box: Box) -> None:
    spend = (
        "import time; t = time.monotonic()\nwhile time.monotonic() - t < 4: pass\nprint(time.process_time())"
    )

    before_s = box.container.throttled_s()
    spent_s = float(box.container.run("python", "-c", spend).stdout)

    assert spent_s < 2.5
    assert box.container.throttled_s() > before_s


def test_the_load_balancer_finds_the_task_healthy(box: Box) -> None:
    group = box.ingredients.deployed.group
    until = time.monotonic() + _ROUNDS * group["HealthCheckIntervalSeconds"]
    while (status := box.get("/health")) != 200 and time.monotonic() < until:
        time.sleep(0.5)  # HAProxy's own clock decides when it looks

    assert 200 == status


def test_the_socket_is_reached_over_tls_1_3(box: Box) -> None:
    with (
        socket.create_connection(("127.0.0.1", box.port), timeout=10) as plain,
        box.trust.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        assert "TLSv1.3" == tls.version()


def test_a_stranger_gets_no_socket(box: Box) -> None:
    with pytest.raises(InvalidStatus, match="401"):
        connect(box.socket_url, ssl=box.trust, subprotocols=[VOICE])


def test_a_spoken_question_is_answered_with_speech(box: Box, tmp_path: Path) -> None:
    reply = tmp_path / "reply.wav"
    question = tmp_path / "question.wav"
    with wave.open(str(question), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(synthetic_clips(["What time is it in Berlin?"])[0].pcm16k)

    done = box.talk(str(question), "--out", str(reply), "--json")

    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    assert reply.stat().st_size > 20_000
    assert 1 == box.ingredients.stored("TURN"), "the turn is in the deployed table"


def test_the_canary_speaks_from_the_same_image_and_hears_the_right_answer(box: Box) -> None:
    pool = box.ingredients.pool
    settings = {
        "CANARY_URL": "ws://127.0.0.1:8000/ws",
        "CANARY_STAGE": "dev",
        "CANARY_SIGN_IN_URL": pool.url,
        "CANARY_CLIENT_ID": pool.facts["client"],
        "CANARY_REFRESH_TOKEN": pool.sign_in()["refresh_token"],
    }

    done = box.container.run(
        "python", "-c", f"import sys; from talk.canary import main; sys.exit(main({settings!r}))"
    )

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    counted, timed, _ = map(json.loads, done.stdout.splitlines())
    assert ("ok", 1) == (counted["Outcome"], counted["CanaryTurn"])
    assert 0 < timed["CanaryLatency"] < 20_000


def test_the_model_was_asked_with_the_credentials_of_the_task_role(box: Box) -> None:
    """They are the only ones that this emulator's account was told of beside its default, and none is in the environment."""
    names = box.container.run("python", "-c", "import os, json; print(json.dumps(sorted(os.environ)))").stdout

    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" in json.loads(names)
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(json.loads(names))


def test_after_sigterm_a_call_is_sent_away_and_the_task_ends_in_time(box: Box) -> None:
    """The last one here: it ends the box of all."""
    token = box.ingredients.pool.sign_in()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with connect(
        box.socket_url,
        ssl=box.trust,
        subprotocols=[VOICE],
        additional_headers=headers,
    ) as call:
        call.send('{"type":"start"}')
        while '"listening"' not in str(call.recv(timeout=20)):
            pass
        began_at = time.monotonic()
        box.container.signal("TERM")
        heard: list[str] = []
        # Iterating ends without an error only after 1000; this ends with 4503.
        with pytest.raises(ConnectionClosed) as closed:
            heard.extend(str(message) for message in call)
    code = box.container.ended(box.ingredients.deployed.stop_timeout_s)

    assert any("goAway" in message for message in heard), heard
    assert closed.value.rcvd is not None
    assert 4503 == closed.value.rcvd.code
    assert 0 == code, box.container.text[-2000:]
    assert time.monotonic() - began_at < box.ingredients.deployed.stop_timeout_s
