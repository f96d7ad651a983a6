"""Synthesis needs nothing but the checkout, and writes the same bytes wherever and whenever it runs."""

import filecmp
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aws_cdk.aws_ecs as ecs
import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from stacks.assembly import chosen
from stacks.constructs.service_image import service_image
from stacks.errors import ConfigurationError
from stacks.paths import CONFIG, ROOT
from stacks.stage_parsing import load, parse
from tests.stacks.assemblies import Assembly, synthesise
from tests.stacks.variants import COMMITTED, EXAMPLE_DIGEST, PUBLIC

OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise OSError("synthesis must not open a connection")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.argv = ["app.py"]
import runpy
runpy.run_path({app!r}, run_name="__main__")
"""


def run_app(out: Path, cwd: Path, *context: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run app.py as the CLI does: context and output directory come through the environment."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    given = dict(pair.split("=", 1) for pair in context)
    environment = {
        "PATH": "/nonexistent",
        "HOME": os.environ.get("HOME", "/"),
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": json.dumps(flags | given),
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": seed,
    }
    return subprocess.run(
        [sys.executable, "-c", OFFLINE.format(app=str(ROOT / "app.py"))],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.process
def test_two_runs_from_two_places_write_the_same_bytes_without_network_credentials_or_docker(
    tmp_path: Path,
) -> None:
    context = ("stage=dev", f"image_digest={EXAMPLE_DIGEST}")
    places = {"1": tmp_path, "2": ROOT}
    with ThreadPoolExecutor() as both:
        done = list(
            both.map(
                lambda run: run_app(tmp_path / f"out-{run[0]}", run[1], *context, seed=run[0]), places.items()
            )
        )
    first, second = (tmp_path / f"out-{seed}" for seed in places)

    assert [(0, ""), (0, "")] == [(run.returncode, run.stderr) for run in done]
    assert files(first) == files(second)
    # The report holds the way to its own folder.
    compared = [name for name in files(first) if name != "validation-report.json"]
    _, different, failed = filecmp.cmpfiles(first, second, compared, shallow=False)
    assert ([], []) == (different, failed)


def test_a_changed_value_changes_the_bytes(tmp_path: Path, assembly: Assembly) -> None:
    """What compares equal above is not equal by being empty."""
    other = load(CONFIG, "dev", overrides={"stage.account": "999900001111", "image_digest": EXAMPLE_DIGEST})
    templates = synthesise([other], tmp_path, checked=False).stages["dev"].templates

    assert assembly.stages["dev"].templates["service"] != templates["service"]
    assert "111122223333" not in json.dumps(templates["registry"])


@pytest.mark.process
def test_a_wrong_configuration_ends_with_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    done = run_app(tmp_path / "out", tmp_path, "stage=production")

    expected = (
        'the command line: stage = "production": there is no such stage; write one of dev, staging, prod\n'
    )
    assert (2, expected) == (done.returncode, done.stderr)


def test_no_template_asks_for_a_look_up(assembly: Assembly) -> None:
    for manifest in assembly.folder.rglob("manifest.json"):
        assert [] == json.loads(manifest.read_text()).get("missing", []), manifest


def test_nothing_needs_docker_when_the_image_is_named_by_digest(assembly: Assembly) -> None:
    for manifest in assembly.folder.rglob("*.assets.json"):
        assert {} == json.loads(manifest.read_text()).get("dockerImages", {}), manifest


def test_the_command_line_chooses_stage_account_and_image() -> None:
    (config,) = chosen({"stage": "prod", "account": "999900001111", "image_digest": EXAMPLE_DIGEST})

    assert ("prod", "999900001111", EXAMPLE_DIGEST) == (
        config.stage.name,
        config.stage.account,
        config.image_digest,
    )
    assert list(COMMITTED) == [config.stage.name for config in chosen({})]


def test_an_account_without_a_stage_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="say which stage"):
        chosen({"account": "999900001111"})


def test_without_dockerfile_and_digest_the_sentence_says_what_to_give(tmp_path: Path) -> None:
    config = parse(PUBLIC, source="config/public.toml")

    with pytest.raises(ConfigurationError, match="give -c image_digest=sha256"):
        service_image(App(), config=config, root=tmp_path)


def test_an_image_that_is_built_here_changes_with_its_source_only(tmp_path: Path) -> None:
    def image(number: int) -> str:
        config = parse(PUBLIC, source="config/public.toml")
        stack = Stack(App(outdir=str(tmp_path / f"out-{number}")), "Stack")
        definition = ecs.FargateTaskDefinition(stack, "Task")
        definition.add_container("service", image=service_image(stack, config=config, root=source))
        (found,) = Template.from_stack(stack).find_resources("AWS::ECS::TaskDefinition").values()
        return json.dumps(found["Properties"]["ContainerDefinitions"][0]["Image"])

    source = tmp_path / "source"
    (source / "service").mkdir(parents=True)
    (source / "requirements").mkdir()
    (source / "service/Dockerfile").write_text("FROM scratch\n")
    (source / "requirements/service.txt").write_text("x==1\n")
    before = image(1)
    (source / "README.md").write_text("read me\n")
    shutil.copytree(source / "service", source / "emulators")
    unrelated = image(2)
    (source / "service/app.py").write_text("print('hello')\n")
    changed = image(3)

    assert before == unrelated
    assert before != changed
