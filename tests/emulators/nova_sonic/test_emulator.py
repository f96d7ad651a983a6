from concurrent.futures import ThreadPoolExecutor

import pytest

from emulators.nova_sonic.account import Account
from emulators.nova_sonic.brains.scripted import ScriptedBrain
from emulators.nova_sonic.emulator import Dials, Emulator
from emulators.nova_sonic.fault_plan import FaultPlan
from emulators.nova_sonic.profiles import load_profile


@pytest.mark.parametrize(("scale", "idle_s"), [(1.0, 55.0), (10.0, 5.5), (0.5, 110.0)])
def test_time_passes_as_many_times_as_fast_as_the_dial_says(scale: float, idle_s: float) -> None:
    profile = load_profile("nova-2-sonic")
    with ThreadPoolExecutor() as executor:
        emulator = Emulator(
            account=Account(credentials={}, quota=1),
            dials=Dials(
                profiles={},
                make_brain=ScriptedBrain,
                brain_name="scripted",
                scenario=None,
                time_scale=scale,
            ),
            faults=FaultPlan(),
            executor=executor,
        )

        conversation = emulator.conversation(profile, ScriptedBrain(), opened_at=100.0)

    assert conversation.deadline == pytest.approx(100.0 + idle_s)
