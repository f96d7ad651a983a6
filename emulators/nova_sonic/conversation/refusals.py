"""The texts with which the service refuses input, as clients have reported them.

Each ends the stream as a ValidationException. Where no text is known for a rule, `INVALID_REQUEST` stands in.
"""

from typing import Final

UNPARSABLE: Final = "Unable to parse input chunk"
TOOL_RESPONSE: Final = "Tool Response parsing error"
INVALID_REQUEST: Final = "Invalid input request, please fix your input and try again."
CONTENTS_OPEN: Final = "Error(s):\nError 1 : All contents must be closed before ending prompt"
NO_AUDIO: Final = "Error(s):\nError 1 : Prompt must have at least one audio content"
PROMPTS_OPEN: Final = "The following prompts were not closed"
DUPLICATE_SYSTEM: Final = "Duplicate SYSTEM content. SYSTEM content can only be provided once per prompt"
HISTORY_AFTER_AUDIO: Final = "Chat history should be sent completely before streaming audio."
USER_SILENT: Final = "InternalErrorCode=531::RST_STREAM closed stream. HTTP/2 error code: NO_ERROR"
TIMED_OUT: Final = "Model has timed out in processing the request. Try your request again."
UNEXPECTED: Final = "The system encountered an unexpected error during processing. Try your request again."


class RefusedError(Exception):
    """The client broke a rule of the protocol; the text is what the service answers."""


def empty_content(name: str) -> RefusedError:
    """Refuse the end of a block that carried nothing."""
    return RefusedError(f"Cannot end content {name} as no content data was received")


def unknown_content(name: str) -> RefusedError:
    """Refuse input for a block that is not open."""
    return RefusedError(f"No open content found for content name: {name}")


def unknown_prompt(name: str) -> RefusedError:
    """Refuse input for a prompt that is not open."""
    return RefusedError(f"No open prompt found for prompt name: {name}")


def invalid_voice(voice_id: str) -> RefusedError:
    """Refuse a voice the model does not have."""
    return RefusedError(f"Received invalid voiceId {voice_id}")
