"""The words of a conversation: whose they are, which reply a late text belongs to, and what a new stream is told."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.policies.history import Message, replayable

_REMEMBERED_TURNS: Final = 200
_RECENT_REPLIES: Final = 4


@dataclass(slots=True, kw_only=True)
class Sentence:
    """A planned sentence and where in the reply's audio it begins."""

    text: str
    position: int


@dataclass(slots=True, kw_only=True)
class Exchange:
    """The words of one turn."""

    turn: int
    response_id: int | None = None
    user: list[str] = field(default_factory=list)
    planned: list[Sentence] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    spoken_blocks: set[str] = field(default_factory=set)
    cut_at: int | None = None
    """How many samples were heard, when the reply was interrupted."""

    def reply_text(self) -> str:
        """What the user heard: as the model said afterwards, else what was planned as far as it sounded."""
        if self.spoken:
            return " ".join(self.spoken)
        heard = self.planned
        if self.cut_at is not None:
            heard = [sentence for sentence in self.planned if sentence.position < self.cut_at]
        return " ".join(sentence.text for sentence in heard)

    def expects(self, text: str) -> bool:
        """Whether this text is a planned sentence, or the beginning of one, that was not confirmed yet."""
        open_sentences = self.planned[len(self.spoken) :]
        return any(sentence.text.startswith(text) for sentence in open_sentences)


class Dialogue:
    """All exchanges of a session, the newest last."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_REMEMBERED_TURNS)
        self._newest_spoken_turn = 0

    def of_turn(self, turn: int) -> Exchange:
        """The exchange of a turn, begun if there is none."""
        if not self._exchanges or self._exchanges[-1].turn != turn:
            self._exchanges.append(Exchange(turn=turn))
        return self._exchanges[-1]

    def user_said(self, turn: int, text: str) -> bool:
        """Add the user's words; False when they are known already, as typed words are when the model repeats them."""
        exchange = self.of_turn(turn)
        if text in exchange.user:
            return False
        exchange.user.append(text)
        return True

    def assistant_plans(self, turn: int, response_id: int, text: str, position: int) -> None:
        """Add a sentence of which no audio has come yet; its audio will begin at `position`."""
        exchange = self.of_turn(turn)
        exchange.response_id = response_id
        exchange.planned.append(Sentence(text=text, position=position))

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
        return owner

    def reply_of_block(self, block: str) -> int | None:
        """Which reply the words of this block were attributed to."""
        owners = (exchange.response_id for exchange in self._exchanges if block in exchange.spoken_blocks)
        return next(owners, None)

    def owes_words_of_another(self, response_id: int) -> bool:
        """Whether the model has still to say how much it spoke of another reply, which was interrupted."""
        return any(
            exchange.cut_at is not None and not exchange.spoken and exchange.response_id != response_id
            for exchange in list(self._exchanges)[-_RECENT_REPLIES:]
        )

    def cut(self, turn: int, samples: int) -> None:
        """The reply of this turn was heard only so far."""
        for exchange in self._exchanges:
            if exchange.turn == turn:
                exchange.cut_at = samples

    def _messages(self) -> Iterator[Message]:
        for exchange in self._exchanges:
            yield Message(role="USER", text=" ".join(exchange.user))
            yield Message(role="ASSISTANT", text=exchange.reply_text())

    def history(self, limit_bytes: int) -> Sequence[Message]:
        """What a new stream is told of all this."""
        return replayable(self._messages(), limit_bytes=limit_bytes)
