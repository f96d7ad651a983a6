"""What was said so far: replayed by the client, heard, and really spoken."""

from emulators.nova_sonic.brains.ports import Message


class History:
    """The messages of one stream, oldest first."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them."""
        return tuple(self._messages)

    def replayed(self, message: Message) -> None:
        """Take a message of an earlier stream."""
        self._messages.append(message)

    def heard(self, text: str) -> None:
        """Take what the user said or typed."""
        self._messages.append(Message(role="USER", text=text))

    def spoken(self, text: str) -> None:
        """Take what of a reply was played before it ended or was interrupted."""
        if text:
            self._messages.append(Message(role="ASSISTANT", text=text))
