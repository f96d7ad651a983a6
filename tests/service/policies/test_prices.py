from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.policies.prices import NANO_USD, TABLE, Prices, prices_on, usd
from service.wire.sonic_output import Usage

_COUNTS = st.builds(
    Usage,
    input_speech=st.integers(0, 10**9),
    input_text=st.integers(0, 10**9),
    output_speech=st.integers(0, 10**9),
    output_text=st.integers(0, 10**9),
)


def test_a_million_tokens_cost_what_the_price_list_says() -> None:
    prices = prices_on("amazon.nova-2-sonic-v1:0", "2026-11-23")
    million = Usage(input_speech=10**6, input_text=0, output_speech=10**6, output_text=0)
    assert Decimal(15) == Decimal(prices.cost_nano_usd(million)) / NANO_USD


@given(st.lists(_COUNTS, max_size=30))
def test_the_sum_of_the_parts_is_the_cost_of_the_sum_to_the_last_billionth(parts: list[Usage]) -> None:
    prices = prices_on("amazon.nova-2-sonic-v1:0", "2026-11-23")
    ledger = (
        Decimal("0.000003") * sum(part.input_speech for part in parts)
        + Decimal("0.00000033") * sum(part.input_text for part in parts)
        + Decimal("0.000012") * sum(part.output_speech for part in parts)
        + Decimal("0.00000275") * sum(part.output_text for part in parts)
    )
    assert ledger == Decimal(sum(prices.cost_nano_usd(part) for part in parts)) / NANO_USD


def test_every_price_has_a_day_a_source_and_the_days_rise() -> None:
    for table in TABLE.values():
        days = [prices.since for prices in table]
        assert sorted(set(days)) == days
        assert all(prices.source and len(prices.since) == len("2026-11-23") for prices in table)


def test_a_turn_costs_what_was_valid_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    old = Prices(since="2026-01-01", input_speech=1, input_text=1, output_speech=1, output_text=1, source="a")
    new = Prices(since="2026-07-01", input_speech=2, input_text=2, output_speech=2, output_text=2, source="b")
    monkeypatch.setitem(TABLE, "m", (old, new))
    assert [old, old, new, new] == [
        prices_on("m", day) for day in ("2025-12-31", "2026-06-30", "2026-07-01", "2027-01-01")
    ]


def test_an_unknown_model_is_never_free() -> None:
    one_of_each = Usage(input_speech=1, input_text=1, output_speech=1, output_text=1)
    assert prices_on("somebody.else", "2026-11-23").cost_nano_usd(one_of_each) > 0


def test_dollars_are_for_people() -> None:
    assert 0.0000027 == usd(2_700)
