"""A child does not outlive the runner, however the runner ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = """
import asyncio, re, sys
from pathlib import Path
from local.child import Child

async def main():
    child = await Child.start(
        "sleeper", ["sleep", "600"], environment={"PATH": "/usr/bin:/bin"}, folder=Path("."),
        log=Path(sys.argv[1]), ready=re.compile("never"),
    )
    print(child.pid, flush=True)
    await child.ended()

asyncio.run(main())
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_child_ends_when_the_runner_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUNNER, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        child = os.pidfd_open(int(runner.stdout.readline()))
        runner.send_signal(signal.SIGKILL)

    ended, _, _ = select.select([child], [], [], 10)
    os.close(child)

    assert ended != []
