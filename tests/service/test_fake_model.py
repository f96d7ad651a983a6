"""The fake model keeps the contract of the real one, so what is tested with it is true."""

from dataclasses import dataclass, field

import pytest

from service.errors import ModelFailure, ModelFailureKind
from tests.contract.model_contract import ModelContract
from tests.service.fake_model import FakeModel


@dataclass(frozen=True, slots=True)
class FakePeer:
    transport: FakeModel = field(default_factory=FakeModel)

    async def fail(self, kind: ModelFailureKind, *, on_input: str) -> None:
        self.transport.fails_on[on_input] = ModelFailure(kind, "as armed")


class TestFakeModel(ModelContract):
    @pytest.fixture
    def peer(self) -> FakePeer:
        return FakePeer()
