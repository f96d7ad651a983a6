"""The parent of several workers: one listening socket for all of them, and one end.

Each worker is this program again, with the listener and its link as inherited descriptors. It has a session of the
operating system's of its own, so that Ctrl-C reaches it through the parent alone. The kernel gives a new connection to
a worker that waits for one, which under load is the less busy one.
"""

import asyncio
import math
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from service.auth.tickets import MemoryTicketStore
from service.metrics import quota
from service.metrics.logs import logger
from service.settings import Settings
from service.workers.office import Office

WORKER: Final = "--worker"
_RESTART_S: Final = 1.0
# A worker ends itself after `stop_timeout_s`, whatever happens; this is for one that cannot even do that.
_KILL_GRACE_S: Final = 2.0
_log = logger("service.workers")


def count(settings: Settings) -> int:
    """How many workers the settings ask for."""
    return settings.workers or max(1, math.ceil(quota.cores()))


@dataclass(slots=True)
class Parent:
    """Starts, restarts and ends the workers."""

    settings: Settings
    listener: socket.socket
    on_ready: Callable[[], None]
    office: Office = field(default_factory=lambda: Office(MemoryTicketStore()))
    _running: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, workers: int) -> int:
        """Until told to stop; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told)
        async with asyncio.TaskGroup() as tasks:
            keeping = [tasks.create_task(self._keep(worker)) for worker in range(workers)]
            tasks.create_task(self._announce(workers))
        codes = [keeper.result() for keeper in keeping]
        _log.info("drained", workers=workers, counters=dict(sorted(self.office.counters.items())))
        return max(codes)

    async def _announce(self, workers: int) -> None:
        if all([await self._listens(worker) for worker in range(workers)]):
            self.on_ready()

    async def _listens(self, worker: int) -> bool:
        """Wait until a worker listens; False when everything is to stop before that."""
        ends = [asyncio.ensure_future(event.wait()) for event in (self.office.ready(worker), self._stopping)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for waiting in ends:
            waiting.cancel()
        return self.office.ready(worker).is_set()

    async def _keep(self, worker: int) -> int:
        """Run one worker, and another in its place whenever it ends by itself; the last exit code.

        The first one listens before the others start: what is made only once, as an empty store, is made by it.
        """
        if worker > 0 and not await self._listens(0):
            return 0
        while True:
            code = await self._run_one(worker)
            if self._stopping.is_set():
                return code
            if not self.office.ready(worker).is_set():
                # It never listened: what kept it from starting has been said, and will not go away.
                self._stop()
                return code
            _log.error("a worker ended; another takes its place", worker=worker, exit_code=code)
            with suppress(TimeoutError):
                async with asyncio.timeout(_RESTART_S):
                    await self._stopping.wait()

    async def _run_one(self, worker: int) -> int:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "service",
                WORKER,
                str(self.listener.fileno()),
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(self.listener.fileno(), theirs.fileno()),
                start_new_session=True,
            )
        self._running[worker] = process
        if self._stopping.is_set():
            process.terminate()
        serving = asyncio.create_task(
            self.office.serve(worker, *await asyncio.open_connection(sock=ours, limit=2**20))
        )
        code = await process.wait()
        if code == -signal.SIGTERM and self._stopping.is_set():
            code = 0  # told to stop before it could listen to that
        del self._running[worker]
        await serving
        return abs(code)

    def _told(self) -> None:
        if self._stopping.is_set():
            for process in self._running.values():
                process.kill()
            return
        _log.info("draining", sessions=self.office.sessions, drain_s=self.settings.drain_s)
        self._stop()

    def _stop(self) -> None:
        self._stopping.set()
        loop = asyncio.get_running_loop()
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.terminate()
            loop.call_later(self.settings.stop_timeout_s + _KILL_GRACE_S, self._kill, process)

    def _kill(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            _log.error("a worker did not end in time")
            process.kill()
