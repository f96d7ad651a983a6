import re

import pytest

from emulators.nova_sonic.brains.dialogue.knowledge import KnowledgeError, load_knowledge, parse_knowledge

SENTENCE = re.compile(r"[A-Z].*[.!?]")
MOST_WORDS = 20


def test_every_sentence_can_be_said_in_one_breath() -> None:
    sentences = [line for entry in load_knowledge().entries for line in (*entry.answer, *entry.more)]
    unspeakable = [
        line
        for line in sentences
        if not SENTENCE.fullmatch(line) or len(line.split()) > MOST_WORDS or re.search(r"[.!?]\s", line)
    ]

    assert [] == unspeakable


def test_every_entry_can_be_asked_for_in_several_ways() -> None:
    assert [] == [entry.id for entry in load_knowledge().entries if len(set(entry.questions)) < 3]


def test_an_answer_is_traced_to_its_entry() -> None:
    knowledge = load_knowledge()
    entry = knowledge.find("What is Nova Sonic?")

    assert entry is not None
    assert entry is knowledge.behind(" ".join(entry.answer))
    assert knowledge.behind("Something nobody wrote.") is None


def test_an_entry_without_an_answer_is_refused_by_name() -> None:
    with pytest.raises(KnowledgeError, match="'empty' needs"):
        parse_knowledge('[[entry]]\nid = "empty"\nquestions = ["what"]\nanswer = []\n')


def test_two_entries_of_one_name_are_refused() -> None:
    entry = '[[entry]]\nid = "twin"\nquestions = ["what"]\nanswer = ["That."]\n'

    with pytest.raises(KnowledgeError, match="twin"):
        parse_knowledge(entry + entry)
