"""The knowledge base, read from knowledge.toml beside this file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from emulators.nova_sonic.brains.dialogue.retrieval import Index


class KnowledgeError(Exception):
    """The knowledge file breaks its own rules; the text names the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing the assistant knows: ways to ask for it, and sentences to say."""

    id: str
    questions: tuple[str, ...]
    answer: tuple[str, ...]
    more: tuple[str, ...] = ()
    """What to say when asked for more; empty when that is all there is."""


class Knowledge:
    """All entries and the index over them."""

    def __init__(self, entries: tuple[Entry, ...], *, same: Mapping[str, str]) -> None:
        self.entries = entries
        self._index = Index([entry.questions for entry in entries], same=same)

    def find(self, text: str) -> Entry | None:
        """Return the entry that answers the question, or none when that would be a guess."""
        match = self._index.find(text)
        return self.entries[match.entry] if match is not None and match.accepted else None

    def behind(self, said: str) -> Entry | None:
        """Return the entry a sentence of the assistant came from."""
        return next((entry for entry in self.entries if any(line in said for line in entry.answer)), None)


def load_knowledge() -> Knowledge:
    """Read the knowledge that ships with the emulator."""
    return parse_knowledge(
        resources.files(__package__).joinpath("knowledge.toml").read_text(encoding="utf-8")
    )


def parse_knowledge(text: str) -> Knowledge:
    """Build the knowledge from TOML; `KnowledgeError` for an entry without question or answer, or named twice."""
    document = tomllib.loads(text)
    entries = tuple(_entry(table) for table in document["entry"])
    names = [entry.id for entry in entries]
    if twice := {name for name in names if names.count(name) > 1}:
        raise KnowledgeError(f"more than one entry is named {', '.join(sorted(twice))}")
    return Knowledge(entries, same=document.get("same", {}))


def _entry(table: Mapping[str, Any]) -> Entry:
    match table:
        case {"id": str(name), "questions": [_, *_] as questions, "answer": [_, *_] as answer}:
            return Entry(
                id=name, questions=tuple(questions), answer=tuple(answer), more=tuple(table.get("more", ()))
            )
        case _:
            raise KnowledgeError(f"entry {table.get('id')!r} needs an id, questions and an answer")
