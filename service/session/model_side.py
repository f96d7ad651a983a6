"""What the model says, and what follows from it in each state."""

from typing import Final, assert_never

from service.policies.barge_in import is_interruption
from service.session import streams, tool_side
from service.session.core import Core
from service.session.effects import Direction, Fault, State
from service.session.state import Signal
from service.wire import server
from service.wire import sonic_output as model
from service.wire.server import Cause, ClosedBy, Outcome, Role, Stage

_MAX_OPEN_BLOCKS: Final = 64


def receive(core: Core, event: model.ModelOutput, now: float) -> None:
    """Take one event of the current stream."""
    core.hearing.reacted()
    if isinstance(event, model.AudioOutput):
        core.counts.add(Direction.FROM_MODEL, "AudioOutput")
        _audio(core, event, now)
        return
    fault = Fault.NONE
    name = type(event).__name__
    if isinstance(event, model.Malformed):
        name, fault = event.name, Fault.MALFORMED
    elif isinstance(event, model.Unknown):
        name, fault = "other", Fault.UNKNOWN
    core.counts.add(Direction.FROM_MODEL, name, fault)
    if core.state is State.SPEAKING and is_interruption(event) and _is_about_this_reply(core, event):
        core.interrupt(Cause.SPEECH, now)
        core.discard.observe(event)
        _close_block(core, event)
        streams.next_for_turn(core, now)
        if isinstance(event, model.UserSpeechStart):
            _user_speaks(core, event, now)
        return
    core.discard.observe(event)
    _other(core, event, now)


def _other(core: Core, event: model.ModelOutput, now: float) -> None:  # noqa: C901 - one branch for each event
    match event:
        case model.UserSpeechStart():
            _user_speaks(core, event, now)
        case model.UserSpeechEnd():
            _user_stopped(core, event, now)
        case model.ContentStart():
            _open_block(core, event)
        case model.TextOutput():
            _text(core, event, now)
        case model.ToolUse():
            tool_side.asked(core, event, now)
        case model.ContentEnd():
            _end_block(core, event, now)
        case model.CompletionEnd():
            _completed(core, now)
        case model.Usage():
            core.usage.count(event)
        case model.UsageSince(used=used):
            core.usage.add(used)
        case model.CompletionStart() | model.Unknown() | model.Malformed():
            pass
        case model.AudioOutput():
            raise AssertionError(event.content_id)  # `receive` has dealt with it
        case _:
            assert_never(event)


def _is_about_this_reply(core: Core, event: model.ModelOutput) -> bool:
    """Whether an interruption is meant for the running reply, and is no late word about an earlier one."""
    if not isinstance(event, model.ContentEnd) or core.reply is None:
        return True
    if event.content_id in core.reply.blocks:
        return True
    if event.content_id in core.discard.blocks or event.kind == "AUDIO":
        return False
    owner = core.dialogue.reply_of_block(event.content_id)
    if owner is None:
        return not core.dialogue.owes_words_of_another(core.reply.response_id)
    return owner == core.reply.response_id


# The user, as the model hears him


def _user_speaks(core: Core, event: model.UserSpeechStart, now: float) -> None:
    core.model_signals_speech = True
    core.hearing.was_deaf = False
    core.active_at = now
    if core.state is State.THINKING:
        # The user goes on after a pause; the model answers when he is done.
        core.owed_since = now
        return
    if core.state is State.LISTENING:
        turn = core.open_turn()
        turn.is_spoken = True
        if turn.speech_from_ms is None:
            turn.speech_from_ms = event.offset_ms


def _user_stopped(core: Core, event: model.UserSpeechEnd, now: float) -> None:
    core.model_signals_speech = True
    turn = core.turn
    if turn is not None and core.state in {State.LISTENING, State.THINKING}:
        turn.speech_to_ms = event.offset_ms
        turn.speech_detected_ms = event.detected_ms
    if core.state is State.LISTENING and core.terms.closure.trusts_model_endpointing:
        core.open_turn().is_spoken = True
        core.close_turn(ClosedBy.MODEL, now)
    elif core.state is State.THINKING:
        core.owed_since = now


def _user_text(core: Core, text: str, now: float) -> None:
    if core.state is State.SPEAKING and core.reply_is_safe and core.dialogue.of_turn(core.turns).user:
        # The user's words of this turn are known: these are new, said over a reply that only plays out any more.
        core.interrupt(Cause.SPEECH, now)
    turn = core.open_turn()
    if core.dialogue.user_said(turn.number, text):
        core.tell(server.Transcript, turn=turn.number, role=Role.USER, stage=Stage.SPOKEN, text=text)
    turn.is_spoken = True
    if core.state is State.LISTENING and core.terms.closure.trusts_model_endpointing:
        core.close_turn(ClosedBy.MODEL, now)


