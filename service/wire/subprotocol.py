"""The two ways a client may spell the same protocol."""

from enum import StrEnum


class Subprotocol(StrEnum):
    """The WebSocket subprotocols we offer; a client that offers none gets `JSON`."""

    BINARY = "voice.v1"
    """Audio in binary frames, everything else as JSON text."""
    JSON = "voice.v1.json"
    """Everything as JSON text, audio in base64."""
