from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("state")) as emulator:
        yield emulator


@pytest.fixture
def emulator(process: EmulatorProcess) -> Iterator[EmulatorProcess]:
    yield process
    process.control("DELETE", "/faults")


def test_health_names_the_endpoint(emulator: EmulatorProcess) -> None:
    health = emulator.control("GET", "/health")

    assert {"status": "ok", "endpoint": emulator.endpoint, "brain": "scripted"} == health


def test_status_tells_everything_that_can_be_turned(emulator: EmulatorProcess) -> None:
    status = emulator.control("GET", "/status")

    assert ("scripted", "default", 1.0, 20, 0) == tuple(
        status[name] for name in ("brain", "scenario", "timeScale", "quota", "openStreams")
    )
    assert "amazon.nova-2-sonic-v1:0" in status["models"]
    assert {} == status["counters"]["exceptions"]


def test_faults_are_armed_listed_and_disarmed(emulator: EmulatorProcess) -> None:
    emulator.control("POST", "/faults", [{"kind": "throttling", "count": 2}, {"kind": "abort"}])
    listed = emulator.control("GET", "/faults")
    assert ["throttling", "abort"] == [fault["kind"] for fault in listed]

    assert {"disarmed": 1} == emulator.control("DELETE", f"/faults/{listed[0]['number']}")
    assert ["abort"] == [fault["kind"] for fault in emulator.control("GET", "/faults")]
    assert {"disarmed": 1} == emulator.control("DELETE", "/faults")


def test_one_wrong_fault_of_several_arms_none(emulator: EmulatorProcess) -> None:
    problem = emulator.control("POST", "/faults", [{"kind": "abort"}, {"kind": "trottle"}])

    assert problem["detail"].startswith("fault: kind 'trottle' is unknown")
    assert [] == emulator.control("GET", "/faults")


def test_a_scenario_brings_its_own_faults(emulator: EmulatorProcess) -> None:
    answer = emulator.control("POST", "/scenario", {"toml": '[[fault]]\nkind = "silence"\nafter_s = 3.0\n'})
    assert ["silence"] == [fault["kind"] for fault in answer["faults"]]

    answer = emulator.control("POST", "/scenario", {"name": "default"})
    assert {"scenario": "default", "faults": []} == answer


def test_a_scenario_with_a_wrong_fault_changes_nothing(emulator: EmulatorProcess) -> None:
    problem = emulator.control("POST", "/scenario", {"toml": '[[fault]]\nkind = "silense"\n'})

    assert (
        "scenario 'posted', fault 1: kind 'silense' is unknown; did you mean 'silence'?" == problem["detail"]
    )
    assert "default" == emulator.control("GET", "/status")["scenario"]


def test_the_scenarios_that_come_along_are_listed(emulator: EmulatorProcess) -> None:
    assert "weather-tool" in [scenario["name"] for scenario in emulator.control("GET", "/scenarios")]


def test_quota_and_time_scale_are_turned(emulator: EmulatorProcess) -> None:
    emulator.control("POST", "/quota", {"streams": 3})
    emulator.control("POST", "/time-scale", {"scale": 10})
    status = emulator.control("GET", "/status")
    assert (3, 10.0) == (status["quota"], status["timeScale"])

    emulator.control("POST", "/quota", {"streams": 20})
    emulator.control("POST", "/time-scale", {"scale": 1})


def test_keys_come_and_go(emulator: EmulatorProcess) -> None:
    answer = emulator.control("POST", "/credentials", {"accessKey": "AKIDOTHER", "secret": "s"})
    assert "AKIDOTHER" in answer["accessKeys"]

    answer = emulator.control("POST", "/credentials", {"accessKey": "AKIDOTHER", "secret": None})
    assert "AKIDOTHER" not in answer["accessKeys"]


@pytest.mark.parametrize(
    ("request_line", "body", "status", "detail"),
    [
        ("GET /nothing", None, 404, "nothing at /nothing; there is /health, "),
        ("DELETE /status", None, 405, "/status takes GET"),
        ("DELETE /faults/99", None, 404, "no fault has the number 99"),
        (
            "POST /faults",
            {"kind": "abort", "at": "opne"},
            400,
            "fault: at 'opne' is unknown; did you mean 'open'?",
        ),
        ("POST /faults", ["abort"], 400, "the body must be a JSON object"),
        (
            "POST /faults",
            {"kind": "limit-streams", "at": "now"},
            400,
            'fault: limit-streams can only happen at = "open"',
        ),
        ("POST /scenario", {"nmae": "default"}, 400, 'give {"name": '),
        (
            "POST /scenario",
            {"name": "wheather-tool"},
            400,
            "there is no scenario 'wheather-tool'; did you mean",
        ),
        ("POST /quota", {"streams": -1}, 400, 'give {"streams": a whole number}'),
        ("POST /quota", {"streams": True}, 400, 'give {"streams": a whole number}'),
        ("POST /time-scale", {"scale": 0}, 400, 'give {"scale": a number above 0}'),
        ("POST /switches", {"complition_end": "never"}, 400, "profile "),
        ("POST /credentials", {"accessKey": "AKIDNOBODY", "secret": None}, 400, 'give {"accessKey": '),
    ],
)
def test_a_mistake_is_a_problem_that_names_it(
    emulator: EmulatorProcess, request_line: str, body: Any, status: int, detail: str
) -> None:
    method, path = request_line.split()
    problem = emulator.control(method, path, body)

    assert status == problem["status"]
    assert problem["detail"].startswith(detail)


def test_a_page_of_another_origin_cannot_use_it(emulator: EmulatorProcess) -> None:
    import http.client  # noqa: PLC0415 - the only test that needs wrong headers

    def post(headers: dict[str, str], body: bytes) -> int:
        connection = http.client.HTTPConnection(emulator.control_url.removeprefix("http://"))
        connection.request("POST", "/quota", body=body, headers=headers)
        with connection.getresponse() as answer:
            status = answer.status
        connection.close()
        return status

    json_kind = "application/json"
    assert 415 == post({"content-type": "text/plain"}, b'{"streams": 20}')
    assert 403 == post({"content-type": json_kind, "host": "rebound.example"}, b'{"streams": 20}')
    assert 400 == post({"content-type": json_kind}, b'{"streams"')
    assert 413 == post({"content-type": json_kind}, b" " * 1_100_000)
    assert 200 == post({"content-type": json_kind}, b'{"streams": 20}')
