"""The garbage collector, set for a process that holds thousands of long-lived objects and makes no cycles per frame.

Reference counts free a frame's objects at once, and a session, its sockets and its streams when they end: each ends the
ways back to itself (`Driver`, `DirectProtocol`, `BedrockDirectStream`, `Connection`), which
tests/service/test_ended_sessions.py holds with the collector switched off. What is left to it are the cycles of others:
exceptions that keep their own frames, TLS, the parts of FastAPI. By default it looks for them after every 700
allocations beyond the frees, and walks the heap of every running session each time the young ones have grown by a
quarter. Measured: docs/performance.md, the lever "the collector".

The thresholds are from when a session that ended was one cycle of 0.3 MB: with twenty looks at the young and twenty at the
middle before one at the old, a process of 20 sessions grew by 2.5 MB a minute. They stay, as a net below the counts, since
they cost next to nothing: frames keep no objects, so the young grow only when sessions begin, and the interpreter's own
rule still holds, that the old are walked only when a quarter as many have come to them as there are.
"""

import gc
from typing import Final

# Four sessions worth of objects that were kept, then two rounds of each. Measured over an hour: docs/soak.md.
_YOUNG: Final = 2_000
_MIDDLE: Final = 1
_OLD: Final = 1


def settle() -> None:
    """Once everything is loaded and nothing runs yet: take what is there out of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
