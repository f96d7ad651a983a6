"""The collector of a serving process; in a process of its own, because it has only one."""

import subprocess
import sys

SCRIPT = """
import gc, weakref
from service import garbage

class Session:
    pass

garbage.settle()
before = gc.get_freeze_count()
seen = []
for _ in range(30_000):
    session = Session()
    session.itself = session
    if not seen:
        seen.append(weakref.ref(session))
        first = seen[0]
print(before > 1_000, gc.isenabled(), first() is None)
"""


def test_what_is_loaded_is_frozen_and_cycles_are_still_collected() -> None:
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout

    assert "True True True" == said.strip()
