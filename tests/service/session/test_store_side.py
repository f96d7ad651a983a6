"""What a session keeps, when it says that it is saved, and what it does when the store does not do its part."""

from itertools import pairwise

import pytest

from service.errors import CloseCode, ErrorCode
from service.session.effects import OpenStream, State
from service.session.events import ClientGone, Owned, StoreFault
from service.session.keeping import (
    MAX_WAITING_TURNS,
    AttachConversation,
    BeginConversation,
    Grip,
    KeepRest,
    KeptTurn,
    SaveTurn,
)
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire.server import Outcome, Stage
from tests.service.fakes import Call, terms

KEEPS = terms(keeps_history=True)
OLD = [
    KeptTurn(number=6, user="What is a fox?", assistant="An animal.", outcome="completed"),
    KeptTurn(number=7, user="Is it red?", assistant="Mostly.", outcome="completed"),
]


def connected() -> Call:
    call = Call(KEEPS)
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    return call


def converse(call: Call, user: str = "hello", assistant: str = "Hi.") -> None:
    """One whole turn, and the second in which it settles."""
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text(user)
    call.reply(assistant)
    call.wait(2.0)


def saved(call: Call) -> list[tuple[int, bool]]:
    return [(turn.turn, turn.saved) for turn in call.told(server.TurnIs)]


def test_without_a_store_nothing_is_asked_and_nothing_is_saved() -> None:
    call = Call()
    call.connect()
    converse(call)

    assert [] == call.asked
    assert [(1, False)] == saved(call)


def test_a_new_conversation_is_begun_while_the_model_is_asked_for() -> None:
    call = Call(KEEPS)
    call.give(client.Start())

    assert [BeginConversation(conversation_id="c", grip=Grip(session_id="s"))] == call.asked
    assert 1 == len(call.done(OpenStream))


def test_a_turn_is_saved_once_the_store_says_so_and_not_before() -> None:
    call = connected()
    converse(call)
    assert [(1, False)] == saved(call)

    call.keep()
    assert [(1, False), (1, True)] == saved(call)
    assert [KeptTurn(number=1, user="hello", assistant="Hi.", outcome="completed")] == call.saved_turns


def test_what_is_told_of_a_turn_again_differs_only_in_being_saved() -> None:
    call = connected()
    converse(call)
    call.keep()
    first, second = call.told(server.TurnIs)

    assert (first.timings, first.outcome, first.closed_by) == (
        second.timings,
        second.outcome,
        second.closed_by,
    )


