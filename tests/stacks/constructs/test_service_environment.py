"""The container is told what the service reads: no name more, and no name that matters less."""

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from stacks.constructs.service_environment import AWAITED
from tests.stacks.assemblies import Assembly
from tests.stacks.properties.tasks import environment

# What the service decides for itself on AWS: its defaults are right there, or the setting is for laptops.
LEFT_TO_THE_SERVICE = {
    "page_dir", "auth", "auth_scopes", "model_api", "model_transport", "model_silence_s",
    "model_streams_per_connection", "model_spare_connections", "model_endpoint", "model_ca_file", "model_connect_timeout_s",
    "model_accept_timeout_s", "model_send_timeout_s", "model_close_timeout_s", "closure", "silence_threshold_ms",
    "watchdog_ms", "trailing_silence_ms", "reply_timeout_ms", "tool_timeout_s", "language", "voice", "instructions",
    "max_message_bytes", "max_input_rate", "max_control_per_s", "idle_timeout_s", "max_session_s", "start_timeout_s",
    "ping_timeout_s", "outbox_bytes", "store_path", "store_endpoint", "store_timeout_s", "park_s", "retention_days",
    "recordings", "recording_bytes", "recording_words", "traces", "log_waiting_bytes",
    "auth_admin_group", "queue_patience_s", "outbox_stall_s", "max_cpu_percent", "max_lag_ms", "workers",
}  # fmt: skip
STAGES = ("dev", "staging", "prod", "public", "sealed")
# Set where a stage asks for it.
AT_CHOICE = {"budget_user_usd", "budget_deployment_usd"}
# Set where a stage wants it; a service that does not have it yet is not asked.
NEW = "VOICE_TASK_PROTECTION"


def settings_fields() -> set[str]:
    """The names that the service reads; the test is skipped where the service's packages are not installed."""
    if importlib.util.find_spec("service.settings") is None:
        pytest.skip("service/settings.py is not in this checkout")
    settings = pytest.importorskip("service.settings", reason="the service's packages are not installed here")
    return set(settings.Settings.model_fields)


@pytest.mark.parametrize("stage", STAGES)
def test_every_name_that_is_set_is_one_that_the_service_reads(assembly: Assembly, stage: str) -> None:
    known = {f"VOICE_{field.upper()}" for field in settings_fields()}

    assert set() == set(environment(assembly.stages[stage])) - known - {NEW}


def test_every_setting_is_set_or_left_to_the_service_on_purpose(assembly: Assembly) -> None:
    decided = {name.removeprefix("VOICE_").lower() for name in environment(assembly.stages["sealed"])}

    assert set() == settings_fields() - decided - LEFT_TO_THE_SERVICE - AT_CHOICE
    assert set() == decided & (LEFT_TO_THE_SERVICE | AT_CHOICE)


def test_an_awaited_setting_is_set_from_the_day_the_service_has_it() -> None:
    known = {f"VOICE_{field.upper()}" for field in settings_fields()}

    assert set() == AWAITED & known, "the service reads these now: take them out of AWAITED"


def as_deployed(value: Any) -> str:
    """The text that CloudFormation makes of a value; an id of another stack becomes an example."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(as_deployed(part) for part in parts)
        case _:
            return "us-east-1_Example01"


@pytest.mark.parametrize("stage", STAGES)
def test_the_service_accepts_what_it_is_given(
    assembly: Assembly, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the combination can be is the service's to say."""
    settings_fields()
    settings = importlib.import_module("service.settings")

    for name in [name for name in os.environ if name.startswith("VOICE_")]:
        monkeypatch.delenv(name)
    given = {name: as_deployed(value) for name, value in environment(assembly.stages[stage]).items()}
    if NEW.removeprefix("VOICE_").lower() not in settings_fields():
        given.pop(NEW, None)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert assembly.stages[stage].config.service.drain_s == settings.load(given).drain_s


def test_the_image_runs_as_the_user_of_the_task(assembly: Assembly) -> None:
    dockerfile = Path(__file__).parents[3] / "service/Dockerfile"
    if not dockerfile.exists():
        pytest.skip("service/Dockerfile is not in this checkout")
    user = assembly.stages["prod"].only("AWS::ECS::TaskDefinition", named="Task")["ContainerDefinitions"][0][
        "User"
    ]

    assert f"\nUSER {user.partition(':')[0]}\n" in dockerfile.read_text()
