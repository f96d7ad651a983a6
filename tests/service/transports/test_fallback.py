"""The second way is for an endpoint that does not understand the first, and for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.transports.fallback import FallbackTransport
from service.transports.ports import ModelStreamListener
from tests.contract.model_contract import Recorder, begin
from tests.service.fake_model import FakeModel, FakeStream


class Refusing(FakeModel):
    """A model that fails its check, or every opening, as it is told."""

    def __init__(self, failure: ModelFailure | None) -> None:
        super().__init__()
        self.failure = failure
        self.checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.failure is not None:
            raise self.failure

    async def open(self, listener: ModelStreamListener) -> FakeStream:
        if self.failure is not None:
            raise self.failure
        return await super().open(listener)


def failure(kind: ModelFailureKind) -> ModelFailure:
    return ModelFailure(kind, "so")


class Ways:
    def __init__(self, first: ModelFailure | None, second: ModelFailure | None = None) -> None:
        self.first = Refusing(first)
        self.second = Refusing(second)
        self.reasons: list[ModelFailure] = []
        self.transport = FallbackTransport(
            self.first, second=lambda: self.second, on_fallback=self.reasons.append
        )


OTHER_KINDS = [kind for kind in ModelFailureKind if kind is not ModelFailureKind.PROTOCOL]


async def test_a_first_way_that_works_is_kept() -> None:
    ways = Ways(None)
    await ways.transport.check()
    await ways.transport.open(Recorder())

    assert (1, 0, []) == (len(ways.first.streams), len(ways.second.streams), ways.reasons)


@pytest.mark.parametrize("act", ["check", "open"])
async def test_a_refusal_for_protocol_leads_to_the_second_way_at_once_and_for_good(act: str) -> None:
    ways = Ways(failure(ModelFailureKind.PROTOCOL))
    if act == "check":
        await ways.transport.check()
    else:
        await ways.transport.open(Recorder())
    await ways.transport.open(Recorder())
    await ways.transport.check()

    assert [ModelFailureKind.PROTOCOL] == [reason.kind for reason in ways.reasons]
    assert not ways.first.streams
    assert ways.second.streams


@pytest.mark.parametrize("kind", OTHER_KINDS, ids=lambda kind: kind.value)
async def test_no_other_failure_changes_the_way(kind: ModelFailureKind) -> None:
    ways = Ways(failure(kind))
    for act in (ways.transport.check, _opening(ways)):
        with pytest.raises(ModelFailure) as raised:
            await act()

        assert kind is raised.value.kind

    assert [] == ways.reasons


@pytest.mark.parametrize("kind", ModelFailureKind, ids=lambda kind: kind.value)
async def test_a_live_stream_that_is_refused_for_protocol_moves_the_next_one(kind: ModelFailureKind) -> None:
    ways = Ways(None)
    recorder = Recorder()
    stream = await ways.transport.open(recorder)
    begin(stream)
    ways.first.streams[0].fail(failure(kind))
    told = await recorder.closed()
    await ways.transport.open(Recorder())

    assert told is not None
    assert kind is told.kind
    moved = kind is ModelFailureKind.PROTOCOL
    assert (moved, int(moved)) == (bool(ways.second.streams), len(ways.reasons))


async def test_when_neither_way_works_the_second_one_says_why() -> None:
    ways = Ways(failure(ModelFailureKind.PROTOCOL), failure(ModelFailureKind.ACCESS_DENIED))
    with pytest.raises(ModelFailure) as raised:
        await ways.transport.check()

    assert ModelFailureKind.ACCESS_DENIED is raised.value.kind


async def test_streams_of_both_ways_end_with_the_transport() -> None:
    ways = Ways(None)
    recorders = [Recorder(), Recorder()]
    begin(await ways.transport.open(recorders[0]))
    ways.first.failure = failure(ModelFailureKind.PROTOCOL)
    begin(await ways.transport.open(recorders[1]))
    await ways.transport.aclose()
    async with asyncio.timeout(5.0):
        for recorder in recorders:
            await recorder.closed()

    assert ["closed", "closed"] == [recorder.names[-1] for recorder in recorders]


def _opening(ways: Ways) -> Callable[[], Awaitable[object]]:
    return lambda: ways.transport.open(Recorder())
