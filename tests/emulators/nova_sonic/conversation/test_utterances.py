"""Utterances keep their order, and words nobody waits for are dropped."""

from emulators.nova_sonic.conversation.utterances import Utterances


def ended(*question_ids: int) -> Utterances:
    utterances = Utterances()
    for question_id in question_ids:
        utterances.begin()
        utterances.ask(question_id)
        utterances.end()
    return utterances


def test_words_wait_for_those_before_them() -> None:
    utterances = ended(1, 2)
    utterances.answer(2, "two")
    assert [] == list(utterances.ready())

    utterances.answer(1, "one")
    assert ["one", "two"] == list(utterances.ready())
    assert 0 == utterances.waiting


def test_words_that_came_before_the_end_are_kept() -> None:
    utterances = Utterances()
    utterances.begin()
    utterances.ask(1)
    utterances.answer(1, "one")
    assert [] == list(utterances.ready())

    utterances.end()
    assert ["one"] == list(utterances.ready())


def test_words_of_an_utterance_that_went_on_are_dropped() -> None:
    utterances = Utterances()
    utterances.begin()
    utterances.ask(1)
    utterances.resume()
    utterances.answer(1, "half")
    utterances.ask(2)
    utterances.end()
    assert not utterances.asked(1)

    utterances.answer(2, "whole")
    assert ["whole"] == list(utterances.ready())


def test_a_dropped_utterance_has_no_words() -> None:
    utterances = Utterances()
    utterances.begin()
    utterances.ask(1)
    utterances.drop()

    assert not utterances.is_open
    assert not utterances.asked(1)
