"""What is known of a turn's time and money, put together when it is over and again when the client has told its side."""

import json
from dataclasses import asdict, dataclass, replace

from service.policies.prices import Prices
from service.policies.waterfall import ServerMarks, Verdict, Waterfall, of_both, of_service
from service.session.turn import Turn
from service.wire import client, server
from service.wire.server import Timings
from service.wire.sonic_output import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is kept with a turn beside its words."""

    timings: Timings
    waterfall: Waterfall | None
    used: Usage
    cost_nano_usd: int

    def as_json(self) -> str:
        """As it is stored and exported; unknown parts are left out."""
        spans = {name: ms for name, ms in asdict(self.timings).items() if ms is not None}
        fields = {**spans, "tokens": asdict(self.used), "cost_nano_usd": self.cost_nano_usd}
        if self.waterfall is not None:
            fields["waterfall"] = {**self.waterfall.parts, "total_ms": self.waterfall.total_ms}
        return json.dumps(fields, separators=(",", ":"))


def figures_of(turn: Turn, timings: Timings, used: Usage, prices: Prices) -> Figures:
    """Of a turn that is over."""
    return Figures(
        timings=timings,
        waterfall=turn.waterfall or of_service_alone(turn),
        used=used,
        cost_nano_usd=prices.cost_nano_usd(used),
    )


def with_late_news(figures: Figures, turn: Turn) -> Figures:
    """The same with what the client told after the turn was over."""
    return figures if turn.waterfall is None else replace(figures, waterfall=turn.waterfall)


def marks_of(turn: Turn, arrived_at: float | None) -> ServerMarks | None:
    """What the service saw; None for a turn without a reply that sounded."""
    if turn.closed_at is None or turn.first_audio_at is None or turn.sent_at is None:
        return None
    return ServerMarks(
        arrived_at=turn.closed_at if turn.is_typed else arrived_at,
        taken_s=turn.taken_s,
        closed_at=turn.closed_at,
        first_audio_at=turn.first_audio_at,
        sent_at=turn.sent_at,
    )


def of_service_alone(turn: Turn) -> Waterfall | None:
    """The parts that need no client."""
    marks = marks_of(turn, turn.last_audio_at)
    return None if marks is None else of_service(marks)


def with_client(turn: Turn, told: client.Timings, arrived_at: float | None) -> Verdict:
    """Put the client's side to it, if it can be true."""
    marks = marks_of(turn, arrived_at)
    if marks is None:
        return Verdict.LATE
    whole = of_both(marks, told)
    if whole is None:
        return Verdict.IMPOSSIBLE
    turn.waterfall = whole
    return Verdict.USED


def on_the_wire(waterfall: Waterfall | None) -> server.Waterfall | None:
    """The same as the client is told it."""
    return None if waterfall is None else server.Waterfall(**asdict(waterfall))
