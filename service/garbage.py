"""The garbage collector, set for a process that holds thousands of long-lived objects and makes no cycles per frame.

Reference counts free a frame's objects at once; what is left to the collector are the cycles of sessions that ended. By
default it looks for them after every 700 allocations beyond the frees, and walks the heap of every running session
each time the young ones have grown by a quarter. Measured: docs/performance.md, the lever "the collector".
"""

import gc
from typing import Final

# A session makes and frees some ten thousand objects; a look every few sessions' worth keeps cycles bounded.
_YOUNG: Final = 20_000
_MIDDLE: Final = 20
_OLD: Final = 20


def settle() -> None:
    """Once everything is loaded and nothing runs yet: take what is there out of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
