"""Which input may come when, with the texts clients have reported for each broken rule."""

import pytest

from emulators.nova_sonic.conversation.refusals import INVALID_REQUEST, UNPARSABLE
from emulators.nova_sonic.profiles import load_profile
from tests.emulators.nova_sonic.conversation.call import PROFILE, TEXT, Call

HISTORY_LATE = "Chat history should be sent completely before streaming audio."


def prompted(**arguments: object) -> Call:
    call = Call(**arguments)  # type: ignore[arg-type]  # passes keywords on as they come
    call.session()
    call.prompt()
    return call


def listening(**arguments: object) -> Call:
    call = prompted(**arguments)
    call.text("SYSTEM", "Be kind.", name="s")
    call.audio_block()
    return call


def start_text(call: Call, role: str = "USER", *, interactive: bool = True, name: str = "t") -> None:
    call.send(
        "contentStart",
        promptName="p",
        contentName=name,
        type="TEXT",
        interactive=interactive,
        role=role,
        textInputConfiguration=TEXT,
    )


def test_a_session_in_good_order_is_not_refused() -> None:
    """[DOC-flow] sessionStart, promptStart, SYSTEM, SYSTEM_SPEECH, history, audio, ends in reverse."""
    call = prompted()
    call.text("SYSTEM", "Be kind.", name="s")
    call.text("SYSTEM_SPEECH", "Write Hindi in Devanagari.", name="ss")
    call.text("USER", "Hello.", name="h1")
    call.text("ASSISTANT", "Hi!", name="h2")
    call.audio_block()
    call.silence(0.2)
    call.hang_up()

    assert call.failure is None
    assert call.ended


def test_prompt_end_while_a_content_is_open_is_refused() -> None:
    """[VT] "All contents must be closed before ending prompt", the second most common of 30 days."""
    call = listening()
    call.silence(0.2)
    call.end_prompt()

    assert "Error(s):\nError 1 : All contents must be closed before ending prompt" == call.refusal


def test_session_end_while_a_prompt_is_open_is_refused() -> None:
    """[nova-sonic 1.6] "The following prompts were not closed"."""
    call = prompted()
    call.send("sessionEnd")

    assert "The following prompts were not closed: p" == call.refusal


def test_a_second_system_block_is_refused() -> None:
    """[nova-sonic 1.6] "Duplicate SYSTEM content"."""
    call = prompted()
    call.text("SYSTEM", "One.", name="s1")
    call.text("SYSTEM", "Two.", name="s2")

    assert "Duplicate SYSTEM content. SYSTEM content can only be provided once per prompt" == call.refusal


def test_a_system_block_amid_the_session_is_fatal() -> None:
    """[TS-M] SYSTEM mid-session is fatal."""
    call = listening()
    call.silence(0.2)
    call.text("SYSTEM", "Be rude.", name="s2")

    assert call.refusal.startswith("Duplicate SYSTEM content")


def test_history_after_audio_is_refused() -> None:
    """[LK #6720] history and audio raced."""
    call = listening()
    call.silence(0.2)
    call.text("USER", "Hello.")

    assert HISTORY_LATE == call.refusal


def test_audio_amid_a_text_block_is_refused() -> None:
    """[LK #5626] audioInput between contentStart and contentEnd of a text."""
    call = listening()
    call.silence(0.2)
    start_text(call)
    call.silence(0.032)

    assert HISTORY_LATE == call.refusal


def test_assistant_text_amid_the_session_is_dropped() -> None:
    """[TS-M] silently."""
    call = listening()
    call.silence(0.2)
    call.text("ASSISTANT", "I never said this.")
    call.ask()

    assert () == call.requests[0].request.history


def test_history_begins_with_the_user() -> None:
    """[DOC-err] the first message is the user's."""
    call = prompted()
    call.text("ASSISTANT", "Hi!")

    assert INVALID_REQUEST == call.refusal


def test_history_may_be_marked_interactive_as_in_the_guide() -> None:
    """[DOC-hist] the example shows interactive true."""
    call = prompted()
    call.text("USER", "Hello.", interactive=True)
    call.text("ASSISTANT", "Hi!", interactive=True)

    assert call.failure is None


@pytest.mark.parametrize("interactive", [False, True])
def test_the_system_block_comes_first_and_is_not_interactive(interactive: bool) -> None:  # noqa: FBT001 - a table's column
    """[DOC-v2-in] SYSTEM exactly once, first, non-interactive."""
    call = prompted()
    if not interactive:
        call.text("USER", "Hello.")
    call.text("SYSTEM", "Be kind.", interactive=interactive)

    assert INVALID_REQUEST == call.refusal


