"""What may happen while people talk. Each scenario has a name, says what it shows, and does its harm by the dice of its world."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from service.errors import ModelFailureKind
from tests.simulation.account import Faults
from tests.simulation.browser import Browser
from tests.simulation.caller import Habits
from tests.simulation.process import Process
from tests.simulation.promises import BrokenPromiseError
from tests.simulation.shared_store import StoreFaults
from tests.simulation.world import Plan, World

_BOOT_S: Final = (2.0, 6.0)
_SPREAD_S: Final = (1.0, 12.0)
_STORM_P95_S: Final = 20.0
_NOTICE_AT_ONCE: Final = 0.8
_TRANSIENT: Final = (ModelFailureKind.THROTTLED, ModelFailureKind.UNAVAILABLE, ModelFailureKind.QUOTA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How to make the world, what to do to it, and what no caller may have waited longer than."""

    shows: str
    plan: Callable[[], Plan]
    trouble: Callable[[World], Awaitable[None]]
    longest_gap_s: float
    """From the last thing heard of a lost connection to the next `ready`."""
    check: Callable[[World], None] = field(default=lambda _: None)
    seeds: int = 200
    """In `make test`."""


async def _nothing(_: World) -> None:
    """No trouble at all."""


async def _pause(world: World) -> None:
    await asyncio.sleep(world.dice.uniform(*_SPREAD_S))


async def _crashes(world: World) -> None:
    """Twice a process is lost with everything in it, and replaced a little later."""
    for _ in range(2):
        await _pause(world)
        world.crash(world.dice.choice(world.running))
        await asyncio.sleep(world.dice.uniform(*_BOOT_S))
        await world.start_process()


async def _lost_machine(world: World) -> None:
    """One machine of three is lost with everything on it; the balancer goes on sending people there for a while."""
    await _pause(world)
    world.crash(world.dice.choice(world.running))


async def _deploys(world: World) -> None:
    """Every process is replaced: the new one first, then the old one is told to go."""
    for old in list(world.running):
        await _pause(world)
        await world.start_process()
        await world.terminate(old)


async def _partitions(world: World) -> None:
    """Callers and processes lose sight of each other, for a moment or for longer than anybody waits."""
    for _ in range(3):
        await _pause(world)
        callers = world.dice.sample(world.callers, world.dice.randrange(1, len(world.callers) + 1))
        processes = world.dice.sample(world.running, world.dice.randrange(1, len(world.running) + 1))
        world.cut_off(callers, processes)
        await asyncio.sleep(world.dice.choice([0.3, 3.0, 20.0, 60.0, 150.0]))
        world.net.heal()


async def _cut_lines(world: World) -> None:
    """Connections are reset, again and again, while the processes live."""
    for _ in range(5 * len(world.callers)):
        await asyncio.sleep(world.dice.uniform(0.05, 3.0))
        world.dice.choice(world.callers).cut()


async def _store_away(world: World) -> None:
    """The store is away for a while."""
    await _pause(world)
    world.store.faults.is_away = True
    await asyncio.sleep(world.dice.uniform(1.0, 25.0))
    world.store.faults.is_away = False


async def _model_away(world: World) -> None:
    """For a while every stream dies, and none can be had."""
    await _pause(world)
    world.account.faults.refuse_all_with = world.dice.choice(_TRANSIENT)
    for process in world.running:
        for stream in list(process.model.streams):
            stream.end(None)
    await asyncio.sleep(world.dice.uniform(1.0, 40.0))
    world.account.faults.refuse_all_with = None


async def _clocks(world: World) -> None:
    """Processes disagree about the time by up to an hour, and are lost."""
    for process in world.running:
        world.net.set_clock(process.name, offset=world.dice.uniform(-3_600.0, 3_600.0))
    await _crashes(world)


async def _left_behind(world: World) -> None:
    """A process that still reaches the store loses sight of its callers in mid-sentence, and they go on elsewhere."""
    for _ in range(3):
        await _pause(world)
        zombie: Process = world.dice.choice(world.running)
        world.cut_off(world.callers, [zombie])
        for caller in world.callers:
            if world.dice.random() < _NOTICE_AT_ONCE:
                caller.cut()
        await asyncio.sleep(world.dice.choice([5.0, 20.0, 60.0]))
        world.net.heal()


