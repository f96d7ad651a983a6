"""What a conversation becomes with each message of the server. Pure: `now` is an argument."""

from dataclasses import dataclass, field

from talk import protocol
from talk.protocol import FromServer
from talk.record import Answer, Conversation


@dataclass(slots=True, kw_only=True)
class Listener:
    """Follows the server's messages and files each under the question that it belongs to."""

    conversation: Conversation
    state: str = "connecting"
    response_id: int = 0
    """The reply that is being heard, or was heard last."""
    progress_at: float = 0.0
    """When the server last said anything that takes the conversation further."""
    _answer_of_turn: dict[int, Answer] = field(default_factory=dict)
    _begun_replies: set[int] = field(default_factory=set)

    def receive(self, message: FromServer, *, now: float) -> bool:
        """Take one message in; whether it is worth telling a person (of a reply's audio, the first piece is)."""
        if isinstance(message, protocol.Other | protocol.Ack):
            return False  # they are no progress
        self.progress_at = now
        if isinstance(message, protocol.ReplyAudio):
            return self._hear(message, now)
        match message:
            case protocol.Ready():
                self.conversation.ready = message
            case protocol.State(state=state, response_id=response_id):
                self.state = state
                self.response_id = response_id or self.response_id
            case protocol.Interrupted(response_id=response_id):
                self.conversation.playback.interrupt(response_id, now=now)
            case protocol.Error():
                self.conversation.errors.append(message)
            case protocol.Transcript() | protocol.Turn():
                self._file(message)
            case _:
                pass  # tools, usage and goAway are told, and change nothing here
        return True

    def _hear(self, audio: protocol.ReplyAudio, now: float) -> bool:
        # JSON audio does not say which reply it is of; the server's last `speaking` did.
        self.response_id = audio.response_id or self.response_id
        self.conversation.playback.receive(audio.pcm, response_id=self.response_id, now=now)
        if self.response_id in self._begun_replies:
            return False
        self._begun_replies.add(self.response_id)
        if self.conversation.answers and self.conversation.answers[-1].first_audio_at is None:
            self.conversation.answers[-1].first_audio_at = now
        return True

    def _file(self, message: protocol.Transcript | protocol.Turn) -> None:
        answer = self.answer_to(message.turn)
        if answer is None:
            return  # a turn before the first question: the assistant's greeting
        if isinstance(message, protocol.Transcript):
            answer.transcripts.append(message)
        else:
            answer.turns[message.turn] = message

    def answer_to(self, turn: int) -> Answer | None:
        """The question that a turn belongs to: the last one asked when the turn was first heard of."""
        if turn not in self._answer_of_turn and self.conversation.answers:
            answer = self._answer_of_turn[turn] = self.conversation.answers[-1]
            answer.turns.setdefault(turn, None)
        return self._answer_of_turn.get(turn)
