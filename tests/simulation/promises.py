"""What somebody said and was promised, and what of a store or a stream does not agree with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.account import Memory
from tests.simulation.speech import Heard


class BrokenPromiseError(AssertionError):
    """Raised when something was not as docs/reliability.md promises."""


@dataclass(slots=True)
class Said:
    """A turn as the caller was told of it."""

    text: str | None = None
    outcome: str | None = None
    is_saved: bool = False

    def add(self, text: str) -> None:
        """Words that were heard; a sentence that was broken by the network is heard in pieces."""
        if self.text is None:
            self.text = text
        elif text not in self.text:
            self.text = f"{self.text} {text}"


class Promises:
    """Everything that one user remembers of their calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_disturbed = False
        """Whether the network swallowed some of what was said, for a while."""
        self.conversation_id: str | None = None
        self.turns: dict[int, Said] = {}
        """Of this session, by number."""
        self.saved: dict[tuple[str, int], str] = {}
        """What the service said is saved: it must be in the store for ever."""
        self.saved_at: dict[str, float] = {}
        """When that was said of these words."""
        self.deleted: list[str] = []
        """Conversations that this user wanted gone."""
        self.sessions: set[str] = set()
        self.outcomes: Counter[str] = Counter()
        self.asked: list[str] = []
        self.gaps: list[float] = []
        self.gap_ends: list[float] = []
        self.gap_codes: list[int | None] = []
        """How the connection before each gap was closed."""
        self.closes: Counter[int | None] = Counter()
        self.errors: Counter[str] = Counter()
        self.resumed = self.taken_over = self.refused = 0

    def wrong_in(self, said: Sequence[str]) -> list[str]:
        """What this caller did not say, or not so often; speech may be cut in pieces when the line was."""
        wrong = [
            f"{self.name}: {text!r} is there twice" for text in set(said) if text and said.count(text) > 1
        ]
        frames: Counter[tuple[int, int]] = Counter()
        for text in filter(None, said):
            heard = Heard.read(text)
            if heard is None:
                wrong += [] if text in self.asked else [f"{self.name}: nobody said {text!r}"]
                continue
            whole = next(
                (
                    whole
                    for whole in map(Heard.read, self.asked)
                    if whole and whole.utterance == heard.utterance
                ),
                None,
            )
            if (
                whole is None
                or heard.last > whole.last
                or (heard != whole and not self.closes and not self.is_disturbed)
            ):
                wrong.append(f"{self.name}: nobody said {text!r}")
            frames.update((heard.utterance, frame) for frame in range(heard.first, heard.last + 1))
        return wrong + [
            f"{self.name}: frame {frame} was heard twice" for frame, times in frames.items() if times > 1
        ]

    def wrong_in_memories(self, memories: Sequence[Memory]) -> list[str]:
        """What a stream should have been told of this conversation and was not, or was told twice or out of order."""
        wrong = []
        order = {text: number for (_, number), text in self.saved.items()}
        for memory in memories:
            if memory.session_id not in self.sessions:
                continue
            known = [text for text in memory.said if text in order]
            if known != sorted(set(known), key=order.__getitem__):
                wrong.append(f"{self.name}: a stream was told {memory.said}")
            due = {text for text, at in self.saved_at.items() if text and at < memory.began_at}
            if missing := due - set(memory.said):
                wrong.append(f"{self.name}: a stream was not told of {sorted(missing)}")
        return wrong
