"""`python -m emulators.nova_sonic`: options in, one `ready` line out, then served until a signal comes."""

import asyncio
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET, Account
from emulators.nova_sonic.brains.ports import Brain
from emulators.nova_sonic.brains.scripted import ScriptedBrain
from emulators.nova_sonic.brains.speech import SpeechUnavailableError, load_speech_brain
from emulators.nova_sonic.certificate import CertificateError, ensure_certificates, utc_now
from emulators.nova_sonic.command_line import parser
from emulators.nova_sonic.emulator import Dials, Emulator
from emulators.nova_sonic.fault_plan import FaultPlan
from emulators.nova_sonic.fault_tables import FaultError, parse_faults
from emulators.nova_sonic.profiles import Profile, ProfileError, load_profile, load_profiles
from emulators.nova_sonic.scenarios import Scenario, ScenarioError, load_scenario, scenario_names
from emulators.nova_sonic.server import Addresses, ListenError, Ready, serve

_WORKERS = 2
"""Threads for a brain that blocks; its models use threads of their own."""


class UsageError(Exception):
    """The options exclude each other; the message says which."""


def main() -> int:
    """Run the emulator; 2 and one sentence when it cannot start."""
    options = parser().parse_args()
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    try:
        if options.list_scenarios:
            _list_scenarios()
            return 0
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="brain") as executor:
            _run(_served(options, executor))
            # A model in the middle of a sentence would keep the process for seconds, and nobody waits for it any more.
            executor.shutdown(wait=False, cancel_futures=True)
            sys.stdout.flush()
            os._exit(0)
    except (
        CertificateError,
        FaultError,
        ListenError,
        ProfileError,
        ScenarioError,
        SpeechUnavailableError,
        UsageError,
    ) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _served(options: Namespace, executor: ThreadPoolExecutor) -> Coroutine[None, None, None]:
    files = ensure_certificates(
        options.state_dir, now=utc_now(), extra_hosts=() if options.host == "localhost" else (options.host,)
    )
    profiles = _profiles(options)
    scenario, make_brain = _brain(options)
    faults = [
        *options.fault,
        *(parse_faults(scenario.faults, where=f"scenario {scenario.name!r}, fault") if scenario else ()),
    ]
    quota = max(profile.limits.concurrent_streams for profile in profiles.values())
    emulator = Emulator(
        account=Account(
            credentials=dict(options.credentials or [(DEFAULT_ACCESS_KEY, DEFAULT_SECRET)]),
            quota=quota if options.quota is None else options.quota,
        ),
        dials=Dials(
            profiles=profiles,
            make_brain=make_brain,
            brain_name=options.brain,
            scenario=scenario,
            time_scale=options.time_scale,
            verify=not options.no_verify,
            max_streams=options.max_streams,
        ),
        faults=FaultPlan(faults),
        executor=executor,
    )
    addresses = Addresses(
        host=options.host,
        port=options.port,
        control_host=options.control_host,
        control_port=options.control_port,
    )
    names = ",".join(sorted({profile.name for profile in profiles.values()}))

    def announce(ready: Ready) -> None:
        print(
            f"ready {ready.endpoint} ca={_shown(files.authority)} control={ready.control} brain={options.brain} profile={names}",
            flush=True,
        )

    return serve(emulator, addresses, files.server_context(), announce=announce)


def _profiles(options: Namespace) -> dict[str, Profile]:
    chosen = load_profiles()
    if options.profile is not None:
        chosen = {
            model_id: load_profile(options.profile) for model_id in load_profile(options.profile).model_ids
        }
    return {model_id: profile.with_assignments(options.switch) for model_id, profile in chosen.items()}


def _brain(options: Namespace) -> tuple[Scenario | None, Callable[[], Brain]]:
    if options.brain == "speech":
        if options.scenario is not None:
            raise UsageError("--scenario is a script for --brain scripted; --brain speech answers by itself")
        return None, load_speech_brain()
    scenario = load_scenario(options.scenario or "default")
    return scenario, lambda: ScriptedBrain(scenario)


def _list_scenarios() -> None:
    width = max(len(name) for name in scenario_names())
    for name in scenario_names():
        print(f"{name:{width}}  {load_scenario(name).about}")


def _run(coroutine: Coroutine[None, None, None]) -> None:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform; asyncio's own loop serves as well, only slower
    except ImportError:
        asyncio.run(coroutine)
    else:
        uvloop.run(coroutine)


def _shown(path: Path) -> str:
    return str(path.absolute())


if __name__ == "__main__":
    sys.exit(main())
