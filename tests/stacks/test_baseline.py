"""Property 47: an update replaces nothing that holds state."""

import copy
import json
from typing import Any

import pytest

from delivery.baseline import BASELINE, recorded, replacements
from tests.stacks.assemblies import Assembly
from tests.stacks.variants import COMMITTED

RECORDED: dict[str, Any] = json.loads(BASELINE.read_text())


@pytest.mark.parametrize("stage", COMMITTED)
def test_an_update_replaces_nothing(assembly: Assembly, stage: str) -> None:
    """If this is meant: `make baseline`, and say in the change what is lost and how it is moved."""
    assert [] == list(replacements(RECORDED[stage], recorded(assembly.stages[stage])))


@pytest.mark.parametrize("stage", COMMITTED)
def test_everything_that_holds_state_is_recorded(assembly: Assembly, stage: str) -> None:
    assert RECORDED[stage].keys() == recorded(assembly.stages[stage]).keys()


def test_a_renamed_table_is_told_from_a_new_one() -> None:
    after = copy.deepcopy(RECORDED["prod"])
    (table,) = [id_ for id_ in after if after[id_]["type"] == "AWS::DynamoDB::GlobalTable"]
    after["data/Conversations0"] = after.pop(table)

    expected = (
        f"{table} (AWS::DynamoDB::GlobalTable) would be deleted; data/Conversations0 is new: was it renamed?"
    )
    assert [expected] == list(replacements(RECORDED["prod"], after))


def test_another_key_of_the_table_is_a_replacement() -> None:
    after = copy.deepcopy(RECORDED["prod"])
    (table,) = [id_ for id_ in after if after[id_]["type"] == "AWS::DynamoDB::GlobalTable"]
    after[table]["fixed"]["KeySchema"] = [{"AttributeName": "id", "KeyType": "HASH"}]

    (line,) = replacements(RECORDED["prod"], after)
    assert line.startswith(f"{table} (AWS::DynamoDB::GlobalTable) would be replaced: KeySchema was ")


def test_any_change_of_a_vpc_origin_is_a_replacement() -> None:
    after = copy.deepcopy(RECORDED["prod"])
    (origin,) = [id_ for id_ in after if after[id_]["type"] == "AWS::CloudFront::VpcOrigin"]
    after[origin]["fixed"]["Tags"] = [{"Key": "Stage", "Value": "prod"}]

    assert 1 == len(list(replacements(RECORDED["prod"], after)))
