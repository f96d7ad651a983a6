"""One synthesis for the whole run: the first costs seconds, whatever reads it costs nothing."""

from pathlib import Path

import pytest

from stacks.packaged_node import use_packaged_node

use_packaged_node()

from tests.stacks.assemblies import Assembly, synthesise  # noqa: E402 - Node is chosen before aws_cdk starts it
from tests.stacks.variants import COMMITTED, committed, public, sealed  # noqa: E402 - as above

_MADE: list[Assembly] = []


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """tests/delivery takes this fixture as well, and pytest makes it once for each of the two folders."""
    if not _MADE:
        folder: Path = tmp_path_factory.mktemp("assembly")
        _MADE.append(synthesise([*(committed(name) for name in COMMITTED), public(), sealed()], folder))
    return _MADE[0]
