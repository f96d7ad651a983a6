"""The way of every log line out of the process, which never makes the event loop wait.

A pipe that nobody reads fills up, and a write to it then blocks. So one thread writes, and what waits for it is
bounded: beyond that, lines are given up, the newest first, and counted. The count is a metric, the stall shows in
`/health/ready`, and the first line after it says how many are missing.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import orjson

_STALLED_AFTER_S: Final = 5.0


class LinePipe:
    """A text stream in front of a file descriptor. `write` returns at once, whatever the reader does."""

    def __init__(self, fd: int, *, clock: Callable[[], float], most_bytes: int = 1_048_576) -> None:
        self._fd = fd
        self._clock = clock
        self._most_bytes = most_bytes
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._writing_since: float | None = None
        self._dropped = 0
        self._untold = 0
        self._reported = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log pipe", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Have a line written, or count it as dropped."""
        line = text.encode(errors="backslashreplace")
        with self._changed:
            if self._waiting_bytes + len(line) > self._most_bytes or self._closing:
                self._dropped += 1
                self._untold += 1
                return len(text)
            if self._untold:
                missing = {"event": "log lines were dropped", "level": "warning", "lines": self._untold}
                self._put(orjson.dumps(missing) + b"\n")
                self._untold = 0
            self._put(line)
            self._changed.notify()
        return len(text)

    def flush(self) -> None:
        """Nothing to do: a line is on its way already."""

    @property
    def dropped(self) -> int:
        """Lines given up since the process began."""
        return self._dropped

    def newly_dropped(self) -> int:
        """Lines given up since this was asked last; none while the line that would tell it might be given up as well."""
        if self._waiting_bytes > self._most_bytes // 2:
            return 0
        new, self._reported = self._dropped - self._reported, self._dropped
        return new

    @property
    def waiting_bytes(self) -> int:
        """What waits to be written."""
        return self._waiting_bytes

    @property
    def is_stalled(self) -> bool:
        """Whether the reader has taken nothing for seconds though there is something."""
        since = self._writing_since
        return since is not None and self._clock() - since > _STALLED_AFTER_S

    def close(self, timeout_s: float = 1.0) -> None:
        """Write what waits, as far as the reader takes it in time."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _put(self, line: bytes) -> None:
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                # What waits goes out in one write: the reader is woken once.
                lines, self._waiting = b"".join(self._waiting), deque()
                self._writing_since = self._clock()
            with suppress(OSError):  # the reader is gone; nothing can be said about it here
                self._write(lines)
            with self._changed:
                self._writing_since = None
                self._waiting_bytes -= len(lines)

    def _write(self, lines: bytes) -> None:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
            self._writing_since = self._clock()
