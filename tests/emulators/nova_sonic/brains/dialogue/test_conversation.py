from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from emulators.nova_sonic.brains.dialogue.conversation import Dialogue
from emulators.nova_sonic.brains.dialogue.knowledge import load_knowledge
from emulators.nova_sonic.brains.ports import CallTool, Message, Request, ToolResult

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)
DIALOGUE = Dialogue(load_knowledge())


def asked(
    heard: str,
    *,
    history: Sequence[Message] = (),
    tools: Sequence[str] = (),
    tool_results: Sequence[ToolResult] = (),
) -> Request:
    return Request(
        turn=1,
        heard=heard,
        typed=False,
        instructions="",
        history=history,
        tools=tools,
        tool_results=tool_results,
        voice_id="tiffany",
        output_rate_hz=24_000,
    )


def reply(heard: str, *history: Message) -> Sequence[str | CallTool]:
    return DIALOGUE.reply(asked(heard, history=history), now=NOW)


WHO = (
    Message(role="USER", text="Who are you?"),
    Message(role="ASSISTANT", text="I am the local voice of this product."),
)


def test_a_sum_is_done() -> None:
    assert ("12 times 7 is 84.",) == reply("What is twelve times seven?")


def test_the_time_is_told_without_a_tool() -> None:
    assert ("It is 3:04 PM.",) == reply("What time is it?")


def test_the_time_elsewhere_is_told_or_honestly_not_known() -> None:
    assert ("In Tokyo, it is 12:04 AM.",) == reply("What time is it in Tokyo?")
    assert ("I do not know the time there.", "Here, it is 3:04 PM.") == reply("What time is it in Atlantis?")


def test_the_clients_clock_is_asked_when_it_offers_one() -> None:
    request = asked("What time is it?", tools=("get_weather", "current_time"))

    assert (CallTool(name="current_time", arguments={}),) == DIALOGUE.reply(request, now=NOW)


def test_the_answer_comes_from_the_clients_clock() -> None:
    result = ToolResult(tool_use_id="1", name="current_time", content={"time": "09:30:00"})
    request = asked("What time is it?", tools=("current_time",), tool_results=(result,))

    assert ("It is 9:30 AM.",) == DIALOGUE.reply(request, now=NOW)


def test_a_clock_that_fails_is_said_to_have_failed() -> None:
    result = ToolResult(tool_use_id="1", name="current_time", content={"error": "no such zone"})
    request = asked("What time is it?", tools=("current_time",), tool_results=(result,))

    expected = ("The clock I asked did not tell me.", "By my own clock, it is 3:04 PM.")
    assert expected == DIALOGUE.reply(request, now=NOW)


def test_tools_are_not_called_for_other_questions() -> None:
    request = asked("Who are you?", tools=("current_time",))

    assert not any(isinstance(step, CallTool) for step in DIALOGUE.reply(request, now=NOW))


def test_what_the_user_said_is_remembered() -> None:
    assert ("You said: Who are you?",) == reply("What did I just say?", *WHO)


def test_the_words_of_this_turn_do_not_count_as_said_before() -> None:
    now_said = Message(role="USER", text="What did I just say?")

    assert ("You said: Who are you?",) == reply("What did I just say?", *WHO, now_said)
    assert ("You have not said anything before that.",) == reply("What did I just say?", now_said)


def test_the_last_reply_is_repeated_sentence_by_sentence() -> None:
    spoken = Message(role="ASSISTANT", text="And I have more to say.")

    assert ["I am the local voice of this product.", "And I have more to say."] == reply(
        "Say that again.", *WHO, spoken
    )
    assert ("I have not said anything yet.",) == reply("Repeat that.")


def test_a_reply_that_was_interrupted_is_repeated_whole() -> None:
    assert reply("Who are you?") == reply("Sorry, what?", *WHO)


def test_a_reply_nobody_heard_is_given_again() -> None:
    unheard = (
        *WHO,
        Message(role="USER", text="What is 2 plus 3?"),
        Message(role="USER", text="Sorry, what?"),
    )

    assert ("2 plus 3 is 5.",) == reply("Say that again.", *unheard)


def test_more_is_told_once_and_then_no_more() -> None:
    more = reply("Tell me more.", *WHO)
    told = [Message(role="ASSISTANT", text=line) for line in more if isinstance(line, str)]

    assert (
        "The real model runs on AWS.",
        "I speak its protocol, and answer from a short list written by people.",
    ) == more
    assert ("That is all I know about it.",) == reply(
        "Tell me more.", *WHO, Message(role="USER", text="More."), *told
    )


def test_the_product_is_explained() -> None:
    assert "I am the local voice of this product." == reply("Hello, could you tell me who you are?")[0]


@pytest.mark.parametrize(
    "heard", ["What is the capital of France?", "Play some music.", "Who won the game last night?"]
)
def test_what_it_does_not_know_it_says_it_heard_and_does_not_know(heard: str) -> None:
    assert (f"I heard: {heard}", "I have no answer to that here.") == reply(heard)


@pytest.mark.parametrize("heard", [" ".join(["banana"] * 500), "a" * 100_000])
def test_a_long_utterance_is_not_read_back_whole(heard: str) -> None:
    first = reply(heard)[0]

    assert isinstance(first, str)
    assert first.endswith(", and so on.")
    assert len(first) < 200


@pytest.mark.timeout(5)
@pytest.mark.parametrize("heard", ["the sum of " * 3000, "1-" * 15_000, "minus " * 5000, "(" * 30_000])
def test_a_long_text_is_not_puzzled_over(heard: str) -> None:
    assert "I have no answer to that here." == reply(heard)[-1]


@pytest.mark.parametrize("heard", ["", "   "])
def test_nothing_heard_is_said_so(heard: str) -> None:
    assert ("I did not hear any words.",) == reply(heard)


@pytest.mark.parametrize("heard", ["...", "?", "\u4f60\u597d", "\U0001f600", "-" * 1000, "a" * 100_000])
def test_any_text_gets_some_answer(heard: str) -> None:
    assert reply(heard)
