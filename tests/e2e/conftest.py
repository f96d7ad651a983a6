"""The stage of the process tests: one scripted emulator for all, and a service for each set of settings."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.e2e.caller import Caller, assert_talks_on, talking_on
from tests.e2e.processes import LIVING, Emulator, Service, running_emulator, running_service

_LAST_LINES: Final = 60

QUICK: Final = """
about = "Three questions and short answers, again and again."
[[turn]]
heard = "first question"
[[turn.step]]
say = "First answer."
audio_s = 0.15
[[turn]]
heard = "second question"
[[turn.step]]
say = "Second answer."
audio_s = 0.15
[[turn]]
heard = "third question"
[[turn.step]]
say = "Third answer."
audio_s = 0.15
"""

type Serve = Callable[..., Service]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes logged beside a failure."""
    report = yield
    if report.failed:
        for name, log in LIVING.items():
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
            report.sections.append((f"log of the {name}", "\n".join(line[:400] for line in lines)))
    return report


@pytest.fixture(autouse=True)
def calm() -> Iterator[None]:
    """Nothing that runs may print a traceback while a test lasts, whatever the test does to it."""
    before = {name: _tracebacks(log) for name, log in LIVING.items()}
    yield
    for name, log in LIVING.items():
        assert before.get(name, 0) == _tracebacks(log), f"the {name} printed a traceback"


def _tracebacks(log: Path) -> int:
    return log.read_text(encoding="utf-8", errors="replace").count("Traceback")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def shared_emulator(folder: Path) -> Iterator[Emulator]:
    with running_emulator(folder, "--quota", "200") as running:
        yield running


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Iterator[Emulator]:
    """The scripted emulator with quick answers; whatever a test turns is turned back."""
    shared_emulator.play(QUICK)
    yield shared_emulator
    shared_emulator.play(QUICK)  # which also disarms every fault
    shared_emulator.control("POST", "/time-scale", {"scale": 1})
    shared_emulator.control("POST", "/quota", {"streams": 200})
    shared_emulator.switch(
        interruption="text_and_stop_reason", user_speech_events=True, endpointing="measured"
    )


@pytest.fixture(scope="session")
def services(folder: Path, shared_emulator: Emulator) -> Iterator[Serve]:
    """Services by their settings, each started when a test first asks for it."""
    running: dict[tuple[tuple[str, object], ...], Service] = {}
    with ExitStack() as stack:

        def serve(**settings: object) -> Service:
            key = tuple(sorted(settings.items()))
            if key not in running:
                name = f"service-{len(running) + 1}"
                running[key] = stack.enter_context(
                    running_service(folder, shared_emulator, name=name, **settings)
                )
            return running[key]

        yield serve


@pytest.fixture
def service(services: Serve, emulator: Emulator) -> Service:  # noqa: ARG001 - the emulator is as new
    """The service with the settings it comes with."""
    return services()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(shared_emulator: Emulator, services: Serve) -> AsyncIterator[Caller]:
    """A well-behaved session of the same process, which talks on as long as the tests of this file run."""
    shared_emulator.play(QUICK)
    async with talking_on(services().socket_url) as other:
        yield other


@pytest_asyncio.fixture(loop_scope="module")
async def unaffected(bystander: Caller) -> AsyncIterator[None]:
    """The other session has a turn after whatever the test does, and no trouble."""
    turns = len(bystander.of("turn"))
    yield
    await assert_talks_on(bystander, turns)


in_company = pytest.mark.usefixtures("unaffected")
in_one_loop = pytest.mark.asyncio(loop_scope="module")
"""What the session in company lives in."""
