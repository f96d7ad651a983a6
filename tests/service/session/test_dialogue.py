from service.policies.history import Message
from service.session.dialogue import Dialogue


def spoken(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in dialogue.history(40_000)]


def test_an_interrupted_reply_is_remembered_as_far_as_it_was_heard() -> None:
    dialogue = Dialogue()
    dialogue.user_said(1, "hello")
    dialogue.assistant_plans(1, 1, "One.", 0)
    dialogue.assistant_plans(1, 1, "Two.", 24_000)
    dialogue.assistant_plans(1, 1, "Three.", 48_000)
    dialogue.cut(1, 40_000, sent=72_000)

    assert [("USER", "hello"), ("ASSISTANT", "One. Two.")] == spoken(dialogue)


def test_what_was_spoken_replaces_what_was_planned() -> None:
    dialogue = Dialogue()
    dialogue.user_said(1, "hello")
    dialogue.assistant_plans(1, 1, "It is sunny today.", 0)
    owner = dialogue.assistant_spoke("It is", "x1")

    assert owner is not None
    assert [("USER", "hello"), ("ASSISTANT", "It is")] == spoken(dialogue)
    assert 1 == dialogue.reply_of_block("x1")


def test_spoken_words_without_any_reply_belong_to_nobody() -> None:
    assert Dialogue().assistant_spoke("It is", "x1") is None


def test_spoken_words_that_fit_no_plan_go_to_the_oldest_reply_that_lacks_words() -> None:
    dialogue = Dialogue()
    dialogue.assistant_plans(1, 1, "One.", 0)
    dialogue.assistant_plans(2, 2, "Two.", 0)
    owner = dialogue.assistant_spoke("Something else.", "x1")

    assert owner is not None
    assert 1 == owner.turn


def test_a_conversation_that_began_with_the_assistant_is_replayed_from_the_user_on() -> None:
    dialogue = Dialogue()
    dialogue.assistant_plans(1, 1, "Welcome.", 0)
    dialogue.user_said(2, "hello")

    assert [Message(role="USER", text="hello")] == list(dialogue.history(40_000))


def test_a_reply_that_repeats_an_interrupted_one_gets_its_own_words() -> None:
    dialogue = Dialogue()
    for turn in (1, 2):
        dialogue.assistant_plans(turn, turn, "One.", 0)
        dialogue.assistant_plans(turn, turn, "Two.", 24_000)
    owners = [dialogue.assistant_spoke(text, "x") for text in ("One.", "One.", "Two.")]

    assert [1, 2, 2] == [owner.turn for owner in owners if owner is not None]
