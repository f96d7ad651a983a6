"""What a session has used: the model counts anew on every stream, the session goes on."""

from service.wire.sonic_output import Usage

_NOTHING = Usage(input_speech=0, input_text=0, output_speech=0, output_text=0)


def _sum(a: Usage, b: Usage, sign: int = 1) -> Usage:
    return Usage(
        input_speech=a.input_speech + sign * b.input_speech,
        input_text=a.input_text + sign * b.input_text,
        output_speech=a.output_speech + sign * b.output_speech,
        output_text=a.output_text + sign * b.output_text,
    )


def _larger(a: Usage, b: Usage) -> Usage:
    return Usage(
        input_speech=max(a.input_speech, b.input_speech),
        input_text=max(a.input_text, b.input_text),
        output_speech=max(a.output_speech, b.output_speech),
        output_text=max(a.output_text, b.output_text),
    )


class UsageLedger:
    """Sums over streams, and remembers what was told and announced."""

    def __init__(self) -> None:
        self._earlier_streams = _NOTHING
        self._this_stream = _NOTHING
        self._announced = _NOTHING
        self._of_earlier_turns = _NOTHING
        self._has_news = False
        self._told_at = float("-inf")

    @property
    def total(self) -> Usage:
        """Of the whole session."""
        return _sum(self._earlier_streams, self._this_stream)

    def count(self, usage: Usage) -> None:
        """Take a stream's count, which is cumulative; a late one that says less takes nothing back."""
        self._this_stream = _larger(self._this_stream, usage)
        self._has_news = True

    def add(self, usage: Usage) -> None:
        """Take what was used since the last event, from a model that tells no totals."""
        self._this_stream = _sum(self._this_stream, usage)
        self._has_news = True

    def of_turn(self) -> Usage:
        """What was used since this was asked last: a turn's share, with what came late of the one before."""
        total = self.total
        used, self._of_earlier_turns = _sum(total, self._of_earlier_turns, -1), total
        return used

    def next_stream(self) -> None:
        """The next count begins at nothing again."""
        self._earlier_streams = self.total
        self._this_stream = _NOTHING

    def due_at(self) -> float | None:
        """When the client is told; None while it knows everything."""
        return self._told_at + 1.0 if self._has_news else None

    def tell(self, now: float) -> Usage:
        """The total, taken as told."""
        self._has_news = False
        self._told_at = now
        return self.total

    def take(self) -> Usage | None:
        """What was used since the last call; None for nothing."""
        total = self.total
        if total == self._announced:
            return None
        used, self._announced = _sum(total, self._announced, -1), total
        return used
