"""How a conversation ends, and that nothing a client sends can break it."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.nova_sonic.brains.ports import CallTool, Say
from emulators.nova_sonic.conversation.effects import EndStream, Fail
from emulators.nova_sonic.conversation.output_events import INTERRUPTED_TEXT
from emulators.nova_sonic.conversation.refusals import UNEXPECTED
from emulators.nova_sonic.profiles import Profile, load_profile
from tests.emulators.nova_sonic.conversation.call import PROFILE, Call, say, scenario
from tests.emulators.nova_sonic.conversation.call import call as tool

# The end.


def listening(*steps: object, **switches: object) -> Call:
    script = scenario([*steps]) if steps else None  # type: ignore[list-item]  # the tests below give steps
    call = Call(profile=PROFILE.with_switches(**switches), script=script)
    call.open(tools=["getWeather"])
    return call


def test_prompt_end_alone_asks_for_no_answer() -> None:
    """[LITELLM] promptEnd does not trigger a response."""
    call = listening()
    call.speak(1.0)
    call.hang_up()

    assert [] == call.requests
    assert ["userSpeechStart", "completionStart", "completionEnd"] == call.outline()


def test_without_a_word_there_is_no_completion_to_end() -> None:
    call = listening()
    call.silence(1.0)
    call.hang_up()

    assert [] == call.output
    assert call.ended


def test_a_turn_that_was_detected_is_answered_before_the_completion_ends() -> None:
    """[nova-sonic 2.2] at most one answer when contentEnd and promptEnd follow the utterance."""
    call = Call(deaf=True)
    call.open()
    call.ask()
    call.hang_up()
    assert not call.ended
    assert [] == call.of("completionEnd")

    (question,) = call.transcribes
    call.perform(call.conversation.transcribed(question.utterance_id, "hello", call.now))
    assert 1 == len(call.requests)
    assert "completionEnd" == call.outline()[-1]
    assert "+TEXT ASSISTANT FINAL" in call.outline()
    assert call.ended


def test_a_reply_that_takes_its_time_is_finished_after_session_end() -> None:
    call = listening(say("Late.", 0.5, after_s=2.0))
    call.ask()
    call.hang_up()
    assert not call.ended

    call.wait(2.5)
    assert ["Late."] == call.final_texts()
    assert call.ended


def test_the_completion_ends_with_the_prompt_and_the_stream_with_the_session() -> None:
    call = listening(say("Fine.", 0.5))
    call.ask()
    call.close_audio()
    call.end_prompt()
    assert "completionEnd" == call.outline()[-1]
    assert not call.ended

    call.send("sessionEnd")
    assert call.ended


def test_a_reply_that_waits_for_a_tool_is_given_up_at_prompt_end() -> None:
    call = listening(tool("getWeather"), say("Sunny."))
    call.ask()
    call.hang_up()

    assert "completionEnd" == call.outline()[-1]
    assert call.ended


def test_a_client_that_just_closes_its_side_is_answered_and_left() -> None:
    call = listening(say("Late.", 0.5, after_s=2.0))
    call.ask()
    call.perform(call.conversation.input_ended(call.now))
    assert not call.ended

    call.wait(3)
    assert ("AUDIO", "ASSISTANT", "", "END_TURN") in call.blocks()
    assert call.ended


@pytest.mark.parametrize("cut_by", ["content end", "closing"])
def test_an_utterance_that_was_cut_off_does_not_keep_the_one_before_from_its_answer(cut_by: str) -> None:
    call = Call(deaf=True)
    call.open()
    call.ask()
    call.speak(0.32)
    if cut_by == "closing":
        call.perform(call.conversation.input_ended(call.now))
    else:
        call.close_audio()
    call.answer_next()

    assert 1 == len(call.requests)


def test_what_comes_after_the_client_has_closed_is_ignored() -> None:
    call = listening(say("Late.", 0.5, after_s=2.0))
    call.ask()
    call.perform(call.conversation.input_ended(call.now))
    call.send("nonsense")

    assert call.failure is None


def test_a_client_that_closes_at_once_is_left_at_once() -> None:
    call = Call()
    call.perform(call.conversation.input_ended(call.now))

    assert call.ended
    assert call.conversation.deadline is None


def test_a_failing_brain_ends_the_stream_as_the_service_does() -> None:
    """[nova-sonic 1.6] "The system encountered an unexpected error during processing"."""
    call = Call(mute=True)
    call.open()
    call.ask()
    call.perform(call.conversation.brain_failed(call.requests[0].request_id, "out of memory", call.now))

    assert [Fail(exception="internalServerException", message=UNEXPECTED)] == call.effects[-1:]


def test_a_failure_of_a_question_nobody_waits_for_is_nothing() -> None:
    call = Call(mute=True)
    call.open()
    call.ask()
    call.perform(call.conversation.brain_failed(99, "out of memory", call.now))

    assert call.failure is None


def test_after_the_end_nothing_follows() -> None:
    call = listening()
    call.send("nonsense")
    seen = len(call.effects)
    call.session()
    call.wait(500)
    call.perform(call.conversation.input_ended(call.now))

    assert call.failure is not None
    assert seen == len(call.effects)
    assert call.conversation.deadline is None


# Whatever comes.

TEXTS = st.sampled_from(["", "hello", "{}", "[1]", '{"a":1}', "\u0000", "x" * 1_200])
NAMES = st.sampled_from(["a", "b", "t", "r"])
SPANS = st.sampled_from([0.0, 0.032, 0.1, 0.64, 1.0])

type Move = Callable[[Call], None]


def moves() -> st.SearchStrategy[Move]:
    """What a client, its network and the brain may do next, in no sensible order."""
    return st.one_of(
        st.just(Call.session),
        st.just(Call.prompt),
        st.just(Call.open),
        st.just(Call.ask),
        st.just(Call.end_prompt),
        st.just(Call.hang_up),
        st.builds(
            lambda name, rate_hz: lambda c: c.audio_block(name, rate_hz=rate_hz),
            NAMES,
            st.sampled_from([8_000, 16_000, 24_000]),
        ),
        st.builds(lambda s, n, b: lambda c: c.speak(s, name=n, burst=b), SPANS, NAMES, st.booleans()),
        st.builds(lambda s, n, b: lambda c: c.silence(s, name=n, burst=b), SPANS, NAMES, st.booleans()),
        st.builds(lambda n: lambda c: c.close_audio(n), NAMES),
        st.builds(
            lambda role, text, interactive, name: (
                lambda c: c.text(role, text, interactive=interactive, name=name)
            ),
            st.sampled_from(["SYSTEM", "SYSTEM_SPEECH", "USER", "ASSISTANT", "TOOL"]),
            TEXTS,
            st.booleans(),
            NAMES,
        ),
        st.builds(lambda text: lambda c: c.typed(text), TEXTS),
        st.builds(lambda text: lambda c: answer_tool(c, text), TEXTS),
        st.builds(lambda s: lambda c: c.wait(s), st.sampled_from([0.0, 0.1, 1.0, 3.0, 30.0, 60.0])),
        st.builds(lambda raw: lambda c: c.send_raw(raw), st.binary(max_size=40)),
        st.builds(
            lambda name, text: lambda c: c.send(name, content=text),
            st.sampled_from(["sessionEnd", "toolResult", "connectionEnd", "x"]),
            TEXTS,
        ),
        st.builds(
            lambda i: lambda c: c.perform(c.conversation.composed(i, Say(text="x", pcm=b"\0\0"), c.now)),
            st.integers(0, 9),
        ),
        st.builds(
            lambda i: (
                lambda c: c.perform(c.conversation.composed(i, CallTool(name="x", arguments={}), c.now))
            ),
            st.integers(0, 9),
        ),
        st.builds(lambda i: lambda c: c.perform(c.conversation.composed(i, None, c.now)), st.integers(0, 9)),
        st.builds(
            lambda i, text: lambda c: c.perform(c.conversation.transcribed(i, text, c.now)),
            st.integers(0, 9),
            TEXTS,
        ),
        st.just(lambda c: c.perform(c.conversation.input_ended(c.now))),
    )


def answer_tool(call: Call, text: str) -> None:
    uses = call.of("toolUse")
    call.tool_result(uses[-1]["toolUseId"] if uses else "nobody", text)


def profiles() -> st.SearchStrategy[Profile]:
    return st.builds(
        lambda name, switches: load_profile(name).with_switches(**switches),
        st.sampled_from(["nova-2-sonic", "nova-sonic-v1"]),
        st.fixed_dictionaries(
            {},
            optional={
                "interruption": st.sampled_from(["stop_reason_only", "speech_start_only"]),
                "speech_during_tool": st.sampled_from(["waits", "cancels"]),
                "content_end_triggers": st.just(True),
                "early_typed_text": st.just("waits"),
                "empty_transcript": st.just("empty_text"),
                "completion_end": st.just("never"),
            },
        ),
    )


SCRIPT = scenario(
    [say("One two three.", 1.0), tool("getWeather", city="Rome"), say("Four.", 0.5, after_s=0.2)],
    [tool("a"), tool("b"), say("Both.", 0.3)],
    [say("Short.", 0.1), say("Slow.", 0.1, after_s=2.0)],
)


@settings(max_examples=150, deadline=None)
@given(
    profile=profiles(),
    deaf=st.booleans(),
    mute=st.booleans(),
    set_up=st.booleans(),
    script=st.lists(moves(), max_size=25),
)
def test_whatever_comes_becomes_effects_and_ends_once(
    *, profile: Profile, deaf: bool, mute: bool, set_up: bool, script: list[Move]
) -> None:
    call = Call(profile=profile, script=SCRIPT, deaf=deaf, mute=mute)
    if set_up:
        call.open(tools=["getWeather"])
    for move in script:
        move(call)
    call.wait(600)

    ends = [at for at, effect in enumerate(call.effects) if isinstance(effect, Fail | EndStream)]
    assert [len(call.effects) - 1] == ends
    assert call.conversation.deadline is None
    opened = Counter(fields["contentId"] for fields in call.of("contentStart"))
    closed = Counter(fields["contentId"] for fields in call.of("contentEnd"))
    assert {1} >= set(opened.values())
    assert {1} >= set(closed.values())
    assert closed.keys() <= opened.keys()
    # A stream that fails may die amid a block; one that ends has closed them all.
    assert len(opened) - len(closed) <= (1 if call.failure else 0)
    assert len(call.of("completionStart")) <= 1
    assert len(call.of("completionEnd")) <= len(call.of("completionStart"))


def good_moves() -> st.SearchStrategy[Move]:
    """What a client that keeps to the rules may do, with a brain that answers whenever it likes."""
    return st.one_of(
        st.just(Call.ask),
        st.builds(lambda s: lambda c: c.speak(s), SPANS),
        st.builds(lambda s, b: lambda c: c.silence(s, burst=b), SPANS, st.booleans()),
        st.builds(lambda text: lambda c: c.typed(text), TEXTS),
        st.just(answer_pending_tool),
        st.just(Call.answer_next),
        st.just(Call.answer_next),
        st.builds(lambda s: lambda c: c.wait(s), st.sampled_from([0.01, 0.1, 1.0, 3.0])),
    )


def answer_pending_tool(call: Call) -> None:
    uses = [fields["toolUseId"] for fields in call.of("toolUse")]
    answered = vars(call).setdefault("answered", set())
    for tool_use_id in uses:
        if tool_use_id not in answered:
            answered.add(tool_use_id)
            call.tool_result(tool_use_id)
            return


@settings(max_examples=150, deadline=None)
@given(
    interruption=st.sampled_from(["text_and_stop_reason", "stop_reason_only", "speech_start_only"]),
    deaf=st.booleans(),
    mute=st.booleans(),
    script=st.lists(good_moves(), max_size=20),
)
def test_a_client_that_keeps_to_the_rules_is_never_refused(
    *, interruption: str, deaf: bool, mute: bool, script: list[Move]
) -> None:
    profile = PROFILE.with_switches(interruption=interruption)
    call = Call(profile=profile, script=SCRIPT, deaf=deaf, mute=mute)
    call.open(tools=["getWeather"])
    call.silence(0.1)
    for move in script:
        move(call)
    call.hang_up()
    for _ in range(40):
        while call.unanswered:
            call.answer_next()
        call.wait(1)

    assert call.failure is None
    assert call.ended
    assert "open" not in [reason for *_, reason in call.blocks()]
    assert len(call.of("contentStart")) == len(call.of("contentEnd"))
    assert len(call.of("completionStart")) == len(call.of("completionEnd"))
    if call.of("completionEnd"):
        assert "completionEnd" == call.output[-1][0]
    turns = [compose.request.turn for compose in call.requests]
    assert sorted(turns) == turns
    # What was spoken was planned before: each FINAL text is the beginning of a SPECULATIVE one.
    planned = [text for kind, _, text, _ in call.blocks() if kind == "SPECULATIVE"]
    for text in call.final_texts():
        assert text in {"", INTERRUPTED_TEXT} or any(one.startswith(text) for one in planned)


@pytest.mark.parametrize("wait_s", [0.0, 30.0])
def test_a_deadline_is_never_in_the_past_after_a_tick(wait_s: float) -> None:
    """A driver that re-arms its timer at `deadline` must not spin."""
    call = listening(say("One.", 1.0), say("Two.", 1.0, after_s=1.0))
    call.ask()
    call.wait(wait_s)
    call.perform(call.conversation.tick(call.now))

    assert call.conversation.deadline is not None
    assert call.now < call.conversation.deadline
