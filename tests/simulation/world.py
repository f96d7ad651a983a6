"""Everything of one simulation: processes, a balancer in front of them, callers, a store, a model; and the judge."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from simloop import SimLoop
from simloop._net import _current_host

from service.metrics import logs
from tests.service import fake_sign_in
from tests.simulation.account import Account, Faults
from tests.simulation.browser import Browser
from tests.simulation.caller import Caller, Habits
from tests.simulation.process import PORT, Process
from tests.simulation.promises import BrokenPromiseError
from tests.simulation.shared_store import SharedStore, StoreFaults
from tests.simulation.speech import pieces_of, reply_to

_BALANCER_NOTICES_S: Final = 10.0
_LONGEST_S: Final = 1_800.0
_SETTLES_S: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a scenario is made of."""

    callers: int = 3
    processes: int = 2
    habits: Habits = field(default_factory=Habits)
    model: Faults = field(default_factory=Faults)
    store: StoreFaults = field(default_factory=StoreFaults)
    quota: int = 1_000
    latency_s: tuple[float, float] = (0.001, 0.03)
    arrive_within_s: float = 1.0
    silence_ms: int = 500
    """How coarse the silence is that is fed to the model; in the product a fifth of this."""
    settings: dict[str, Any] = field(default_factory=dict)
    browsers: bool = False
    """Whether callers sign in as pages do, with tokens that expire and tickets, and ask the REST side."""


class World:
    """See the module; a scenario does to it what it likes while the callers talk."""

    def __init__(self, seed: int, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.net = loop.net
        self.dice = Random(f"{seed}:world")
        self.plan = plan
        self.account = Account(dice=Random(f"{seed}:model"), quota=plan.quota, faults=plan.model)
        self.store = SharedStore(dice=Random(f"{seed}:store"), faults=plan.store)
        self.processes: list[Process] = []
        self.balanced: list[Process] = []
        """Where the balancer sends new connections."""
        self.net.set_defaults(latency=plan.latency_s)
        self._log = _Log(self)
        logs.configure("error")
        logging.getLogger().handlers = [self._log]
        self._seed = seed
        make = Browser if plan.browsers else Caller
        self.callers = [
            make(f"caller-{i}", dice=Random(f"{seed}:caller-{i}"), pick=self._pick, habits=plan.habits)
            for i in range(plan.callers)
        ]
        for caller in self.callers:
            if isinstance(caller, Browser):
                caller.others = [other for other in self.callers if other is not caller]

    # Processes

    async def start_process(self) -> Process:
        """One more, reachable when this returns."""
        name = f"task-{len(self.processes)}"
        process = Process(
            self.net.host(name),
            account=self.account,
            store=self.store,
            dice=Random(f"{self._seed}:{name}"),
            silence_ms=self.plan.silence_ms,
            rest=self.plan.browsers,
            **self.plan.settings,
        )
        self.processes.append(process)
        process.start()
        await process.server.is_serving.wait()
        self.balanced.append(process)
        return process

    def crash(self, process: Process) -> None:
        """It is gone; the balancer notices later."""
        process.crash()
        self.loop.call_later(_BALANCER_NOTICES_S, self._take_out, process)

    async def terminate(self, process: Process) -> None:
        """It is told to stop; the balancer sends it nobody from now on."""
        self._take_out(process)
        await process.host.create_task(process.terminate())

    def _take_out(self, process: Process) -> None:
        if process in self.balanced:
            self.balanced.remove(process)

    def cut_off(self, callers: Sequence[Caller], processes: Sequence[Process]) -> None:
        """Nothing passes between them until `net.heal`."""
        for caller in callers:
            caller.is_disturbed = True
        self.net.partition({caller.name for caller in callers}, {process.name for process in processes})

    @property
    def running(self) -> list[Process]:
        return [process for process in self.processes if not process.is_gone and not process.is_draining]

    def _pick(self, dice: Random) -> tuple[str, int]:
        if not self.balanced:
            raise ConnectionRefusedError("no healthy target")
        return dice.choice(self.balanced).name, PORT

    # The run

    async def run(self, trouble: Callable[["World"], Awaitable[None]]) -> None:
        """Let everybody talk while there is trouble, and judge what came of it."""
        for _ in range(self.plan.processes):
            await self.start_process()
        async with asyncio.timeout(_LONGEST_S), asyncio.TaskGroup() as talking:
            trouble_task = talking.create_task(self._trouble(trouble))
            for caller in self.callers:
                await asyncio.sleep(self.plan.arrive_within_s / len(self.callers) * self.dice.random())
                self._in_host(talking, caller)
        assert trouble_task.done()
        await asyncio.sleep(_SETTLES_S)
        self._judge()

    async def _trouble(self, trouble: Callable[["World"], Awaitable[None]]) -> None:
        await trouble(self)

    def _in_host(self, talking: asyncio.TaskGroup, caller: Caller) -> None:
        talk = self.net.host(caller.name).create_task(caller.converse())
        talking.create_task(_as_is(talk))

    @property
    def gaps(self) -> list[float]:
        return [gap for caller in self.callers for gap in caller.gaps]

    # The judge

    def _judge(self) -> None:
        problems = [*self.account.broken_rules, *self._wrong_in_store()]
        problems += self._log.broken
        for process in self.running:
            if process.sessions:
                problems.append(f"{process.name} still holds {process.sessions} sessions")
        if self.account.open_streams and not problems:
            problems.append(f"{self.account.open_streams} model streams are still open")
        if problems:
            raise BrokenPromiseError("; ".join(problems[:5]))

    def _wrong_in_store(self) -> list[str]:
        wrong = []
        for caller in self.callers:
            conversation_id = caller.conversation_id
            if conversation_id is None:
                continue
            user_id = f"{fake_sign_in.ISSUER}#{caller.name}"
            wrong += self._wrong_about_deleted(user_id, caller.deleted)
            turns = self.store.at_once(self.store.store.turns(user_id, conversation_id))
            stored = {saved.turn.number: saved.turn for saved in turns}
            for (_, number), text in caller.saved.items():
                if number not in stored:
                    wrong.append(f"{caller.name}: turn {number} was said to be saved, and is not there")
                elif text and stored[number].user != text:
                    wrong.append(f"{caller.name}: turn {number} is {stored[number].user!r}, not {text!r}")
            said = [saved.turn.user for saved in turns]
            wrong += caller.wrong_in(said)
            wrong += caller.wrong_in_memories(self.account.memories)
            wrong += [
                f"{caller.name}: {turn.user!r} was answered {turn.assistant!r}"
                for turn in stored.values()
                if turn.outcome == "completed" and turn.assistant != reply_to(pieces_of(turn.user)[-1])
            ]
        return wrong

    def _wrong_about_deleted(self, user_id: str, deleted: Sequence[str]) -> list[str]:
        kept = self.store.at_once(self.store.store.conversations(user_id, limit=100))
        return [
            f"{found.conversation_id} was deleted, and is there"
            for found in kept
            if found.conversation_id in deleted
        ]


class _Log(logging.Handler):
    """Errors with a traceback; what a process logs while it is being taken down is no part of the simulated world."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world
        self.broken: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        gone = {process.name for process in self._world.processes if process.is_gone}
        event = (
            record.msg
            if isinstance(record.msg, dict)
            else {"event": record.getMessage(), "exc": record.exc_info}
        )
        trace = event.get("exception") or event.get("exc")
        if trace and _current_host.get() not in gone:
            self.broken.append(f"{event['event']} {str(trace)[-600:]}")


async def _as_is(talk: asyncio.Task[None]) -> None:
    await talk
