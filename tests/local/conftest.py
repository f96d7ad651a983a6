"""Gives each test of the shell scripts a checkout of its own."""

import shutil
from pathlib import Path

import pytest

from tests.local.checkout import COREUTILS, REPOSITORY, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a checkout"  # with a space, as people have
    (root / "local").mkdir(parents=True)
    for script in (REPOSITORY / "local").glob("*.sh"):
        shutil.copy(script, root / "local")
    (root / "requirements").mkdir()
    (root / "requirements" / "dev.txt").write_text("a==1\nb==2\n")
    page = root / "frontend_hosting"
    (page / "src").mkdir(parents=True)
    (page / "package.json").write_text("{}")
    (page / "package-lock.json").write_text("{}")
    (page / "src" / "main.tsx").write_text("1")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in COREUTILS:
        found = shutil.which(name)
        if found is not None and not (tools / name).exists():
            (tools / name).symlink_to(found)
    home = tmp_path / "home"
    home.mkdir()
    return Checkout(root=root, tools=tools, home=home)
