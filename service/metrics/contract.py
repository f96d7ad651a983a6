"""Every metric that leaves a process: name, unit, dimensions, meaning, and who adds to it.

This file is the contract. `tests/contract/golden/service_metrics.json` is written from it, and the alarms, the
dashboard and the scaling in `stacks/` are held against that. `Stage` is a dimension of every metric; `Outcome` is the
second one of those that have outcomes, and takes nothing but the outcomes listed here. Sessions, users and texts of
errors are never a dimension: they stand in the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from service.errors import ModelFailureKind

NAMESPACE: Final = "VoiceAssistant"


class Unit(Enum):
    """Units as CloudWatch spells them."""

    COUNT = "Count"
    PERCENT = "Percent"
    MILLISECONDS = "Milliseconds"
    BYTES = "Bytes"
    NONE = "None"


class Kind(Enum):
    """What is added, and what one line then holds of it."""

    COUNT = "integer adds; their sum since the last line"
    GAUGE = "asked for when a line is due; one value"
    SPREAD = "values in buckets of 1.6 % width; a hundred of them at most"


class Emitter(Enum):
    """Who adds to a metric."""

    SESSION = "what a session announces"
    DRIVER = "the body around a session"
    DOOR = "admission and sign-in"
    PROCESS = "the process itself"
    CLIENT = "what a client reports of its own side"
    CANARY = "the scheduled conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    unit: Unit
    kind: Kind
    meaning: str
    emitter: Emitter
    outcomes: Sequence[str] = ()

    __hash__ = object.__hash__


def _count(name: str, emitter: Emitter, meaning: str, *outcomes: str) -> Metric:
    return Metric(
        name=name, unit=Unit.COUNT, kind=Kind.COUNT, meaning=meaning, emitter=emitter, outcomes=outcomes
    )


def _span(name: str, emitter: Emitter, meaning: str) -> Metric:
    return Metric(name=name, unit=Unit.MILLISECONDS, kind=Kind.SPREAD, meaning=meaning, emitter=emitter)


def _gauge(name: str, unit: Unit, emitter: Emitter, meaning: str) -> Metric:
    return Metric(name=name, unit=unit, kind=Kind.GAUGE, meaning=meaning, emitter=emitter)


UP: Final = _count(
    "Up", Emitter.PROCESS, "1 a minute from each process; silence is the alarm for a dead pipe"
)
SESSIONS_ACTIVE: Final = _gauge(
    "SessionsActive", Unit.COUNT, Emitter.PROCESS, "signed-in sessions of this process"
)
SESSION_UTILIZATION: Final = _gauge(
    "SessionUtilization", Unit.PERCENT, Emitter.PROCESS, "100 x sessions / places; what scaling follows"
)
SESSION_START: Final = _count(
    "SessionStart",
    Emitter.DOOR,
    "attempts to begin: `auth` was not signed in, `quota` had spent a budget, `model` got no stream, `overload` no place",
    *("ok", "auth", "quota", "model", "overload"),
)
SESSION_SETUP_TIME: Final = _span("SessionSetupTime", Emitter.SESSION, "from the first message to `ready`")
TURN: Final = _count(
    "Turn",
    Emitter.SESSION,
    "turns by how they ended; a typed turn counts as a spoken one",
    *("completed", "interrupted", "no_response", "error"),
)
TURN_COMPLETION_RATE: Final = Metric(
    name="TurnCompletionRate",
    unit=Unit.PERCENT,
    kind=Kind.GAUGE,
    meaning="100 x (completed + interrupted) / turns since the last line; a name of the original design."
    " Alarms divide sums of Turn, because rates of unequal parts have no mean",
    emitter=Emitter.SESSION,
)
AUDIO_LATENCY: Final = _span(
    "AudioLatency",
    Emitter.CLIENT,
    "from the end of speech to the first sample played, on the client's clock; a name of the original design",
)
TIME_TO_FIRST_AUDIO: Final = _span(
    "TimeToFirstAudio",
    Emitter.SESSION,
    "from the end of the user's turn, as decided, to the first reply audio",
)
ENDPOINTING_DELAY: Final = _span(
    "EndpointingDelay", Emitter.SESSION, "from the last of the speech to the decision that it was"
)
SERVICE_ADDED_LATENCY_IN: Final = _span(
    "ServiceAddedLatencyIn",
    Emitter.DRIVER,
    "from a frame's arrival at the process to the model's transport; one frame in 64 is measured",
)
SERVICE_ADDED_LATENCY_OUT: Final = _span(
    "ServiceAddedLatencyOut",
    Emitter.DRIVER,
    "from reply audio's arrival at the process to the socket; one piece in 64 is measured, and each first one",
)
BARGE_IN: Final = _count(
    "BargeIn", Emitter.SESSION, "replies that were interrupted by speech, text or button"
)
BARGE_IN_STOP_TIME: Final = _span(
    "BargeInStopTime",
    Emitter.DRIVER,
    "from the word that a reply was interrupted to `interrupted` at the socket",
)
AUDIO_GAP: Final = _count(
    "AudioGap", Emitter.SESSION, "reply audio that came later than what was sent before it lasted"
)
PLAYBACK_UNDERRUN: Final = _count(
    "PlaybackUnderrun", Emitter.CLIENT, "times that a client ran out of audio within a reply"
)
INPUT_LATE: Final = _count("InputLate", Emitter.SESSION, "frames that a client sent out of order or twice")
INPUT_DROPPED: Final = _count(
    "InputDropped", Emitter.DRIVER, "frames given up because the model took none, or sent faster than allowed"
)
QUEUE_DEPTH: Final = _gauge(
    "QueueDepth", Unit.BYTES, Emitter.PROCESS, "most bytes that wait for one client of this process"
)
MODEL_STREAM_OPEN: Final = _count(
    "ModelStreamOpen",
    Emitter.SESSION,
    "streams asked for, by what became of it",
    *("ok", "throttled", "denied", "timeout", "failed"),
)
MODEL_ERROR: Final = _count(
    "ModelError", Emitter.SESSION, "streams lost, by kind", *(kind.value for kind in ModelFailureKind)
)
ROTATION: Final = _count(
    "Rotation",
    Emitter.SESSION,
    "moves to a fresh stream: in time, too late for it, or not at all",
    *("planned", "forced", "failed"),
)
ROTATION_GAP: Final = _span("RotationGap", Emitter.SESSION, "time without a stream in a move")
RESUME: Final = _count(
    "Resume",
    Emitter.SESSION,
    "sessions taken up again: without a gap, from the store, or not",
    *("ok", "fresh", "rejected"),
)
RESUME_GAP: Final = _span("ResumeGap", Emitter.SESSION, "time without a client before it came back")
TOKENS: Final = _count(
    "Tokens",
    Emitter.SESSION,
    "tokens of the model, by direction and kind",
    *("in_speech", "in_text", "out_speech", "out_text"),
)
ESTIMATED_COST: Final = Metric(
    name="EstimatedCost",
    unit=Unit.NONE,
    kind=Kind.COUNT,
    meaning="US dollars of those tokens by the price table; added as billionths",
    emitter=Emitter.SESSION,
)
BUDGET_SPENT: Final = _count(
    "BudgetSpent", Emitter.SESSION, "sessions wound down because a budget was spent", *("user", "deployment")
)
TURNS_PERSIST_FAILED: Final = _count(
    "TurnsPersistFailed", Emitter.SESSION, "turns given up, and tries that the store refused"
)
PERSIST_LAG: Final = _span("PersistLag", Emitter.SESSION, "from the end of a turn to its commit")
EVENT_LOOP_LAG: Final = _span("EventLoopLag", Emitter.PROCESS, "how late a timer of one second comes")
DRAIN_DURATION: Final = _span(
    "DrainDuration", Emitter.PROCESS, "from the first signal to the last session's end"
)
DRAIN_FORCED: Final = _count("DrainForced", Emitter.PROCESS, "sessions that were cut when the drain was over")
CLIENT_TIMINGS: Final = _count(
    "ClientTimings",
    Emitter.CLIENT,
    "what clients report of a turn: used, impossible, or for a turn that is over",
    *("used", "impossible", "late"),
)
LOG_LINES_DROPPED: Final = _count(
    "LogLinesDropped",
    Emitter.PROCESS,
    "lines given up because nobody read the pipe; this one comes through later",
)
STATISTICS_DROPPED: Final = _count(
    "StatisticsDropped", Emitter.PROCESS, "figures for the dashboard given up because the store took none"
)
TRACES_DROPPED: Final = _count(
    "TracesDropped", Emitter.PROCESS, "spans given up because the collector took none"
)
OUTCOME_UNKNOWN: Final = _count(
    "OutcomeUnknown",
    Emitter.PROCESS,
    "adds under an outcome that this contract does not list; a mistake of ours",
)
CANARY_TURN: Final = _count("CanaryTurn", Emitter.CANARY, "scheduled conversations", *("ok", "failed"))
CANARY_LATENCY: Final = _span(
    "CanaryLatency", Emitter.CANARY, "from the end of the canary's sentence to the first sample of the answer"
)

CONTRACT: Final[Mapping[str, Metric]] = {
    metric.name: metric for metric in list(vars().values()) if isinstance(metric, Metric)
}
