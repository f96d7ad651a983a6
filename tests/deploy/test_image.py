"""`cdk deploy` builds the service's image, pushes it, and names it by its content in the task that runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import container_engine
from tests.deploy.built_stage import IMAGES, built_stage, missing
from tests.deploy.container_engine import pushed
from tests.deploy.deployment import Deployment

pytestmark = [pytest.mark.process, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    if reason := missing():
        pytest.skip(reason)
    with built_stage("dev", tmp_path_factory.mktemp("image")) as one:
        yield one


def image_of(built: Deployment) -> str:
    ecs = built.client("ecs")
    (service,) = ecs.describe_services(cluster="voice-dev-cluster", services=["voice-dev-service"])[
        "services"
    ]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return str(task["containerDefinitions"][0]["image"])


def test_the_task_runs_the_image_that_was_pushed(built: Deployment) -> None:
    image = image_of(built)

    assert (pushed(IMAGES, image) / "index.json").is_file(), image
    assert 64 == len(image.rpartition(":")[2]), "the tag is the hash of the source"


def test_the_image_is_the_service_as_nobody_in_particular(built: Deployment) -> None:
    layout = pushed(IMAGES, image_of(built))

    def blob(descriptor: dict[str, str]) -> dict[str, Any]:
        return dict(json.loads((layout / "blobs" / descriptor["digest"].replace(":", "/")).read_text()))

    (manifest,) = json.loads((layout / "index.json").read_text())["manifests"]
    config = blob(blob(manifest)["config"])["config"]

    assert "10001" == config["User"].partition(":")[0]
    assert ["python", "-m", "service"] == config["Entrypoint"]
    assert "8000/tcp" in config["ExposedPorts"]


def test_the_stand_in_knows_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMAGES_DIR", str(tmp_path))

    assert 64 == container_engine.main(["run", "something"])
