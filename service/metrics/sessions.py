"""What a session announces, as counts and as log lines: one line a turn, one line a session.

The lines hold identifiers, spans and closed vocabularies; no sentence of a user or of the model is in them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, assert_never

from service.errors import CloseCode, ModelFailureKind
from service.metrics import contract, figures
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.metrics.registry import Registry
from service.metrics.tracing import NoTraces, Traces
from service.policies.prices import Prices, prices_on, usd
from service.session.effects import (
    Announcement,
    Direction,
    Fault,
    Resumed,
    StandbyLost,
    State,
    StateChanged,
    StoreFaulted,
    StreamBegan,
    StreamLost,
    StreamReplaced,
    TimingsTold,
    TurnClosed,
    TurnEnded,
    TurnKept,
    UsageCounted,
    ValidationCounted,
    WoundDown,
)
from service.wire.client import Audio
from service.wire.server import Interrupted, Outcome, Ready, ServerMessage

# How the contract calls the way a turn ended.
_TURN_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.COMPLETED: "completed",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.UNANSWERED: "no_response",
    Outcome.FAILED: "error",
}
# Why a stream did not open, as the contract calls it.
_OPENINGS: Final[Mapping[ModelFailureKind, str]] = {
    ModelFailureKind.THROTTLED: "throttled",
    ModelFailureKind.QUOTA: "throttled",
    ModelFailureKind.ACCESS_DENIED: "denied",
    ModelFailureKind.CREDENTIALS: "denied",
    ModelFailureKind.TIMED_OUT: "timeout",
    ModelFailureKind.UNREACHABLE: "timeout",
}
# A client may close with any number; only these become part of a counter's name.
_KNOWN_CODES: Final = frozenset(CloseCode) | frozenset(range(1000, 1016))
_log = logger("service.session")


@dataclass(slots=True, kw_only=True)
class SessionRecord:
    """Listens to one session until it has ended."""

    session_id: str
    subprotocol: str
    began_at: float
    counters: Counters
    registry: Registry = field(default_factory=Registry)
    traces: Traces = field(default_factory=NoTraces)
    prices: Prices = field(default_factory=lambda: prices_on("", ""))
    add_figures: Callable[[Mapping[str, int]], None] = lambda _: None
    """Where the dashboard's sums go."""
    language: str = ""
    is_ready: bool = False
    """Whether the model ever listened to it."""
    cost_nano_usd: int = 0
    _totals: Counter[str] = field(default_factory=Counter)

    def record(self, announcement: Announcement) -> None:  # noqa: C901 - one branch for each announcement
        """Count, and write the lines that are due."""
        match announcement:
            case TurnEnded():
                self._turn_ended(announcement)
            case TurnClosed(closed_by=closed_by):
                self.counters.add("turns_closed", label=closed_by.value)
            case UsageCounted():
                self._usage(announcement)
            case StreamLost():
                self._stream_lost(announcement)
            case ValidationCounted(direction=direction, event_type=event_type, fault=fault, count=count):
                self.counters.add(f"messages_{direction.value}", count, label=f"{event_type}.{fault.value}")
                if fault is not Fault.NONE:
                    self._fault(direction, event_type, fault, count)
            case StateChanged(after=after):
                self.counters.add("states_entered", label=after.value)
                if after is State.LISTENING and not self.is_ready:
                    self.is_ready = True
                    self.registry.add(contract.SESSION_START, outcome="ok")
            case TimingsTold() | StreamBegan() | StandbyLost() | StreamReplaced() | Resumed() | WoundDown():
                self._counted(announcement)
            case TurnKept():
                self._turn_kept(announcement)
            case StoreFaulted():
                self._store_faulted(announcement)
            case _:
                assert_never(announcement)

    def took_in(self, span_s: float) -> None:
        """A frame of the user's went through to the model in this time."""
        self.registry.observe(contract.SERVICE_ADDED_LATENCY_IN, span_s * 1_000)

    def took_out(self, span_s: float) -> None:
        """Something of the model's went through to the client in this time."""
        self.registry.observe(contract.SERVICE_ADDED_LATENCY_OUT, span_s * 1_000)

    def told(self, message: ServerMessage, span_s: float) -> None:
        """The client was told something, so long after the cause of it came in."""
        if isinstance(message, Interrupted):
            self.registry.observe(contract.BARGE_IN_STOP_TIME, span_s * 1_000)
        elif isinstance(message, Ready):
            self.language = message.language

    def ended(self, *, now: float, close_code: int, dropped_frames: int) -> None:
        """Write the session's line; called once, last."""
        self.counters.add("sessions_ended", label=str(close_code) if close_code in _KNOWN_CODES else "other")
        _log.info(
            "session ended",
            session_id=self.session_id,
            subprotocol=self.subprotocol,
            close_code=int(close_code),
            duration_ms=round((now - self.began_at) * 1_000),
            model_frames_dropped=dropped_frames,
            cost_usd=usd(self.cost_nano_usd),
            **self._totals,
        )
        self.add_figures(
            figures.of_session(
                duration_ms=round((now - self.began_at) * 1_000), language=self.language or "none"
            )
        )
        self.traces.session_ended(self.session_id)
        self.registry.add(contract.INPUT_DROPPED, dropped_frames)
        if not self.is_ready and self._totals["streams_lost"]:
            self.registry.add(contract.SESSION_START, outcome="model")

    def _fault(self, direction: Direction, event_type: str, fault: Fault, count: int) -> None:
        self._totals["faults"] += count
        if direction is Direction.FROM_CLIENT and event_type == Audio.type:
            if fault is Fault.OUT_OF_ORDER:
                self.registry.add(contract.INPUT_LATE, count)
            elif fault is Fault.OVER_LIMIT:
                self.registry.add(contract.INPUT_DROPPED, count)

    def _turn_ended(self, turn: TurnEnded) -> None:
        self.counters.add("turns_ended", label=turn.outcome.value)
        self.registry.add(contract.TURN, outcome=_TURN_OUTCOMES[turn.outcome])
        self.registry.add(contract.AUDIO_GAP, turn.audio_gaps)
        self.traces.turn(self.session_id, turn)
        self.add_figures(figures.of_turn(turn, _TURN_OUTCOMES[turn.outcome]))
        if turn.interrupted and turn.response_id is not None:
            self.registry.add(contract.BARGE_IN)
        if turn.time_to_first_audio_ms is not None:
            self.registry.observe(contract.TIME_TO_FIRST_AUDIO, turn.time_to_first_audio_ms)
        if turn.endpointing_ms is not None:
            self.registry.observe(contract.ENDPOINTING_DELAY, turn.endpointing_ms)
        self._totals["turns"] += 1
        _log.info(
            "turn ended",
            session_id=self.session_id,
            turn=turn.turn,
            outcome=turn.outcome.value,
            closed_by=turn.closed_by.value if turn.closed_by else None,
            response_id=turn.response_id,
            interrupted=turn.interrupted,
            utterance_ms=turn.utterance_ms,
            endpointing_ms=turn.endpointing_ms,
            time_to_first_audio_ms=turn.time_to_first_audio_ms,
            reply_ms=turn.reply_ms,
            tokens=sum(asdict(turn.used).values()),
            cost_usd=usd(turn.cost_nano_usd),
            audio_gaps=turn.audio_gaps,
            waterfall=None if turn.waterfall is None else dict(turn.waterfall.parts),
        )

    def _usage(self, usage: UsageCounted) -> None:
        for name, tokens in (
            ("tokens_input_speech", usage.input_speech),
            ("tokens_input_text", usage.input_text),
            ("tokens_output_speech", usage.output_speech),
            ("tokens_output_text", usage.output_text),
        ):
            self.counters.add(name, tokens)
            self._totals[name] += tokens
        for outcome, tokens in (
            ("in_speech", usage.input_speech),
            ("in_text", usage.input_text),
            ("out_speech", usage.output_speech),
            ("out_text", usage.output_text),
        ):
            self.registry.add(contract.TOKENS, tokens, outcome=outcome)
        cost = self.prices.cost_nano_usd(usage)
        self.cost_nano_usd += cost
        self.registry.add(contract.ESTIMATED_COST, cost)
        self.add_figures(figures.of_usage(usage, cost))

    def _stream_lost(self, lost: StreamLost) -> None:
        self.counters.add("model_streams_lost", label=lost.kind.value)
        self.registry.add(contract.MODEL_ERROR, outcome=lost.kind.value)
        self.traces.stream_lost(self.session_id, lost)
        self.add_figures({f"error.{lost.kind.value}": 1})
        if not lost.was_open:
            self.registry.add(contract.MODEL_STREAM_OPEN, outcome=_OPENINGS.get(lost.kind, "failed"))
        self._totals["streams_lost"] += 1
        _log.warning(
            "model stream lost",
            session_id=self.session_id,
            stream_id=lost.stream_id,
            kind=lost.kind.value,
            reason=lost.reason,
            will_retry=lost.will_retry,
        )

    def _turn_kept(self, kept: TurnKept) -> None:
        self.counters.add("turns_kept", kept.turns, label="saved" if kept.saved else "given_up")
        if kept.lag_ms is not None:
            self.registry.observe(contract.PERSIST_LAG, kept.lag_ms)
        if not kept.saved:
            self._totals["turns_given_up"] += kept.turns
            self.registry.add(contract.TURNS_PERSIST_FAILED, kept.turns)

    def _counted(
        self, announced: TimingsTold | StreamBegan | StandbyLost | StreamReplaced | Resumed | WoundDown
    ) -> None:
        registry = self.registry
        match announced:
            case TimingsTold(verdict=verdict, waterfall=waterfall, underruns=underruns):
                registry.add(contract.CLIENT_TIMINGS, outcome=verdict.value)
                registry.add(contract.PLAYBACK_UNDERRUN, underruns)
                if waterfall is not None:
                    registry.observe(contract.AUDIO_LATENCY, waterfall.total_ms)
            case StreamBegan(opening_ms=opening_ms):
                self.traces.stream_began(self.session_id, announced)
                registry.add(contract.MODEL_STREAM_OPEN, outcome="ok")
                if not self.is_ready:
                    registry.observe(contract.SESSION_SETUP_TIME, opening_ms)
            case StandbyLost(kind=kind):
                registry.add(contract.MODEL_STREAM_OPEN, outcome=_OPENINGS.get(kind, "failed"))
                registry.add(contract.ROTATION, outcome="failed")
            case StreamReplaced(planned=planned, gap_ms=gap_ms):
                registry.add(contract.ROTATION, outcome="planned" if planned else "forced")
                registry.observe(contract.ROTATION_GAP, gap_ms)
            case Resumed(outcome=outcome, gap_ms=gap):
                registry.add(contract.RESUME, outcome=outcome)
                if gap is not None:
                    registry.observe(contract.RESUME_GAP, gap)
            case WoundDown(budget=budget):
                registry.add(contract.BUDGET_SPENT, outcome=budget.value)
            case _:
                assert_never(announced)

    def _store_faulted(self, faulted: StoreFaulted) -> None:
        self.counters.add("store_faults", label=faulted.fault)
        self.registry.add(contract.TURNS_PERSIST_FAILED)
        if faulted.failures == 1:
            # The following ones of a row are counted only.
            _log.warning(
                "store faulted", session_id=self.session_id, fault=faulted.fault, reason=faulted.reason
            )
