"""A stage deployed with the image built from this checkout, by the stock CDK, without a Docker engine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stacks.constructs.service_image import DOCKERFILE
from stacks.paths import ROOT
from tests.deploy import container_engine
from tests.deploy.container_engine import make_base
from tests.deploy.deployment import Deployment, deployment, missing_tools

# Kept between runs: the base and the layers of packages take minutes.
IMAGES: Final = ROOT / ".cache/images"


def missing() -> str | None:
    """Why this cannot run here, in one line; None: it can."""
    reason = missing_tools() or container_engine.missing()
    if reason is None and not (ROOT / DOCKERFILE).exists():
        reason = f"{DOCKERFILE} is not in this checkout"
    return reason


@contextmanager
def built_stage(stage: str, folder: Path) -> Iterator[Deployment]:
    """The stage, deployed; its image lies in IMAGES."""
    make_base(IMAGES)
    docker = folder / "docker"
    docker.write_text(f'#!/bin/sh\nexec {sys.executable} {container_engine.__file__} "$@"\n')
    docker.chmod(0o755)
    with deployment(stage, folder) as one:
        assert 0 == one.bootstrap().returncode
        one.configure()
        done = one.deploy(
            digest=None,
            more_environment={"CDK_DOCKER": str(docker), "IMAGES_DIR": str(IMAGES)},
            timeout_s=1200,
        )
        assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
        yield one