@pytest.mark.parametrize(("size_bytes", "accepted"), [(1_000, True), (1_001, False)])
def test_a_text_input_of_history_holds_at_most_1000_bytes(size_bytes: int, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    """[DOC-hist] each textInput at most 1 KB."""
    call = prompted()
    call.text("USER", "x" * size_bytes)

    assert accepted == (call.failure is None)


def test_a_long_message_of_history_comes_in_several_inputs() -> None:
    """[DOC-hist] split inside one block."""
    call = prompted()
    call.text("USER", "x" * 1_000, "y" * 500)
    call.audio_block()
    call.ask()

    assert ["x" * 1_000 + "y" * 500] == [message.text for message in call.requests[0].request.history]


def test_history_holds_at_most_40000_bytes_in_all() -> None:
    """[DOC-hist] total at most 40 KB."""
    call = prompted()
    call.text("USER", *["x" * 1_000] * 40)
    assert call.failure is None

    call.text("ASSISTANT", "y")
    assert INVALID_REQUEST == call.refusal


def test_the_larger_history_of_the_samples_is_a_switch() -> None:
    """[SAMPLES] 50 KB a message, 200 KB in all."""
    call = prompted(profile=PROFILE.with_switches(history_limits="samples"))
    call.text("USER", "x" * 50_000)

    assert call.failure is None


def test_v1_takes_40_messages_of_history() -> None:
    """[LK] v1: 40 messages."""
    call = prompted(profile=load_profile("nova-sonic-v1"))
    for number in range(40):
        call.text("USER" if number % 2 == 0 else "ASSISTANT", "x")
    assert call.failure is None

    call.text("USER", "x")
    assert INVALID_REQUEST == call.refusal


def test_the_end_of_an_empty_block_is_refused() -> None:
    """[nova-sonic 1.6] "Cannot end content ... as no content data was received"."""
    call = listening()
    call.close_audio()

    assert "Cannot end content a as no content data was received" == call.refusal


def test_input_for_a_content_that_is_not_open_is_refused() -> None:
    """[nova-sonic 1.6] "No open content found for content name"."""
    call = listening()
    call.send("audioInput", promptName="p", contentName="other", content="AAA=")

    assert "No open content found for content name: other" == call.refusal


def test_input_for_a_closed_content_is_refused() -> None:
    """Telephony: "No open content found" after slow tools."""
    call = listening()
    call.silence(0.2)
    call.close_audio()
    call.silence(0.032)

    assert "No open content found for content name: a" == call.refusal


def test_input_for_another_prompt_is_refused() -> None:
    """[nova-sonic 1.6] "No open prompt found"."""
    call = prompted()
    call.send("promptEnd", promptName="q")

    assert "No open prompt found for prompt name: q" == call.refusal


def test_input_after_the_prompt_has_ended_is_refused() -> None:
    call = listening()
    call.silence(0.2)
    call.close_audio()
    call.end_prompt()
    call.audio_block("b")

    assert "No open prompt found for prompt name: p" == call.refusal


def test_a_prompt_without_audio_cannot_end() -> None:
    """[LITELLM] "... must have at least one audio content"."""
    call = prompted()
    call.text("SYSTEM", "Be kind.")
    call.end_prompt()

    assert call.refusal.endswith("must have at least one audio content")


def test_a_voice_of_another_generation_is_refused() -> None:
    """[DOC-lang] greta is v1's, tina came with v2."""
    call = Call()
    call.session()
    call.prompt(voice="greta")

    assert "Received invalid voiceId greta" == call.refusal


@pytest.mark.parametrize("mode", ["accepted", "ignored"])
def test_turn_detection_configuration_may_be_taken_or_ignored(mode: str) -> None:
    call = Call(profile=PROFILE.with_switches(turn_detection_configuration=mode))
    call.session("LOW")

    assert call.failure is None


def test_v1_refuses_turn_detection_configuration() -> None:
    """[LK #6201] the nested object came with v2."""
    call = Call(profile=load_profile("nova-sonic-v1"))
    call.session("HIGH")

    assert UNPARSABLE == call.refusal


def test_v1_has_no_speech_instructions() -> None:
    """[DOC-sysprompt] SYSTEM_SPEECH came with v2."""
    call = prompted(profile=load_profile("nova-sonic-v1"))
    call.text("SYSTEM", "Be kind.", name="s")
    call.text("SYSTEM_SPEECH", "Slowly.", name="ss")

    assert UNPARSABLE == call.refusal


def test_nothing_comes_before_the_session() -> None:
    call = Call()
    call.prompt()

    assert INVALID_REQUEST == call.refusal


@pytest.mark.parametrize("again", ["session", "prompt", "audio"])
def test_nothing_is_opened_twice(again: str) -> None:
    call = listening()
    match again:
        case "session":
            call.session()
        case "prompt":
            call.prompt()
        case _:
            call.audio_block("b")

    assert INVALID_REQUEST == call.refusal


def test_an_open_name_is_not_given_again() -> None:
    call = listening()
    start_text(call, name="a")

    assert INVALID_REQUEST == call.refusal


def test_data_of_the_wrong_kind_is_refused() -> None:
    call = listening()
    call.send("textInput", promptName="p", contentName="a", content="typed into the audio")

    assert INVALID_REQUEST == call.refusal


def test_a_new_audio_block_may_follow_a_closed_one() -> None:
    """[nova-sonic 2.3] a new AUDIO contentStart may follow."""
    call = listening()
    call.silence(0.2)
    call.close_audio()
    call.audio_block("b")
    call.silence(0.2, name="b")

    assert call.failure is None


def test_connection_end_is_taken_for_session_end() -> None:
    """[ST] sends it after promptEnd without harm."""
    call = listening()
    call.silence(0.2)
    call.close_audio()
    call.end_prompt()
    call.send("connectionEnd")

    assert call.failure is None
    assert call.ended


def test_connection_end_is_refused_by_switch() -> None:
    call = listening(profile=PROFILE.with_switches(connection_end_accepted=False))
    call.silence(0.2)
    call.close_audio()
    call.end_prompt()
    call.send("connectionEnd")

    assert UNPARSABLE == call.refusal