def test_a_turn_in_which_nothing_was_said_is_not_kept() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.wait(15.0)

    assert [Outcome.UNANSWERED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert [] == call.saved_turns


def test_late_words_still_get_into_the_turn() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(0.6)
    call.text("ASSISTANT", "Hi there.")
    call.wait(3.0)

    assert ["Hi there."] == [turn.assistant for turn in call.saved_turns]


def test_one_write_is_under_way_and_the_others_follow_in_order() -> None:
    call = Call(KEEPS)
    call.connect()
    for text in ("one", "two", "three"):
        converse(call, text)
    assert 1 == len(call.asked)

    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    call.keep()
    call.keep()
    call.keep()
    assert ["one", "two", "three"] == [turn.user for turn in call.saved_turns]
    assert [1, 2, 3] == [turn.turn for turn in call.told(server.TurnIs) if turn.saved]


def test_a_store_that_is_down_is_tried_again_with_growing_waits_while_the_conversation_goes_on() -> None:
    call = connected()
    converse(call)
    tried_at = []
    for _ in range(5):
        tried_at.append(call.now)
        call.refuse()
        seen = len(call.asked)
        while len(call.asked) == seen:
            call.wait(0.05)
    waits = [round(later - earlier, 1) for earlier, later in pairwise(tried_at)]
    assert sorted(waits) == waits
    assert waits[-1] >= 4 * waits[0]

    converse(call, "still there?")
    call.keep()
    call.keep()
    assert [1, 2] == [turn.turn for turn in call.told(server.TurnIs) if turn.saved]
    assert State.LISTENING is call.state


def test_the_user_is_told_once_that_nothing_is_saved_and_again_in_the_next_outage() -> None:
    call = connected()
    converse(call)
    for _ in range(4):
        call.refuse()
        call.wait(20.0)
    assert [ErrorCode.NOT_SAVED] == [error.code for error in call.told(server.Error)]

    call.keep()
    converse(call)
    for _ in range(2):
        call.refuse()
        call.wait(20.0)
    assert 2 == len(call.told(server.Error))


def test_what_waits_for_a_store_is_bounded_and_the_oldest_is_given_up() -> None:
    call = connected()
    for i in range(MAX_WAITING_TURNS + 5):
        converse(call, f"turn {i}")
    call.give(ClientGone())
    (rest,) = call.done(KeepRest)
    numbers = [write.turn.number for write in rest.writes if isinstance(write, SaveTurn)]

    assert MAX_WAITING_TURNS + 1 == len(numbers)
    assert ([1, 6], 55) == (numbers[:2], numbers[-1])
    assert ErrorCode.NOT_SAVED in [error.code for error in call.told(server.Error)]


def test_a_session_that_ends_leaves_its_unwritten_turns_behind_to_be_written() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.reply_begins("It is sunny.", chunks=30)
    call.wait(0.5)
    call.give(ClientGone())
    (rest,) = call.done(KeepRest)

    assert ["interrupted"] == [write.turn.outcome for write in rest.writes if isinstance(write, SaveTurn)]


def test_an_end_without_anything_to_write_asks_for_nothing() -> None:
    call = Call(KEEPS)
    call.connect()
    call.give(client.End())

    assert [] == call.done(KeepRest)


def test_an_owner_that_was_superseded_stops_and_says_so() -> None:
    call = connected()
    converse(call)
    call.refuse(StoreFault.SUPERSEDED)

    assert (CloseCode.SUPERSEDED, [ErrorCode.SUPERSEDED]) == (
        call.closed_with,
        [error.code for error in call.told(server.Error)],
    )
    assert [] == call.done(KeepRest)


def test_a_conversation_that_was_deleted_meanwhile_ends() -> None:
    call = connected()
    converse(call)
    call.refuse(StoreFault.UNKNOWN)

    assert CloseCode.CANNOT_RESUME == call.closed_with
    assert "deleted" in call.told(server.Error)[-1].message


# Continuing


def continued() -> Call:
    call = Call(KEEPS)
    call.give(client.Start(conversation_id="old"))
    return call


def test_a_continued_conversation_is_read_before_the_model_is_asked_for() -> None:
    call = continued()
    history_bytes = KEEPS.profile.history_bytes
    grip = Grip(session_id="s")
    assert [AttachConversation(conversation_id="old", grip=grip, history_bytes=history_bytes)] == call.asked
    assert [] == call.done(OpenStream)

    call.keep(owned=Owned(conversation_id="old", epoch=4, last_turn=7, turns=OLD))
    call.accept()
    told = [event.text for event in call.sent(inp.TextInput)][1:]
    assert ["What is a fox?", "An animal.", "Is it red?", "Mostly."] == told
    (ready,) = call.told(server.Ready)
    assert ("old", 4) == (ready.conversation_id, ready.epoch)


def test_turns_of_a_continued_conversation_are_counted_on() -> None:
    call = continued()
    call.audio()
    call.keep(owned=Owned(conversation_id="old", epoch=4, last_turn=7, turns=OLD))
    call.accept()
    converse(call)

    assert [8] == [turn.turn for turn in call.told(server.TurnIs)]
    assert [(8, 4)] == [(w.turn.number, w.epoch) for w in call.asked if isinstance(w, SaveTurn)]


@pytest.mark.parametrize("conversation_id", ["no/such", "a#b", "ü", " "])
def test_what_can_be_no_id_is_not_even_looked_for(conversation_id: str) -> None:
    call = Call(KEEPS)
    call.give(client.Start(conversation_id=conversation_id))

    assert ([], CloseCode.CANNOT_RESUME) == (call.asked, call.closed_with)


def test_a_conversation_that_is_not_there_cannot_be_continued() -> None:
    call = continued()
    call.refuse(StoreFault.UNKNOWN)

    assert CloseCode.CANNOT_RESUME == call.closed_with
    assert [ErrorCode.CONVERSATION_UNKNOWN] == [error.code for error in call.told(server.Error)]


def test_history_that_cannot_be_read_in_time_ends_the_attempt_with_the_reason() -> None:
    call = continued()
    for _ in range(20):
        call.refuse()
        call.wait(0.5)

    assert (CloseCode.GO_ELSEWHERE, [ErrorCode.HISTORY_UNAVAILABLE]) == (
        call.closed_with,
        [error.code for error in call.told(server.Error)],
    )


def test_a_store_that_never_answers_does_not_keep_a_session_waiting() -> None:
    call = continued()
    call.wait(9.0)

    assert CloseCode.GO_ELSEWHERE == call.closed_with


# What was heard


def test_of_an_interrupted_reply_what_was_heard_is_told_and_kept() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("Count.")
    block = call.reply_begins("one two three four five six seven eight nine ten", chunks=40)
    call.end_block(block, "AUDIO")
    call.give(client.Played(response_id=1, position_ms=0))
    call.wait(2.0)
    call.give(client.Interrupt())
    call.give(client.Played(response_id=1, position_ms=1_000))
    call.wait(1.5)
    (heard,) = [said for said in call.told(server.Transcript) if said.stage is Stage.HEARD]

    assert "one two three" == heard.text
    assert [("interrupted", "one two three")] == [(t.outcome, t.assistant) for t in call.saved_turns]


def test_without_a_last_word_of_the_client_the_clock_says_what_was_heard() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    block = call.reply_begins("one two three four five six seven eight nine ten", chunks=40)
    call.end_block(block, "AUDIO")
    call.give(client.Played(response_id=1, position_ms=0))
    call.wait(1.0)
    call.give(client.Interrupt())
    call.wait(1.5)

    assert ["one two three"] == [
        said.text for said in call.told(server.Transcript) if said.stage is Stage.HEARD
    ]


def test_a_reply_cut_before_its_first_sound_was_not_heard() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("Count.")
    call.reply_begins("one two three", chunks=1)
    call.give(client.Interrupt())
    call.give(client.Played(response_id=1, position_ms=0))
    call.wait(1.5)

    assert [""] == [turn.assistant for turn in call.saved_turns]
