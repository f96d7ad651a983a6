import pytest

from emulators.nova_sonic.brains.dialogue.recall import Wish, last_reply, users_words, wished
from emulators.nova_sonic.brains.ports import Message


@pytest.mark.parametrize(
    ("heard", "wish"),
    [
        ("What did I just say?", Wish.MY_LAST_WORDS),
        ("What did I just ask you?", Wish.MY_LAST_WORDS),
        ("What was my last question?", Wish.MY_LAST_WORDS),
        ("Do you remember what I said?", Wish.MY_LAST_WORDS),
        ("Repeat what I said.", Wish.MY_LAST_WORDS),
        ("What was my first question?", Wish.MY_FIRST_WORDS),
        ("Repeat that.", Wish.YOUR_LAST_WORDS),
        ("Can you repeat that, please?", Wish.YOUR_LAST_WORDS),
        ("Say that again.", Wish.YOUR_LAST_WORDS),
        ("What did you say?", Wish.YOUR_LAST_WORDS),
        ("Sorry, what?", Wish.YOUR_LAST_WORDS),
        ("I didn't catch that.", Wish.YOUR_LAST_WORDS),
        ("Tell me more.", Wish.MORE),
        ("Go on.", Wish.MORE),
        ("Could you tell me more about that?", Wish.MORE),
    ],
)
def test_questions_about_the_conversation_are_recognised(heard: str, wish: Wish) -> None:
    assert wish is wished(heard)


@pytest.mark.parametrize(
    "heard", ["Say hello.", "What do you mean?", "Tell me more jokes.", "What did she say?", ""]
)
def test_other_sentences_are_not(heard: str) -> None:
    assert wished(heard) is None


def test_a_reply_of_several_sentences_is_one_reply() -> None:
    history = (
        Message(role="ASSISTANT", text="Welcome."),
        Message(role="USER", text="Who are you?"),
        Message(role="ASSISTANT", text="I am the local voice."),
        Message(role="ASSISTANT", text="I stand in for Nova Sonic."),
        Message(role="USER", text="Again, please."),
    )

    assert "I am the local voice. I stand in for Nova Sonic." == last_reply(history)
    assert ["Who are you?", "Again, please."] == users_words(history)
    assert "" == last_reply(())
