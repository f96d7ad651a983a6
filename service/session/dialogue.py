"""The words of a conversation: whose they are, which reply a late text belongs to, and what a new stream is told."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.policies.heard import Span, heard_text
from service.policies.history import Message, replayable
from service.session.keeping import KeptTurn

_REMEMBERED_TURNS: Final = 200
_RECENT_REPLIES: Final = 4


@dataclass(slots=True, kw_only=True)
class Sentence:
    """A planned sentence and the samples of the reply in which it sounds."""

    text: str
    position: int
    end: int | None = None
    """None while more of its audio may come."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """The words of one turn."""

    turn: int
    rate_hz: int = 24_000
    response_id: int | None = None
    user: list[str] = field(default_factory=list)
    user_is_known: bool = False
    """Whether the turn is being said again, so that the model's account of it is no news."""
    planned: list[Sentence] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    spoken_blocks: set[str] = field(default_factory=set)
    cut_at: int | None = None
    """How many samples were heard, when the reply was not heard to its end."""
    sent: int = 0
    """How many had come by then."""
    owes_words: bool = False
    """Whether the model has still to say how much it spoke."""

    @property
    def user_text(self) -> str:
        """What the user said or typed."""
        return " ".join(self.user)

    def reply_text(self) -> str:
        """What the user heard: all of it, or as far as it sounded."""
        if self.cut_at is None or not self.planned:
            # Words come late one by one; until all are there, what was planned is the better account.
            planned = [sentence.text for sentence in self.planned]
            return " ".join(planned if len(planned) > len(self.spoken) else self.spoken)
        return heard_text(list(self._spans()), self.cut_at, rate_hz=self.rate_hz)

    def _spans(self) -> Iterator[Span]:
        for i, sentence in enumerate(self.planned):
            text, end = sentence.text, sentence.end
            spoken = self.spoken[i] if i < len(self.spoken) else ""
            if end is None and spoken and text.startswith(spoken):
                # The model broke off within this sentence, and says after which words.
                text, end = spoken, max(self.sent, sentence.position + 1)
            yield Span(text=text, begin=sentence.position, end=end)

    def expects(self, text: str) -> bool:
        """Whether this text is a planned sentence, or the beginning of one, that was not confirmed yet."""
        open_sentences = self.planned[len(self.spoken) :]
        return any(sentence.text.startswith(text) for sentence in open_sentences)


class Dialogue:
    """All exchanges of a session, the newest last, and before them what was said in earlier sessions."""

    def __init__(self) -> None:
        self._earlier: Sequence[KeptTurn] = ()
        self._exchanges: deque[Exchange] = deque(maxlen=_REMEMBERED_TURNS)
        self._newest_spoken_turn = 0

    def recall(self, turns: Sequence[KeptTurn]) -> None:
        """What was said before this session."""
        self._earlier = tuple(turns)

    def of_turn(self, turn: int) -> Exchange:
        """The exchange of a turn, begun if there is none."""
        if not self._exchanges or self._exchanges[-1].turn != turn:
            self._exchanges.append(Exchange(turn=turn))
        return self._exchanges[-1]

    def find(self, turn: int) -> Exchange | None:
        """The exchange of a turn, if anything was said in it."""
        return next((exchange for exchange in reversed(self._exchanges) if exchange.turn == turn), None)

    def user_said(self, turn: int, text: str) -> bool:
        """Add the user's words; False when they are known already, as typed words are when the model repeats them."""
        exchange = self.of_turn(turn)
        if text in exchange.user or (exchange.user_is_known and exchange.user):
            return False
        exchange.user.append(text)
        return True

    def begin_again(self, turn: int) -> None:
        """The turn is said again to another stream: what was planned as its reply will not be said."""
        exchange = self.find(turn)
        if exchange is not None:
            exchange.user_is_known = True
            exchange.planned.clear()
            exchange.response_id = None

    def assistant_plans(
        self, turn: int, response_id: int, text: str, position: int, *, rate_hz: int = 24_000
    ) -> None:
        """Add a sentence of which no audio has come yet; its audio will begin at `position`."""
        exchange = self.of_turn(turn)
        exchange.response_id = response_id
        exchange.rate_hz = rate_hz
        self.sentence_ends(turn, position)
        exchange.planned.append(Sentence(text=text, position=position))

    def sentence_ends(self, turn: int, position: int) -> None:
        """All audio of the newest sentence has come."""
        exchange = self.find(turn)
        if exchange is not None and exchange.planned:
            newest = exchange.planned[-1]
            if newest.end is None and position > newest.position:
                newest.end = position

    def assistant_spoke(self, text: str, block: str) -> Exchange | None:
        """Add words that were really spoken to the reply they belong to; None when there is no reply at all.

        They come seconds late, often only after the next turn has begun, and name no reply. But they come in order:
        once a reply has words, no earlier one gets any more. For the rest the text decides; and where none fits, the
        oldest recent reply that still lacks words.
        """
        recent = [
            exchange
            for exchange in self._exchanges
            if exchange.response_id is not None and exchange.turn >= self._newest_spoken_turn
        ]
        recent = recent[-_RECENT_REPLIES:]
        if not recent:
            return None
        owner = next((exchange for exchange in recent if exchange.expects(text.strip())), None)
        if owner is None:
            lacking = (exchange for exchange in recent if len(exchange.spoken) < len(exchange.planned))
            owner = next(lacking, recent[-1])
        self._newest_spoken_turn = owner.turn
        owner.spoken.append(text.strip())
        owner.spoken_blocks.add(block)
        owner.owes_words = False
        return owner

    def reply_of_block(self, block: str) -> int | None:
        """Which reply the words of this block were attributed to."""
        owners = (exchange.response_id for exchange in self._exchanges if block in exchange.spoken_blocks)
        return next(owners, None)

    def owes_words_of_another(self, response_id: int) -> bool:
        """Whether the model has still to say how much it spoke of another reply, which was interrupted."""
        return any(
            exchange.owes_words and exchange.response_id != response_id
            for exchange in list(self._exchanges)[-_RECENT_REPLIES:]
        )

    def stream_is_gone(self) -> None:
        """Who spoke on the last stream says nothing more about it."""
        for exchange in list(self._exchanges)[-_RECENT_REPLIES:]:
            exchange.owes_words = False

    def cut(self, turn: int, samples: int, *, sent: int) -> None:
        """The reply of this turn was heard only so far; `sent` is how much of it there was to hear."""
        exchange = self.find(turn)
        if exchange is None:
            return
        if exchange.cut_at is None:
            exchange.owes_words = not exchange.spoken
        exchange.cut_at = samples
        exchange.sent = sent

    def _messages(self, without: int | None) -> Iterator[Message]:
        for turn in self._earlier:
            yield Message(role="USER", text=turn.user)
            yield Message(role="ASSISTANT", text=turn.assistant)
        for exchange in self._exchanges:
            if exchange.turn != without:
                yield Message(role="USER", text=exchange.user_text)
                yield Message(role="ASSISTANT", text=exchange.reply_text())

    def history(self, limit_bytes: int, *, without: int | None = None) -> Sequence[Message]:
        """What a new stream is told of all this; not of the turn `without`, which it hears again."""
        return replayable(self._messages(without), limit_bytes=limit_bytes)
