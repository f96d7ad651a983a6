"""What was measured decides how many sessions a task takes and when there are more tasks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stacks.capacity import Capacity, load_capacity
from stacks.errors import ConfigurationError
from stacks.paths import CONFIG
from stacks.stage_parsing import parse
from tests.stacks.variants import COMMITTED, EXAMPLE_DIGEST, PUBLIC, committed

DOCUMENT = {**PUBLIC, "image_digest": EXAMPLE_DIGEST}


def public(capacity: Capacity, **service: object) -> int:
    document = {**DOCUMENT, "service": {**PUBLIC["service"], **service}}
    return parse(document, source="the tests", capacity=capacity).sessions_per_task


def test_a_task_takes_what_was_measured_as_far_as_the_quota_goes_round() -> None:
    config = committed("prod")
    scarce = replace(config, model=replace(config.model, concurrent_streams=70))
    plenty = replace(config, model=replace(config.model, concurrent_streams=100_000))

    assert (7, config.capacity.sessions) == (scarce.sessions_per_task, plenty.sessions_per_task)


def test_more_than_was_measured_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"sessions_per_task = 40: .* hold 39 .*; write at most that"
    ):
        public(Capacity(sessions=39, cpu_percent=80))


def test_less_is_the_operators_choice() -> None:
    assert 40 == public(Capacity(sessions=100, cpu_percent=80))


@pytest.mark.parametrize(("used", "target"), [(79.0, 47), (10.0, 20), (200.0, 80)])
def test_scaling_on_cpu_aims_at_what_so_many_sessions_used(used: float, target: int) -> None:
    assert target == Capacity(sessions=1, cpu_percent=used).cpu_percent_at(60)


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_stages_follow_the_committed_measurement(name: str) -> None:
    held = json.loads((CONFIG / "capacity.json").read_text())["held"]

    assert committed(name).sessions_per_task <= held["sessions"]
    assert committed(name).service.sessions_per_task is None, "the measurement decides, unless it must not"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"held": {"sessions": 9}}', '{"held": {"sessions": 0, "cpuPercent": 5}}',
     '{"held": {"sessions": "9", "cpuPercent": 5}}', '{"held": {"sessions": true, "cpuPercent": 5}}'],
)  # fmt: skip
def test_a_file_that_nobody_measured_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "capacity.json").write_text(text)

    with pytest.raises(ConfigurationError, match=r"config/capacity\.json: held.*run `make test-box`"):
        load_capacity(tmp_path / "capacity.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run `make test-box`"):
        load_capacity(tmp_path / "capacity.json")
