"""The canary knows a right answer from a wrong one, none, and silence; and counts in the metrics that alarms read."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from service.metrics.contract import CONTRACT, NAMESPACE, Emitter
from talk.canary import QUESTION, Outcome, ask, documents, main
from talk.recording import RecordingError, plain
from tests.pool import user_pool
from tests.service.metrics.emf_schema import judge
from tests.talk.service import Session, Story, serving, utterance_ends

pytestmark = pytest.mark.timeout(60)


def environment(url: str, refresh_token: str | None = None) -> dict[str, str]:
    pool = user_pool()
    return {
        "CANARY_URL": url,
        "CANARY_STAGE": "prod",
        "CANARY_SIGN_IN_URL": pool.url,
        "CANARY_CLIENT_ID": pool.facts["client"],
        "CANARY_REFRESH_TOKEN": refresh_token or pool.sign_in()["refresh_token"],
    }


def answering(text: str, *, pcm: bytes = b"\1\1" * 4800) -> Story:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        await session.reply(pcm=pcm)
        await session.say("spoken transcript of the assistant", turn=1, responseId=1, text=text)
        await session.say("turn completed", turn=1, responseId=1)
        await session.say("state listening")
        await session.goodbye()

    return story


@pytest.mark.process
@pytest.mark.parametrize("text", ["42.", "That is forty-two.", "Seven times six is 42, my friend."])
async def test_a_right_answer_is_a_good_turn_with_its_latency(text: str) -> None:
    async with serving(answering(text)) as (url, sessions):
        outcome = await ask(environment(url))

    assert outcome.failure is None
    assert outcome.latency_ms is not None
    assert any(any(message.get("pcm", b"")) for message in sessions[0].received), "it spoke"


@pytest.mark.process
@pytest.mark.parametrize(
    ("story", "failure"),
    [
        (answering("It is 420."), "the answer is not the right one"),
        (answering("I did not hear you."), "the answer is not the right one"),
        (answering("42", pcm=bytes(9600)), "no sound came back"),
    ],
)
async def test_anything_else_is_a_failure(story: Story, failure: str) -> None:
    async with serving(story) as (url, _):
        assert failure == (await ask(environment(url))).failure


@pytest.mark.process
async def test_a_service_that_hangs_up_is_a_failure() -> None:
    async def hangs_up(session: Session) -> None:
        await session.begin()
        await session.socket.close(4503)

    async with serving(hangs_up) as (url, _):
        failure = (await ask(environment(url))).failure

    assert failure is not None
    assert "4503" in failure


@pytest.mark.process
async def test_a_service_that_is_not_there_is_a_failure() -> None:
    failure = (await ask(environment("ws://127.0.0.1:9/ws"))).failure

    assert failure is not None
    assert "nothing listens" in failure


@pytest.mark.process
async def test_a_sign_in_that_was_taken_back_is_a_failure_that_says_so() -> None:
    failure = (await ask(environment("ws://127.0.0.1:9/ws", refresh_token="gone"))).failure

    assert failure is not None
    assert "sign in once more" in failure


async def test_a_variable_that_is_missing_is_named() -> None:
    given = dict.fromkeys(("CANARY_URL", "CANARY_STAGE", "CANARY_SIGN_IN_URL", "CANARY_CLIENT_ID"), "x")

    assert Outcome(failure="CANARY_REFRESH_TOKEN is not set") == await ask(given)


OUTCOMES = (Outcome(failure=None, latency_ms=900), Outcome(failure="no sound came back", latency_ms=None))


def emitted() -> Iterator[dict[str, Any]]:
    for outcome in OUTCOMES:
        yield from documents(outcome, stage="prod", timestamp_ms=1_700_000_000_000)


def test_its_lines_are_metrics_of_the_contract() -> None:
    seen = set()
    for document in emitted():
        judge(document)
        ((directive,), stage) = (document["_aws"]["CloudWatchMetrics"], document["Stage"])
        (metric,) = directive["Metrics"]
        contract = CONTRACT[metric["Name"]]
        assert (NAMESPACE, "prod") == (directive["Namespace"], stage)
        assert contract.unit.value == metric["Unit"]
        assert [["Stage", "Outcome"] if contract.outcomes else ["Stage"]] == directive["Dimensions"]
        assert document.get("Outcome") in (contract.outcomes or (None,))
        assert document[metric["Name"]] > 0
        seen.add((metric["Name"], document.get("Outcome")))

    ours = {name for name, metric in CONTRACT.items() if metric.emitter is Emitter.CANARY}
    assert ours == {name for name, _ in seen}
    assert {("CanaryTurn", "ok"), ("CanaryTurn", "failed"), ("CanaryLatency", None)} == seen


def test_a_run_without_its_settings_counts_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main({"CANARY_STAGE": "prod"})
    counted, told = map(json.loads, capsys.readouterr().out.splitlines())

    assert ("failed", 1) == (counted["Outcome"], counted["CanaryTurn"])
    assert "CANARY_URL is not set" == told["failure"]


def test_it_needs_nothing_that_the_image_has_not() -> None:
    """The service's image has no libraries for sound."""
    blocked = (
        "import sys\nfor name in ('numpy', 'soundfile', 'soxr'): sys.modules[name] = None\nimport talk.canary"
    )

    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_its_sentence_is_short_and_loud() -> None:
    question = plain(QUESTION)

    assert not question.silent
    assert 1.0 < question.speech_ends_s < question.length_s < 3.0


def test_a_sound_file_of_another_form_is_refused(tmp_path: Any) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")

    with pytest.raises(RecordingError, match="cannot be read as WAV"):
        plain(text)
    with pytest.raises(RecordingError, match=r"cannot be read as WAV"):
        plain(tmp_path / "nowhere.wav")