async def _sign_ins(world: World) -> None:
    """Now one process cannot reach the tickets, now somebody deletes what they are just saying; and a process is lost."""
    for _ in range(3):
        await _pause(world)
        tickets = world.dice.choice(world.running).tickets
        tickets.is_cut = True
        await asyncio.sleep(world.dice.uniform(1.0, 25.0))
        tickets.is_cut = False
        chosen = world.dice.choice(world.callers)
        if isinstance(chosen, Browser):
            chosen.wants_it_gone = True
    await _pause(world)
    world.crash(world.dice.choice(world.running))
    await world.start_process()


async def _everything(world: World) -> None:
    """All of it, in an order of its own."""
    troubles = [_crashes, _deploys, _partitions, _store_away, _model_away]
    world.dice.shuffle(troubles)
    for trouble in troubles[:3]:
        await trouble(world)


async def _storm(world: World) -> None:
    """One of the processes that hold everybody is lost in one instant."""
    await asyncio.sleep(20.0)
    world.crash(world.running[0])


def _nobody_came_in_waves(world: World) -> None:
    """What a stampede looks like: a tenth of all callers within a tenth of a second."""
    opened = sorted(at for at in world.account.opened if at > 20.0)
    most = max((sum(at <= other < at + 0.1 for other in opened) for at in opened), default=0)
    if most > len(world.callers) / 10:
        raise BrokenPromiseError(f"{most} of {len(world.callers)} callers asked for a stream within 0.1 s")


