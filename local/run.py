"""Start the parts in order, say where the assistant is, and stop everything when one ends or the user says so.

Nothing is restarted silently: a part that dies takes the others with it, and the end of its log is shown. SIGUSR1
stops the service and starts it again on its port, as a deployment would; the process to tell stands in
`.run/runner-PORT.pid`.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never, TextIO
from urllib.parse import urlsplit

from local import parts, ports, sign_in
from local.child import Child, ChildDied
from local.parts import Part, Ready

# A shell reports a program that Ctrl-C ended as 128 + SIGINT.
INTERRUPTED: Final = 130
_STEP_S: Final = 2.0


class CannotStart(Exception):  # noqa: N818 - what happened, in the words of the message it carries
    """Something outside the assistant keeps it from starting; the message carries the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line chose."""

    root: Path
    port: int
    brain: str
    scenario: str | None
    page: bool
    dev_page: bool
    print_ready: bool
    open_page: Callable[[str], object] | None


class Runner:
    """The running parts, in the order they were started."""

    def __init__(self, choices: Choices, *, environment: Mapping[str, str], screen: TextIO) -> None:
        self._choices = choices
        self._environment = environment
        self._screen = screen
        self._children: list[tuple[Child, Part]] = []
        self._began_at = time.monotonic()

    async def run(self) -> int:
        """Run until a signal (0 for SIGTERM, 130 for Ctrl-C) or until a part ends (1)."""
        stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with _signals(stopped):
            serving = asyncio.create_task(self._serve())
            try:
                return await _first_of(stopped, serving)
            except (ChildDied, CannotStart) as failure:
                self._say(f"\n{failure}")
                return 1
            finally:
                await _cancelled(serving)
                await self._stop()

    async def _serve(self) -> Never:
        """Start everything and wait; ends only by raising why the assistant cannot go on."""
        choices = self._choices
        if not ports.is_free(choices.port):
            raise CannotStart(_port_in_use(choices.port))
        page_dir = choices.root / "frontend_hosting" / "dist"
        if choices.page and not (page_dir / "index.html").is_file():
            raise CannotStart(
                "the page is not built: `sh local/setup.sh` builds it, `make run PAGE=no` does without"
            )
        self._say("Starting the assistant on this machine")
        pool = await self._start(parts.cognito(environment=self._environment))
        model = await self._start(
            parts.emulator(
                brain=choices.brain,
                scenario=choices.scenario,
                state_dir=choices.root / ".run" / "emulator",
                environment=self._environment,
            )
        )
        service = parts.service(
            port=choices.port,
            model=model,
            pool=pool,
            page_dir=page_dir if choices.page else None,
            state_dir=choices.root / ".run",
            environment=self._environment,
        )
        served = await self._start(service)
        address = served.url
        if choices.dev_page:
            page = choices.root / "frontend_hosting"
            address = (
                await self._start(
                    parts.dev_page(page=page, service_url=served.url, environment=self._environment)
                )
            ).url
        try:
            await asyncio.to_thread(sign_in.register, pool, [served.url, address])
        except OSError as failure:
            raise CannotStart(f"the user pool does not take the page's address: {failure}") from failure
        # With port 0 the port was chosen by the system, and the page knows it by now.
        again = parts.with_port(service, urlsplit(served.url).port or choices.port)
        with _pid_file(choices.root / ".run", served.url), _wish(signal.SIGUSR1) as restart:
            self._announce(address, served.url, pool)
            while True:
                await self._until_one_ends(unless=restart)
                restart.clear()
                await self._replace(service.name, again)

    async def _start(self, part: Part) -> Ready:
        began_at = time.monotonic()
        self._say(f"  {part.name:<10} {part.first_step} ...")
        child = await Child.start(
            part.name,
            part.command,
            environment=part.environment,
            folder=self._choices.root,
            log=self._log(part.name),
            ready=part.ready,
        )
        self._children.append((child, part))
        waiting = asyncio.create_task(child.ready(patience_s=part.patience_s))
        try:
            while not (await asyncio.wait({waiting}, timeout=_STEP_S))[0]:
                self._say(f"  {part.name:<10} {part.first_step} ... {time.monotonic() - began_at:.0f} s")
            ready = parts.parse_ready(waiting.result())
        finally:
            await _cancelled(waiting)
        self._say(f"  {part.name:<10} ready after {time.monotonic() - began_at:.1f} s")
        return ready

    def _log(self, name: str) -> Path:
        # Two assistants on two ports keep two sets of logs.
        mark = "" if self._choices.port == 8000 else f"-{self._choices.port}"
        return self._choices.root / ".run" / "logs" / f"{name}{mark}.log"

    def _announce(self, address: str, service_url: str, pool: Ready) -> None:
        seconds = time.monotonic() - self._began_at
        with_url = "" if self._choices.port == 8000 else f" ARGS='--url {service_url}'"
        what = "The assistant listens at" if not (self._choices.page or self._choices.dev_page) else "Open"
        self._say(
            f"\n{what} {address}/  (started in {seconds:.1f} s)\n\n"
            f"  Sign in as {pool.facts['user']} with the password {pool.facts['password']}\n"
            f"  Ctrl-C stops it. Without a microphone: make talk FILE=question.wav{with_url}\n"
            f"  What the parts log: {self._log('*').relative_to(self._choices.root)}"
        )
        if self._choices.print_ready:
            self._say(f"ready {address}/")
        if self._choices.open_page is not None:
            self._choices.open_page(f"{address}/")

    async def _replace(self, name: str, part: Part) -> None:
        old, running = next((child, part) for child, part in self._children if child.name == name)
        self._children.remove((old, running))
        await old.stop(grace_s=running.grace_s)
        await self._start(part)

    async def _until_one_ends(self, *, unless: asyncio.Event) -> None:
        """Raise when a part ends; return when the event happens first."""
        wished = asyncio.create_task(unless.wait())
        endings = {asyncio.create_task(child.ended()): child for child, _ in self._children}
        try:
            done, _ = await asyncio.wait({*endings, wished}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done & endings.keys():
                raise ChildDied(f"{endings[ended].obituary(ended.result())}")
        finally:
            for task in (*endings, wished):
                await _cancelled(task)

    async def _stop(self) -> None:
        """Stop in the opposite order of the start; a second Ctrl-C meanwhile ends all graces."""
        impatient: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with _signals(impatient):
            self._say("\nStopping.")
            for child, part in reversed(self._children):
                stopping = asyncio.create_task(child.stop(grace_s=part.grace_s))
                either: set[asyncio.Future[Any]] = {stopping, impatient}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not stopping.done():
                    await _cancelled(stopping)
                    await child.stop(grace_s=0)

    def _say(self, text: str) -> None:
        self._screen.write(f"{text}\n")
        self._screen.flush()


def _port_in_use(port: int) -> str:
    owner = ports.holder(port)
    by = f" by {owner}" if owner else ""
    return f"port {port} is in use{by}. Stop that, or choose another port: make run PORT={port + 1}"


@contextlib.asynccontextmanager
async def _signals(told: asyncio.Future[int]) -> AsyncIterator[None]:
    """While inside, the first stop signal is written into `told` as the exit code it means."""
    loop = asyncio.get_running_loop()

    def tell(code: int) -> None:
        if not told.done():
            told.set_result(code)

    codes = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: 0, signal.SIGHUP: 0}
    for number, code in codes.items():
        loop.add_signal_handler(number, tell, code)
    try:
        yield
    finally:
        for number in codes:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _wish(number: signal.Signals) -> Iterator[asyncio.Event]:
    """While inside, the signal sets the event."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        loop.remove_signal_handler(number)


@contextlib.contextmanager
def _pid_file(folder: Path, url: str) -> Iterator[None]:
    """While inside, this process can be found by the port of its service."""
    path = folder / f"runner-{urlsplit(url).port}.pid"
    folder.mkdir(exist_ok=True)
    path.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


async def _first_of(stopped: asyncio.Future[int], serving: asyncio.Task[Never]) -> int:
    either: set[asyncio.Future[Any]] = {stopped, serving}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    return stopped.result() if stopped.done() else await serving


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task of ours and wait until it is gone; its result or error is no longer of interest."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
