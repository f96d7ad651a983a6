"""The garbage collector, set for a process that holds thousands of long-lived objects and makes no cycles per frame.

Reference counts free a frame's objects at once; what is left to the collector are the cycles of sessions that ended. By
default it looks for them after every 700 allocations beyond the frees, and walks the heap of every running session
each time the young ones have grown by a quarter. Measured: docs/performance.md, the lever "the collector".

A session that ended is one cycle of some five hundred objects and 0.3 MB. Whoever lived when it was looked for last is only
found by the next look at the old; with twenty looks at the young and twenty at the middle before that, a process of 20
sessions grew by 2.5 MB a minute for as long as the soak ran. The interpreter's own rule still holds: the old are walked
only when a quarter as many have come to them as there are.
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
