"""A model that fails for everybody is left alone; one that works is not noticed."""

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.policies.breaker import Breaker
from service.transports.guarded import GuardedTransport
from tests.contract.model_contract import Recorder
from tests.service.fake_model import FakeModel

DOWN = ModelFailure(ModelFailureKind.UNREACHABLE, "nobody home")


def guarded(model: FakeModel) -> GuardedTransport:
    return GuardedTransport(model, Breaker(), clock=lambda: 100.0)


async def test_streams_that_cannot_be_opened_end_in_a_refusal_without_asking() -> None:
    model = FakeModel()
    model.refusals.extend([DOWN] * 10)
    guard = guarded(model)
    for _ in range(10):
        with pytest.raises(ModelFailure, match="nobody home"):
            await guard.open(Recorder())

    with pytest.raises(ModelFailure, match="left alone"):
        await guard.open(Recorder())
    assert [] == model.streams


async def test_a_stream_that_breaks_before_it_was_accepted_has_failed() -> None:
    model = FakeModel()
    guard = guarded(model)
    for _ in range(10):
        recorder = Recorder()
        await guard.open(recorder)
        model.stream.fail(DOWN)
        await model.stream.over.wait()

    with pytest.raises(ModelFailure, match="left alone"):
        await guard.open(Recorder())


async def test_a_stream_that_breaks_later_and_one_that_is_closed_unused_have_not() -> None:
    model = FakeModel()
    guard = guarded(model)
    for i in range(20):
        stream = await guard.open(Recorder())
        if i % 2:
            stream.send(b'{"event":{"sessionStart":{}}}', droppable=False)
            model.stream.fail(DOWN)
        else:
            stream.close()
        await model.stream.over.wait()

    await guard.open(Recorder())
    await guard.aclose()
