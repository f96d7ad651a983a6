"""One child process: started in its own group, its output kept in a log, stopped with everything it started."""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

_READ_BYTES: Final = 65536
# A ready line comes early; what a child says after that much without one is not searched any more.
_SEARCHED_BYTES: Final = 1_000_000
_LAST_WORDS_S: Final = 0.5
_SET_PARENT_DEATH_SIGNAL: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Have the kernel end this child when its parent is killed without a chance to do so; prctl(2), Linux only."""
    if _LIBC is not None:
        _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


class ChildDied(Exception):  # noqa: N818 - what happened, in the words of the message it carries
    """A child ended, or never became ready, without being asked to."""


class Child:
    """A running process. Its output goes to `log`; stdin is empty, so it never reads the terminal."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, output: int, log: Path, ready: re.Pattern[str]
    ) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._output = output
        self._ready = ready
        self._became_ready: asyncio.Future[re.Match[str]] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._keep_output(), name=f"output of {name}")

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        ready: re.Pattern[str],
    ) -> Self:
        """Start `command`; raises ChildDied if there is no such program."""
        log.parent.mkdir(parents=True, exist_ok=True)
        # A pipe of our own: with asyncio's, wait() would wait for whoever else holds the pipe open as well.
        output, written = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=written,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                cwd=folder,
                # Its own group: Ctrl-C reaches us alone, and we stop the children in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        except OSError as failure:
            os.close(output)
            raise ChildDied(f"the {name} could not be started: {command[0]}: {failure.strerror}") from failure
        finally:
            os.close(written)
        return cls(name, process, output, log, ready)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self, *, patience_s: float) -> re.Match[str]:
        """Wait for the line that says it is ready; raises ChildDied if it ends or stays silent for `patience_s`."""
        ended = asyncio.create_task(self.ended())
        try:
            either: set[asyncio.Future[Any]] = {self._became_ready, ended}
            await asyncio.wait(either, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if self._became_ready.done():
            return self._became_ready.result()
        if ended.done() and not ended.cancelled():
            raise ChildDied(self.obituary(ended.result()))
        raise ChildDied(f"the {self.name} did not become ready within {patience_s:g} s{self._tail()}")

    async def ended(self) -> int:
        """Wait until the process has ended and its output is complete; its exit code, negative for a signal."""
        code = await self._process.wait()
        # Something it started may hold the pipe open for ever; its last words are in the pipe at once.
        await asyncio.wait({self._reading}, timeout=_LAST_WORDS_S)
        return code

    def obituary(self, code: int) -> str:
        """Why it ended, as far as its exit code and the end of its log tell."""
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"the {self.name} {how}{self._tail()}"

    async def stop(self, *, grace_s: float) -> None:
        """Ask the whole group to end; after `grace_s` kill it. Safe to call twice and on a dead child."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            # What the child itself started goes too, even when the child ended well.
            self._signal(signal.SIGKILL)
        await self._process.wait()
        await asyncio.shield(self._reading)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _keep_output(self) -> None:
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(self._output, "rb", buffering=0)
        )
        try:
            with self.log.open("wb", buffering=0) as log:
                await self._copy(stream, log)
        finally:
            transport.close()

    async def _copy(self, stream: asyncio.StreamReader, log: BinaryIO) -> None:
        heard = b""
        while chunk := await stream.read(_READ_BYTES):
            log.write(chunk)
            if self._became_ready.done() or len(heard) > _SEARCHED_BYTES:
                continue
            heard += chunk
            complete, newline, _ = heard.rpartition(b"\n")
            if match := self._ready.search((complete + newline).decode(errors="replace")):
                self._became_ready.set_result(match)
                heard = b""

    def _tail(self, lines: int = 15) -> str:
        try:
            last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        except OSError:
            last = []
        quoted = "".join(f"\n  | {line[:300]}" for line in last)
        return f". The end of its log ({self.log}):{quoted}" if last else f"; its log is empty ({self.log})"
