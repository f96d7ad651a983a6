"""`python -m talk.canary`: say one sentence as people do, check the answer, and count what came of it.

It is run on a schedule beside the service, from the service's image, and comes in by the page's address: through
CloudFront, firewall and load balancer, with a user of its own. Its answer is known (seven times six), so that whoever
gives it has heard, thought and spoken. What it prints is two lines in the embedded metric format, and one that says why.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from talk.connection import CannotConnect
from talk.conversation import hold_conversation
from talk.record import Choices, Conversation
from talk.recording import RecordingError, plain
from talk.sign_in import renew

QUESTION: Final = Path(__file__).with_name("question.wav")
NAMESPACE: Final = "VoiceAssistant"
# "How much is seven times six?", as digits or in words, in whatever sentence.
_RIGHT: Final = re.compile(r"\b(42|forty[ -]two)\b", re.IGNORECASE)
_LONGEST_S: Final = 60.0
_PATIENCE_S: Final = 20.0
_REQUIRED: Final = (
    "CANARY_URL",
    "CANARY_STAGE",
    "CANARY_SIGN_IN_URL",
    "CANARY_CLIENT_ID",
    "CANARY_REFRESH_TOKEN",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it went: why not, or None; and how soon the answer began, where one did."""

    failure: str | None
    latency_ms: int | None = None


def judged(conversation: Conversation) -> Outcome:
    """Whether the one question was answered, audibly and rightly."""
    if conversation.failure is not None or not conversation.answers:
        return Outcome(failure=conversation.failure or "the question was never asked")
    (answer,) = conversation.answers
    latency_ms = answer.time_to_first_audio_ms
    if not any(conversation.playback.joined()):
        failure: str | None = "no sound came back"
    elif _RIGHT.search(answer.spoken()) is None:
        failure = "the answer is not the right one"
    else:
        failure = None
    return Outcome(failure=failure, latency_ms=latency_ms)


async def ask(environment: Mapping[str, str]) -> Outcome:
    """Sign in, ask, judge; whatever goes wrong is an outcome."""
    missing = [name for name in _REQUIRED if not environment.get(name)]
    if missing:
        return Outcome(failure=f"{missing[0]} is not set")
    try:
        async with asyncio.timeout(_LONGEST_S):
            token = await asyncio.to_thread(
                renew,
                environment["CANARY_SIGN_IN_URL"],
                client_id=environment["CANARY_CLIENT_ID"],
                refresh_token=environment["CANARY_REFRESH_TOKEN"],
                timeout_s=_PATIENCE_S,
            )
            choices = Choices(token=token, timeout_s=_PATIENCE_S)
            return judged(
                await hold_conversation(environment["CANARY_URL"], [plain(QUESTION)], choices=choices)
            )
    except TimeoutError:
        return Outcome(failure=f"it was not over within {_LONGEST_S:g} s")
    except (CannotConnect, RecordingError) as failure:
        return Outcome(failure=str(failure))


def documents(outcome: Outcome, *, stage: str, timestamp_ms: int) -> Iterator[dict[str, Any]]:
    """The lines of metrics: the turn by its outcome, and how soon it was answered."""
    how = {"Stage": stage, "Outcome": "failed" if outcome.failure else "ok"}
    yield _document("CanaryTurn", "Count", 1, how, timestamp_ms)
    if outcome.latency_ms is not None and outcome.failure is None:
        yield _document("CanaryLatency", "Milliseconds", outcome.latency_ms, {"Stage": stage}, timestamp_ms)


def _document(
    name: str, unit: str, value: int, dimensions: Mapping[str, str], timestamp_ms: int
) -> dict[str, Any]:
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    return {
        "_aws": {"Timestamp": timestamp_ms, "CloudWatchMetrics": [directive]},
        **dimensions,
        name: value,
    }


def main(environment: Mapping[str, str] = os.environ) -> int:
    outcome = asyncio.run(ask(environment))
    stage = environment.get("CANARY_STAGE", "")
    # Never what was said: the sentence is ours, and the answer says nothing that the outcome does not.
    told = {"event": "canary", "failure": outcome.failure, "latency_ms": outcome.latency_ms}
    for document in (*documents(outcome, stage=stage, timestamp_ms=round(time.time() * 1000)), told):
        sys.stdout.write(json.dumps(document) + "\n")
    return 1 if outcome.failure else 0


if __name__ == "__main__":
    sys.exit(main())
