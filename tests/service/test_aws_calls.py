"""What the service asks of AWS with its role is what the golden file says, call for call."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import botocore.session
import pytest
from botocore import xform_name
from moto import mock_aws

from service.stores.dynamodb import DynamoDbStore
from service.stores.dynamodb_items import PARTITION_KEY, SORT_KEY
from service.stores.ports import ConversationStore
from service.transports.bedrock_direct.signing import Keys, sign_request
from tests.contract.store_contract import C1, C2, KEPT, RETENTION, grip, turn

GOLDEN = json.loads((Path(__file__).parents[1] / "contract/golden/service_calls.json").read_text())
TABLE = "conversations"
MODEL = "amazon.nova-2-sonic-v1:0"
# A transaction has no action of its own: AWS asks for those of its parts.
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}  # fmt: skip


def actions_of(operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(action, table) of every permission that a call of DynamoDB needs."""
    if operation != "TransactWriteItems":
        tables = parameters.get("RequestItems") or [parameters["TableName"]]
        yield from ((f"dynamodb:{operation}", table) for table in tables)
        return
    for item in parameters["TransactItems"]:
        ((part, body),) = item.items()
        yield f"dynamodb:{PARTS[part]}", body["TableName"]


class Recording:
    """A client of moto's that remembers what it was asked."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()
        self.client = boto3.client("dynamodb", region_name="us-east-1")
        for operation in self.client.meta.service_model.operation_names:
            name = f"before-parameter-build.dynamodb.{operation}"
            self.client.meta.events.register(name, self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.pairs |= set(actions_of(model.name, params))


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    with mock_aws():
        keys = ((PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE"))
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Recording()


async def everything(store: ConversationStore) -> set[str]:
    """Every method of the port once; their names."""
    await store.check()
    await store.begin("ann", C1, grip("s1", "hash"))
    await store.save_turn("ann", C1, 1, turn(1))
    await store.renew("ann", C1, 1, grip("s1", "other"))
    await store.epochs([("ann", C1)])
    await store.resume("ann", "s1", "other", grip("s2"), history_bytes=KEPT)
    await store.attach("ann", C1, grip("s3"), history_bytes=KEPT)
    await store.conversations("ann", limit=5)
    await store.conversation("ann", C1)
    await store.turns("ann", C1)
    await store.rename("ann", C1, "A title")
    await store.delete("ann", C1)
    await store.begin("ann", C2, grip("s4"))
    await store.forget("ann")
    await store.aclose()
    return {"check", "begin", "save_turn", "renew", "epochs", "resume", "attach", "conversations", "conversation", "turns",
            "rename", "delete", "forget", "aclose"}  # fmt: skip


async def test_the_store_asks_for_what_is_written_down_and_no_more(recording: Recording) -> None:
    store = DynamoDbStore(recording.client, TABLE, retention=RETENTION, utc_now=lambda: datetime.now(UTC))

    tried = await everything(store)

    assert tried == {name for name in vars(ConversationStore) if not name.startswith("_")}
    called = {(action, TABLE) for action, resource in GOLDEN["called"] if resource == "table"}
    assert called == recording.pairs


def test_the_model_is_asked_by_the_one_operation_that_is_written_down() -> None:
    """The path that goes out, read by AWS's own description of the API."""
    keys = Keys(access_key_id="AKIDEXAMPLE", secret="example", session_token=None)
    request = sign_request(keys=keys, region="us-east-1", authority="x", model_id=MODEL, at=0.0)
    path = unquote(dict(request.headers)[":path"])
    bedrock = botocore.session.get_session().get_service_model("bedrock-runtime")
    asked = {
        f"{bedrock.signing_name}:{name}"
        for name in bedrock.operation_names
        if bedrock.operation_model(name).http["requestUri"].replace("{modelId}", MODEL) == path
    }

    assert asked == {action for action, resource in GOLDEN["called"] if resource == "model"}


def test_what_is_implied_has_a_reason() -> None:
    assert all(len(reason) > 20 for _, _, reason in GOLDEN["implied"])


STORES = Path(__file__).parents[2] / "service/stores"
CALL = re.compile(r"_client\.(?:get_paginator\(\"(\w+)\"\)|(\w+)\()")


@pytest.mark.parametrize("module", sorted(STORES.glob("*dynamodb*.py")), ids=lambda path: path.stem)
def test_no_store_calls_what_is_not_written_down(module: Path) -> None:
    """Read off the source, so that a new store cannot forget to be recorded."""
    dynamodb = botocore.session.get_session().get_service_model("dynamodb")
    names = {xform_name(name): f"dynamodb:{name}" for name in dynamodb.operation_names}
    found = {paged or plain for paged, plain in CALL.findall(module.read_text(encoding="utf-8"))} - {"close"}
    # A transaction's parts are recorded above.
    known = {action for action, _ in GOLDEN["called"]} | {"dynamodb:TransactWriteItems"}

    assert set() == {names[name] for name in found} - known
