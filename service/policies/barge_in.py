"""Did the user speak over the reply?

The model says so in any of three ways, and not always in all of them: a text that is `{ "interrupted" : true }`, a
block that ends INTERRUPTED, or the start of speech while it speaks. Its audio comes faster than it is played, so
whatever the client still has queued must go too.
"""

from service.wire.sonic_output import ContentEnd, ModelOutput, TextOutput, UserSpeechEnd, UserSpeechStart


def is_interruption(event: ModelOutput) -> bool:
    """Whether this event, while a reply runs, means that the user spoke over it."""
    match event:
        case TextOutput(interrupted=True) | UserSpeechStart():
            return True
        case ContentEnd(stop_reason="INTERRUPTED"):
            return True
        case _:
            return False


def ends_interrupted_reply(event: ModelOutput) -> bool:
    """Whether the model is done with a reply that was interrupted, so that what follows is something new.

    Until then its blocks belong to the reply nobody wants any more, though they may open after the interruption.
    """
    match event:
        case TextOutput(interrupted=True) | TextOutput(role="USER") | UserSpeechEnd():
            return True
        case ContentEnd(stop_reason="INTERRUPTED"):
            return True
        case ContentEnd(kind="AUDIO", stop_reason="END_TURN"):
            return True
        case _:
            return False
