"""What tokens cost, by model and date, in whole billionths of a US dollar.

Every published price is a whole number of billionths a token, so sums are exact and nothing is ever rounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

NANO_USD: Final = 1_000_000_000


class TokenCounts(Protocol):
    """Tokens by direction and kind."""

    @property
    def input_speech(self) -> int: ...
    @property
    def input_text(self) -> int: ...
    @property
    def output_speech(self) -> int: ...
    @property
    def output_text(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Billionths of a US dollar for one token of each kind, from a day on."""

    since: str
    """The first day, UTC, as 2026-11-23."""
    input_speech: int
    input_text: int
    output_speech: int
    output_text: int
    source: str

    def cost_nano_usd(self, tokens: TokenCounts) -> int:
        """What these tokens cost."""
        return (
            tokens.input_speech * self.input_speech
            + tokens.input_text * self.input_text
            + tokens.output_speech * self.output_speech
            + tokens.output_text * self.output_text
        )


_SONIC_2: Final = Prices(
    since="2025-12-02",
    input_speech=3_000,
    input_text=330,
    output_speech=12_000,
    output_text=2_750,
    source="list price us-east-1 as quoted by aggregators in November 2026; compare it with your bill",
)
_SONIC_1: Final = Prices(
    since="2025-04-08",
    input_speech=3_400,
    input_text=60,
    output_speech=13_600,
    output_text=240,
    source="Bedrock list price, us-east-1",
)
# The newest last. A changed price is a further line, never a changed one: what was, was paid.
TABLE: Final[Mapping[str, Sequence[Prices]]] = {
    "amazon.nova-sonic-v1:0": (_SONIC_1,),
    "amazon.nova-2-sonic-v1:0": (_SONIC_2,),
    # No price of its own is published; its predecessor's is taken.
    "amazon.nova-2-5-sonic": (_SONIC_2,),
}


def prices_on(model_id: str, day: str) -> Prices:
    """The prices of a model on a day; an unknown model costs what the dearest known one does."""
    table = TABLE.get(model_id, (_SONIC_1,))
    valid = [prices for prices in table if prices.since <= day]
    return valid[-1] if valid else table[0]


def usd(nano_usd: int) -> float:
    """Billionths as dollars, for people and for JSON; never for adding up."""
    return nano_usd / NANO_USD
