"""A recorded session goes through the same states again, and nothing that was said can be read in its recording."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from service import replay
from service.metrics.recorder import RecordedSession, Recorder, Recordings
from service.metrics.recording import Mask, decode, encode, mask_with, plain
from service.policies.budget import Budget
from service.session.events import AudioSent, BudgetSpent, ClientGone, Owned, SignInRefused
from service.session.events import Refusal as TicketRefusal
from service.session.terms import SessionTerms
from service.wire import client
from service.wire import sonic_output as model
from tests.service.fakes import Call, terms

CANARY = "Xylophonquarz"


def recorded(mask: Mask = plain, *, most_bytes: int = 1_000_000) -> tuple[Call, Recorder]:
    made: list[Recorder] = []

    def make(own: SessionTerms, *, now: float, jitter: Callable[[], float]) -> Any:
        recorder = Recorder(own, now=now, began_at_ms=1_790_000_000_000, mask=mask, most_bytes=most_bytes)
        made.append(recorder)
        return RecordedSession(own, recorder, now=now, chance=jitter)

    call = Call(
        terms(keeps_history=True, resume_token="secret-token", instructions=f"Mind the {CANARY}."), make=make
    )
    return call, made[0]


def eventful(call: Call) -> None:
    """Speech, a tool, an interruption, a lost stream, a lost client, a spent budget."""
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    call.speak(1.0)
    call.end_of_utterance()
    call.user_text(f"what is a {CANARY}")
    call.say(model.Usage(input_speech=120, input_text=30, output_speech=0, output_text=0))
    call.use_tool()
    call.tool_finished(result=f'{{"{CANARY}":"{CANARY}"}}')
    block = call.reply_begins(f"A {CANARY} is a word.", chunks=3)
    call.give(AudioSent(response_id=1, taken_s=0.0001, handled_s=0.0002))
    call.give(client.Timings(
        response_id=1, received_at_ms=0, buffered_at_ms=0, played_at_ms=-1, clock_offset_ms=0, round_trip_ms=1
    ))  # fmt: skip
    call.speak(0.2)
    call.give(client.Text(text=f"quench it, {CANARY}"))
    call.end_block(block, "AUDIO", "INTERRUPTED")
    call.give(client.Auth(ticket=CANARY))
    call.give(SignInRefused(why=TicketRefusal.UNKNOWN))
    call.reply("All right.")
    call.wait(3.0)
    call.fail()
    call.accept()
    call.give(ClientGone())
    call.wait(1.0)
    call.come_back(call.messages[-1].seq)
    call.speak(0.3)
    call.give(BudgetSpent(budget=Budget.USER, renewed_in_s=60))
    call.wait(40.0)


def test_a_recording_replays_to_the_same_states() -> None:
    call, recorder = recorded()
    eventful(call)
    replayed = replay.replay(recorder.document())
    assert replayed.is_same
    assert len(replayed.states) >= 8
    assert "over" == replayed.states[-1][1]
    assert [CANARY in said.text for _, said in replayed.said[:1]] == [True]


def test_without_its_words_it_goes_through_the_same_states_and_none_of_them_can_be_read() -> None:
    call, recorder = recorded(mask_with(b"thrown away"))
    eventful(call)
    document = recorder.document()
    for secret in (CANARY, "secret-token", "what is", "quench"):
        assert secret.casefold().encode() not in document.lower()
    replayed = replay.replay(document)
    assert replayed.is_same
    open_call, with_words = recorded()
    eventful(open_call)
    assert replay.replay(with_words.document()).states == replayed.states


def test_the_report_tells_words_times_waterfall_and_cost() -> None:
    call, recorder = recorded()
    eventful(call)
    text = "\n".join(replay.report(replay.replay(recorder.document())))
    assert "the same states as recorded" in text
    assert f"turn 1 user: what is a {CANARY}" in text
    assert "turn 1 interrupted, US$ 0.000370" in text
    assert "model" in text
    assert "error budget_spent" in text


def test_a_recording_that_was_changed_is_found_out() -> None:
    call, recorder = recorded()
    eventful(call)
    lines = recorder.document().splitlines()
    changed = [line for line in lines if b"StreamAccepted" not in line]
    assert len(changed) < len(lines)
    assert not replay.replay(b"\n".join(changed)).is_same


def test_a_recording_stops_growing_at_its_bound_and_says_so() -> None:
    call, recorder = recorded(most_bytes=2_000)
    call.connect()
    call.speak(200.0)
    assert recorder.is_truncated
    size = len(recorder.document())
    call.speak(30.0)
    assert size == len(recorder.document())
    replayed = replay.replay(recorder.document())
    assert replayed.is_truncated
    assert replayed.is_same


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"hello",
        b'{"format":2}',
        b'{"format":1,"now":1.0,"beganAtMs":0,"terms":{"@":"os.system"}}',
        b'{"format":1,"now":1.0,"beganAtMs":0,"terms":{"@":"session.terms.SessionTerms","nonsense":1}}',
        b'[1,2,3]\n["q",1]',
        b"\xff\xfe",
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(
    document: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_bytes(document)
    assert 2 == replay.main([str(path)])
    refused = capsys.readouterr().err
    assert refused.startswith("service.replay: ")
    assert 1 == refused.count("\n")


def test_the_command_prints_the_report_and_says_by_its_code_whether_it_went_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call, recorder = recorded()
    eventful(call)
    path = tmp_path / "recording.jsonl"
    path.write_bytes(recorder.document())
    assert 0 == replay.main([str(path)])
    assert "turns, US$ 0.000370" in capsys.readouterr().out.splitlines()[-1]
    path.write_bytes(recorder.document().replace(b'"thinking"', b'"listening"'))
    assert 1 == replay.main([str(path)])


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == replay.main([str(tmp_path / "nowhere")])
    assert "nowhere" in capsys.readouterr().err


def test_masked_words_keep_their_length_and_their_equality() -> None:
    mask = mask_with(b"secret")
    assert mask("Hello, hello world!") == mask("hello, Hello world!")
    assert len("Hello, hello world!") == len(mask("Hello, hello world!"))
    assert mask("world") != mask("hello")
    assert mask("hello") != mask_with(b"other")("hello")


def test_terms_are_the_same_after_writing_and_reading() -> None:
    own = terms(keeps_history=True)
    assert own == decode(orjson.loads(orjson.dumps(encode(own, plain))))


def test_only_the_newest_recordings_are_kept() -> None:
    recordings = Recordings(
        most=3, most_bytes=10_000, new_mask=lambda: plain, wall_clock=lambda: 1_790_000_000.0
    )
    for number in range(5):
        recordings.session(terms(session_id=f"s{number}"), user_id="ann", now=0.0, chance=lambda: 0.5)
    assert ["s4", "s3", "s2"] == [one.session_id for one in recordings.kept()]
    assert recordings.document("s0") is None
    assert recordings.document("s4") is not None


def test_without_room_for_any_nothing_is_recorded() -> None:
    recordings = Recordings(most=0, most_bytes=10_000, new_mask=lambda: plain, wall_clock=lambda: 0.0)
    recordings.session(terms(), user_id="ann", now=0.0, chance=lambda: 0.5)
    assert [] == recordings.kept()
