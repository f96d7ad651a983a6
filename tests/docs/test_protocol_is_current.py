import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.generate.protocol import CLOSE_CODES, DOCUMENTS, ERROR_CODES
from service.errors import CloseCode, ErrorCode

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests/contract/golden/client_protocol.json").read_text())
ASYNCAPI = json.loads((ROOT / "docs/asyncapi.json").read_text())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_the_types_say(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")

    assert DOCUMENTS[name]() == written, "run: python -m docs.generate.protocol"


def test_every_close_code_and_error_code_is_explained() -> None:
    assert set(CloseCode) == set(CLOSE_CODES)
    assert set(ErrorCode) == set(ERROR_CODES)


def test_nothing_is_left_to_fill_in() -> None:
    assert "{{" not in DOCUMENTS["protocol.md"]()


@pytest.mark.parametrize(
    ("side", "vector"),
    [
        pytest.param(side, vector, id=vector["name"])
        for side, group in (("client", "clientToServer"), ("server", "serverToClient"))
        for vector in GOLDEN[group]
        if not vector["binary"]
    ],
)
def test_the_schemas_accept_every_golden_message(side: str, vector: dict[str, Any]) -> None:
    kind = vector["wire"]["type"]
    message = ASYNCAPI["components"]["messages"][side + kind[0].upper() + kind[1:]]

    jsonschema.validate(vector["wire"], message["payload"], cls=jsonschema.Draft7Validator)