def _all_came_back_soon(world: World) -> None:
    """And without a wave that would take the processes that are left."""
    _nobody_came_in_waves(world)
    gaps = sorted(world.gaps)
    if gaps and gaps[len(gaps) * 95 // 100] > _STORM_P95_S:
        raise BrokenPromiseError(f"one in twenty waited longer than {gaps[len(gaps) * 95 // 100]:.1f} s")


def _no_turn_failed(world: World) -> None:
    failed = [
        caller.name for caller in world.callers if caller.outcomes["failed"] or caller.outcomes["unanswered"]
    ]
    if failed:
        raise BrokenPromiseError(f"a turn of {failed} failed")


def _no_streams_in_step(world: World) -> None:
    """Streams that began together are not replaced together."""
    replaced = sorted(at for at in world.account.opened if at > 300.0)
    most = max((sum(at <= other < at + 1.0 for other in replaced) for at in replaced), default=0)
    if most > len(world.callers) / 4:
        raise BrokenPromiseError(f"{most} of {len(world.callers)} streams were replaced within a second")


def _quota_was_kept(world: World) -> None:
    if world.account.refused_for_quota:
        raise BrokenPromiseError(f"the account refused {world.account.refused_for_quota} streams")


def _every_stream_was_replaced(world: World) -> None:
    if len(world.account.opened) < 2 * len(world.callers):
        raise BrokenPromiseError(f"only {len(world.account.opened)} streams in a long conversation")


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "calm": Scenario(
        shows="Conversations with tools and interruptions, and nothing going wrong.",
        plan=lambda: Plan(model=Faults(uses_tool=0.3), habits=Habits(barges_in=0.2, keeps=False)),
        trouble=_nothing,
        longest_gap_s=0.0,
    ),
    "crashes": Scenario(
        shows="Processes lost without a word: every saved turn is there, once, and everybody talks on.",
        plan=Plan,
        trouble=_crashes,
        longest_gap_s=75.0,
    ),
    "lost machine": Scenario(
        shows="A machine lost without a word: who was on it is missed within two heartbeats, and talks on elsewhere.",
        plan=lambda: Plan(callers=6, processes=3, habits=Habits(turns=5, speaks=0.0)),
        trouble=_lost_machine,
        longest_gap_s=18.0,
        seeds=40,
    ),
    "deploys": Scenario(
        shows="Rolling restarts with SIGTERM: nobody loses a turn, nobody waits long.",
        plan=lambda: Plan(habits=Habits(turns=5)),
        trouble=_deploys,
        longest_gap_s=2.0,
        check=_no_turn_failed,
    ),
    "partitions": Scenario(
        shows="The network swallows everything for 0.3 to 150 s, then delivers it: no turn is lost, none is there twice.",
        plan=Plan,
        trouble=_partitions,
        longest_gap_s=480.0,
    ),
    "cut lines": Scenario(
        shows="Connections that are reset every few seconds: who comes back at once is where he was, without a gap.",
        plan=lambda: Plan(processes=1, habits=Habits(turns=4, speaks=0.5)),
        trouble=_cut_lines,
        longest_gap_s=6.0,
    ),
    "slow network": Scenario(
        shows="Latencies that vary from 50 to 350 ms each way lose nothing and reorder nothing.",
        plan=lambda: Plan(latency_s=(0.05, 0.35), habits=Habits(speaks=0.6)),
        trouble=_nothing,
        longest_gap_s=0.0,
    ),
    "model trouble": Scenario(
        shows="Streams that die, fall silent or are refused, one at a time and all at once: every question is answered.",
        plan=lambda: Plan(model=Faults(dies=0.3, falls_silent=0.15, refused=0.1, uses_tool=0.2)),
        trouble=_model_away,
        longest_gap_s=60.0,
    ),
    "store trouble": Scenario(
        shows="A store that fails, answers late, loses answers, or is away: what was called saved is there, once.",
        plan=lambda: Plan(store=StoreFaults(fails=0.1, loses_answer=0.1, is_slow=0.1)),
        trouble=_store_away,
        longest_gap_s=60.0,
    ),
    "clocks": Scenario(
        shows="Processes whose clocks differ by up to an hour lose nothing, even when they crash.",
        plan=Plan,
        trouble=_clocks,
        longest_gap_s=90.0,
    ),
    "left behind": Scenario(
        shows="A process that was taken for dead, and writes late, writes nothing into a conversation that went on.",
        plan=lambda: Plan(store=StoreFaults(is_slow=0.3), habits=Habits(turns=5, pause_s=(0.1, 4.0))),
        trouble=_left_behind,
        longest_gap_s=300.0,
    ),
    "continuation": Scenario(
        shows="Long spoken conversations cross the model's eight minutes: no frame of speech is lost or doubled.",
        plan=lambda: Plan(
            callers=1,
            processes=1,
            habits=Habits(turns=9, speaks=1.0, pause_s=(50.0, 120.0)),
            silence_ms=2_000,
        ),
        trouble=_nothing,
        longest_gap_s=0.0,
        check=_every_stream_was_replaced,
    ),
    "same second": Scenario(
        shows="Forty sessions that began in the same second do not ask for their next streams in the same second.",
        plan=lambda: Plan(
            callers=40,
            processes=1,
            habits=Habits(turns=6, speaks=0.0, pause_s=(65.0, 85.0)),
            silence_ms=2_000,
        ),
        trouble=_nothing,
        longest_gap_s=0.0,
        check=_no_streams_in_step,
        seeds=3,
    ),
    "sign-in": Scenario(
        shows="Tokens expire within calls, tickets are used on another process and offered twice, the tickets cannot be"
        " reached, conversations are listed and deleted while they go on.",
        plan=lambda: Plan(
            habits=Habits(turns=6, speaks=0.1, pause_s=(5.0, 35.0)), browsers=True, silence_ms=2_000
        ),
        trouble=_sign_ins,
        longest_gap_s=120.0,
    ),
    "everything": Scenario(
        shows="Crashes, deploys, partitions, a store and a model in trouble, in any order.",
        plan=lambda: Plan(
            model=Faults(dies=0.1, falls_silent=0.05, refused=0.05, uses_tool=0.2),
            store=StoreFaults(fails=0.05, loses_answer=0.05, is_slow=0.05),
            habits=Habits(turns=4),
        ),
        trouble=_everything,
        longest_gap_s=600.0,
    ),
    "quota": Scenario(
        shows="Ten callers share an account that has room for five at once: never more streams than that, and nobody is forgotten.",
        plan=lambda: Plan(
            callers=10,
            habits=Habits(turns=2, speaks=0.0),
            settings={"model_quota": 6},
            quota=6,
        ),
        trouble=_nothing,
        longest_gap_s=60.0,
        check=_quota_was_kept,
        seeds=60,
    ),
    "storm": Scenario(
        shows="A process with 150 of 300 callers is lost at once: they come back spread out, and all of them.",
        plan=lambda: Plan(
            callers=300,
            processes=2,
            habits=Habits(turns=2, speaks=0.0, pause_s=(15.0, 25.0)),
            arrive_within_s=10.0,
            settings={"max_sessions": 400},
        ),
        trouble=_storm,
        longest_gap_s=90.0,
        check=_all_came_back_soon,
        seeds=3,
    ),
}
