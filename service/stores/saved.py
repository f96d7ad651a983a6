"""What every store reads off turns: a title, and as many of them as are wanted."""

from collections.abc import Iterable, Sequence
from typing import Final

from service.session.keeping import KeptTurn
from service.stores.ports import SavedTurn

_TITLE_CHARS: Final = 80


def title_of(turn: KeptTurn) -> str | None:
    """A title for a conversation that has none: how the user began it."""
    words = " ".join(turn.user.split())
    return (words if len(words) <= _TITLE_CHARS else words[: _TITLE_CHARS - 1].rstrip() + "…") or None


def newest_within(turns: Iterable[SavedTurn], size_bytes: int) -> Sequence[SavedTurn]:
    """Of turns, the newest first, as many as hold this much text and one more; the oldest of them first."""
    taken: list[SavedTurn] = []
    for turn in turns:
        taken.append(turn)
        size_bytes -= turn.turn.size_bytes
        if size_bytes <= 0:
            break
    taken.reverse()
    return taken