# Blocks


def _open_block(core: Core, event: model.ContentStart) -> None:
    if len(core.open_blocks) >= _MAX_OPEN_BLOCKS:
        core.counts.add(Direction.FROM_MODEL, "ContentStart", Fault.OVER_LIMIT)
        core.open_blocks.pop(next(iter(core.open_blocks)))
    core.open_blocks[event.content_id] = event
    # A FINAL text says what was spoken of an interrupted reply, and is wanted.
    is_reply = event.kind == "AUDIO" or (event.kind == "TEXT" and event.planned)
    if is_reply and event.role != "USER" and core.discard.takes(event.content_id):
        core.discard.blocks.add(event.content_id)


def _close_block(core: Core, event: model.ModelOutput) -> None:
    if isinstance(event, model.ContentEnd):
        core.open_blocks.pop(event.content_id, None)
        core.discard.blocks.discard(event.content_id)


def _end_block(core: Core, event: model.ContentEnd, now: float) -> None:
    is_known = event.content_id in core.open_blocks
    is_discarded = event.content_id in core.discard.blocks
    _close_block(core, event)
    reply = core.reply
    if not is_known:
        core.counts.add(Direction.FROM_MODEL, "ContentEnd", Fault.OUT_OF_ORDER)
    if reply is None or is_discarded or event.kind != "AUDIO":
        return
    if event.content_id in reply.blocks:
        core.dialogue.sentence_ends(core.open_turn().number, reply.samples)
    if event.content_id in reply.blocks and event.stop_reason in {"END_TURN", "INTERRUPTED"}:
        _complete(core, now)


def _completed(core: Core, now: float) -> None:
    """Nothing more comes for this prompt: a reply is complete, and a turn without one gets none."""
    if core.reply is not None:
        _complete(core, now)
    elif core.state is State.THINKING and core.next_turn_needs_stream:
        core.end_turn(Outcome.UNANSWERED, now)
        core.signal(Signal.GAVE_UP)
        streams.next_for_turn(core, now)


def _complete(core: Core, now: float) -> None:
    reply = core.reply
    if reply is None or reply.is_complete:
        return
    reply.is_complete = True
    if core.state is State.THINKING:
        # Words without any audio.
        core.finish_reply(now)
    streams.next_for_turn(core, now)


# The reply


def _text(core: Core, event: model.TextOutput, now: float) -> None:
    if event.interrupted or not event.text.strip():
        return
    block = core.open_blocks.get(event.content_id)
    role = event.role or (block.role if block else None)
    if role == "USER":
        _user_text(core, event.text, now)
    elif role == "ASSISTANT" and block is not None and block.planned:
        _planned(core, event, now)
    elif role == "ASSISTANT":
        _spoken(core, event)
    else:
        core.counts.add(Direction.FROM_MODEL, "TextOutput", Fault.OUT_OF_ORDER)


def _planned(core: Core, event: model.TextOutput, now: float) -> None:
    if core.discard.takes(event.content_id):
        return
    reply = core.begin_reply(now)
    reply.blocks.add(event.content_id)
    turn = core.open_turn()
    core.dialogue.assistant_plans(
        turn.number, reply.response_id, event.text, reply.samples, rate_hz=reply.rate_hz
    )
    core.tell(
        server.Transcript,
        turn=turn.number,
        role=Role.ASSISTANT,
        stage=Stage.PLANNED,
        text=event.text,
        response_id=reply.response_id,
    )


def _spoken(core: Core, event: model.TextOutput) -> None:
    owner = core.dialogue.assistant_spoke(event.text, event.content_id)
    if owner is None:
        core.counts.add(Direction.FROM_MODEL, "TextOutput", Fault.OUT_OF_ORDER)
        return
    if owner.cut_at is not None:
        # The client is told what was heard of it; this is what was said.
        return
    core.tell(
        server.Transcript,
        turn=owner.turn,
        role=Role.ASSISTANT,
        stage=Stage.SPOKEN,
        text=event.text,
        response_id=owner.response_id,
    )


def _audio(core: Core, event: model.AudioOutput, now: float) -> None:
    if not event.pcm or core.discard.takes(event.content_id):
        return
    reply = core.begin_reply(now)
    reply.blocks.add(event.content_id)
    core.speak(reply, event.pcm, now)
