"""What a model says that cannot be counted, and how often: sums stay right, dimensions few, lines fewer."""

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest

from service.metrics.contract import CONTRACT
from tests.e2e.caller import calling
from tests.e2e.processes import Emulator, running_service

pytestmark = pytest.mark.process

_A_THOUSAND: Final = (
    '"delta":{"input":{"speechTokens":0,"textTokens":0},"output":{"speechTokens":1000,"textTokens":0}}'
)
_NO_TOTALS: Final[dict[str, tuple[str, float, int]]] = {
    "only what came since": (_A_THOUSAND, 0.024, 0),
    "nothing": ("", 0.0, 2),
    "less than nothing": (_A_THOUSAND.replace("1000", "-1000"), 0.0, 2),
}


@pytest.mark.parametrize("case", _NO_TOTALS)
async def test_a_usage_event_without_totals_costs_what_it_says_and_ends_nothing(
    emulator: Emulator, tmp_path: Path, case: str
) -> None:
    details, usd, faults = _NO_TOTALS[case]
    document = f'{{"event":{{"usageEvent":{{"details":{{{details}}}}}}}}}'
    for nth in (1, 2):
        emulator.arm(kind="replace", document=document, on_output="usageEvent", nth=nth)
    with running_service(tmp_path, emulator, name="totals", VOICE_STAGE="test") as service:
        async with calling(service.socket_url) as caller:
            await caller.start()
            for _ in range(2):
                await caller.say()
                await caller.until("turn")
            await caller.end()
        service.stop()
        assert 0 == await asyncio.to_thread(service.ended)

    assert ([], ["completed", "completed"]) == (
        caller.of("error"),
        [turn["outcome"] for turn in caller.of("turn", saved=False)],
    )
    (ended,) = service.lines("session ended")
    assert (usd, faults) == (ended["cost_usd"], ended.get("faults", 0))
    assert usd == pytest.approx(service.metrics.get("EstimatedCost", 0.0), abs=1e-6)
    assert usd / 0.000_012 == pytest.approx(service.metrics.get("Tokens.out_speech", 0.0))


async def test_ten_thousand_different_errors_make_no_new_dimension_and_few_lines(
    emulator: Emulator, tmp_path: Path
) -> None:
    for document in (
        '{"event":{"oddity{n}":{"message":"oddity number {n}"}}}',
        '{"event":{"toolUse":{"oddity {n}":{n}}}}',
    ):
        emulator.arm(kind="replace", document=document, times=5_000, on_output="usageEvent")
    emulator.arm(
        kind="unknown-exception", name="oddException", message="an oddity", on_output="userSpeechStart"
    )
    with running_service(tmp_path, emulator, name="errors", VOICE_STAGE="test") as service:
        async with calling(service.socket_url) as caller:
            await caller.start()
            await caller.say()
            await caller.until("turn")
            assert "completed" == (await caller.ask("And then?"))["outcome"], "the stream goes on"
            await caller.end()
        service.stop()
        assert 0 == await asyncio.to_thread(service.ended)

    (ended,) = service.lines("session ended")
    assert 10_000 == ended["faults"]
    assert 1.0 == service.metrics["ModelError.stream_error"]
    assert len(service.text.splitlines()) - len(service.metric_lines) < 30
    for line in service.metric_lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] in ([["Stage"]], [["Stage", "Outcome"]])
        for metric in directive["Metrics"]:
            assert line.get("Outcome", "") in (CONTRACT[metric["Name"]].outcomes or ("",))
        assert "oddity" not in json.dumps(line)
