"""The conversation: events of the client and answers of the brain in, effects out."""

from collections.abc import Callable, Sequence

from emulators.nova_sonic.brains.ports import Brain, Step
from emulators.nova_sonic.conversation.effects import Effect
from emulators.nova_sonic.profiles import Profile


class Conversation:
    """One stream of the model."""

    def __init__(
        self,
        *,
        profile: Profile,
        brain: Brain,
        new_id: Callable[[], str],
        opened_at: float,
        time_scale: float = 1.0,
    ) -> None:
        self._profile = profile
        self._brain = brain
        self._new_id = new_id
        self._opened_at = opened_at
        self._time_scale = time_scale

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next, on the caller's clock; None when the stream is over."""
        return None

    def receive(self, payload: bytes, now: float) -> Sequence[Effect]:
        """Take one event document of the client."""
        raise NotImplementedError

    def input_ended(self, now: float) -> Sequence[Effect]:
        """Take note that the client has closed its side."""
        raise NotImplementedError

    def transcribed(self, utterance_id: int, text: str, now: float) -> Sequence[Effect]:
        """Take the answer to `Transcribe`."""
        raise NotImplementedError

    def composed(self, request_id: int, step: Step | None, now: float) -> Sequence[Effect]:
        """Take one step of the answer to `Compose`; None when the reply is complete."""
        raise NotImplementedError

    def brain_failed(self, asked_id: int, message: str, now: float) -> Sequence[Effect]:
        """Take note that the brain could not answer the question `asked_id`."""
        raise NotImplementedError

    def tick(self, now: float) -> Sequence[Effect]:
        """Do what is due at `now`."""
        raise NotImplementedError
