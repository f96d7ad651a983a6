"""The short way of a frame does what the long way does: two sessions live through the same, one on each."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from service.policies.closure import Closure
from service.session.effects import Effect, SendAudio, SendToModel, ValidationCounted
from service.session.events import DrainRequested, Event, ModelEvent, StreamAccepted, StreamOpened
from service.session.machine import Session
from service.wire import client
from service.wire import sonic_output as model
from service.wire.sonic_input import AudioInput
from service.wire.subprotocol import Subprotocol
from tests.service.fakes import terms

LOUD = b"\x00\x40" * 512
QUIET = bytes(1_024)


def in_order(effects: Sequence[Effect]) -> Sequence[object]:
    """With what was counted at the end and sorted: kinds are counted in the order in which they first came."""
    counted = [effect for effect in effects if isinstance(effect, ValidationCounted)]
    others = [effect for effect in effects if not isinstance(effect, ValidationCounted)]
    return [*others, *sorted(map(repr, counted))]


class Twins:
    """One session takes the short way wherever it is let, the other never."""

    def __init__(self, closure: Closure = Closure.CONTINUOUS) -> None:
        own = replace(terms(), subprotocol=Subprotocol.BINARY, closure=closure)
        self.now = 100.0
        self.short = Session(own, now=self.now, jitter=lambda: 0.5)
        self.long = Session(own, now=self.now, jitter=lambda: 0.5)
        self.sequence = 0
        self.taken = 0
        self.armed_at = self.now
        self.feed(client.Start())
        self.feed(StreamOpened(stream_id=1))
        self.feed(StreamAccepted(stream_id=1))

    def feed(self, event: Event) -> Sequence[Effect]:
        effects = self.long.receive(event, self.now)
        assert in_order(effects) == in_order(self.short.receive(event, self.now))
        self.rearm()
        return effects

    def rearm(self) -> None:
        assert self.long.deadline == self.short.deadline
        self.armed_at = self.short.deadline or float("inf")

    def wait(self, span_s: float) -> None:
        """Let time pass; timers fire when they were armed for, as the driver's does."""
        until = self.now + span_s
        while self.armed_at <= until:
            self.now = max(self.now, self.armed_at)
            assert (self.long.deadline or 0.0) >= self.armed_at
            if (self.long.deadline or float("inf")) <= self.now:
                assert in_order(self.long.tick(self.now)) == in_order(self.short.tick(self.now))
            self.rearm()
        self.now = until

    def frame(self, pcm: bytes = QUIET, skipped: int = 0) -> None:
        sequence = self.sequence + skipped
        self.sequence = sequence + 1
        lane = self.short.lane
        assert lane is not None
        audio = client.Audio(pcm=pcm, sequence=sequence, captured_at_ms=self.now * 1_000)
        effects = self.long.receive(audio, self.now)
        block = lane.hear(sequence, self.now * 1_000, pcm, self.now)
        if block is None:
            assert in_order(effects) == in_order(self.short.receive(audio, self.now))
            self.rearm()
            return
        self.taken += 1
        sent = AudioInput(block=block, pcm=pcm)
        assert [SendToModel(stream_id=lane.stream_id, event=sent, droppable=True)] == effects
        assert self.long.deadline == self.short.deadline
        # Nobody asked for the deadline, and it is not sooner than the one that is armed.
        assert (self.short.deadline or 0.0) >= self.armed_at

    def piece(self, content_id: str = "a", pcm: bytes = QUIET, stream_id: int = 1) -> None:
        lane = self.short.lane
        assert lane is not None
        event = ModelEvent(stream_id=stream_id, event=model.AudioOutput(content_id=content_id, pcm=pcm))
        effects = self.long.receive(event, self.now)
        placed = lane.speak(stream_id, content_id, pcm, self.now)
        if placed is None:
            assert in_order(effects) == in_order(self.short.receive(event, self.now))
            self.rearm()
            return
        self.taken += 1
        response_id, position = placed
        assert [SendAudio(response_id=response_id, position=position, pcm=pcm)] == effects
        assert self.long.deadline == self.short.deadline
        assert (self.short.deadline or 0.0) >= self.armed_at

    def say(self, event: model.ModelOutput) -> None:
        self.feed(ModelEvent(stream_id=1, event=event))


def _anything(twins: Twins, chance: random.Random) -> None:  # noqa: C901, PLR0912 - one branch for each thing that happens
    """Mostly frames and pieces, as in life; now and then something else."""
    content_id = chance.choice(["a", "a", "a", "b"])
    match chance.randrange(40):
        case 0:
            twins.say(model.UserSpeechStart(offset_ms=0))
        case 1:
            twins.say(model.UserSpeechEnd(offset_ms=10, detected_ms=20))
        case 2:
            twins.say(model.ContentEnd(content_id=content_id, kind="AUDIO", stop_reason="END_TURN"))
        case 3:
            twins.say(model.ContentEnd(content_id=content_id, kind="AUDIO", stop_reason="INTERRUPTED"))
        case 4:
            twins.feed(client.EndOfUtterance())
        case 5:
            twins.say(
                model.ContentStart(content_id=content_id, kind="AUDIO", role="ASSISTANT", planned=False)
            )
        case 6:
            twins.wait(chance.choice([0.2, 1.0, 3.0]))
        case 7:
            twins.frame(pcm=b"")
        case 8:
            twins.frame(skipped=chance.choice([-2, 1, 5]))
        case 9:
            twins.feed(client.Interrupt())
        case 10:
            for _ in range(40):
                twins.frame()
        case 11:
            twins.piece(stream_id=chance.choice([0, 2]))
        case odd if odd % 2:
            twins.wait(0.032)
            twins.frame(chance.choice([QUIET, LOUD]))
        case _:
            twins.wait(0.02)
            twins.piece(content_id)


@pytest.mark.parametrize("closure", Closure)
@pytest.mark.parametrize("seed", range(12))
def test_both_ways_are_one(seed: int, closure: Closure) -> None:
    chance = random.Random(seed)
    twins = Twins(closure)
    for _ in range(1_500):
        _anything(twins, chance)
        if twins.short.deadline is None:
            break

    assert twins.short.state is twins.long.state


def test_nearly_every_frame_of_a_conversation_takes_it() -> None:
    twins = Twins()
    twins.say(model.ContentStart(content_id="a", kind="AUDIO", role="ASSISTANT", planned=False))
    for _ in range(500):
        twins.wait(0.032)
        twins.frame()
        twins.piece()

    assert twins.taken > 920


def test_what_takes_it_is_counted() -> None:
    twins = Twins()
    for _ in range(200):
        twins.wait(0.032)
        twins.frame()

    effects = twins.feed(client.End())
    counted = {
        (one.direction.value, one.event_type): one.count
        for one in effects
        if isinstance(one, ValidationCounted)
    }
    assert 200 == counted["from_client", "audio"]


def test_a_session_that_leaves_takes_none() -> None:
    twins = Twins()
    for _ in range(20):
        twins.wait(0.032)
        twins.frame()
    taken = twins.taken
    twins.say(model.UserSpeechStart(offset_ms=0))
    twins.feed(DrainRequested(deadline_s=10.0, after_s=10.0))
    for _ in range(20):
        twins.wait(0.032)
        twins.frame()

    assert 0 < taken == twins.taken


def test_little_is_kept_while_a_reply_sounds_and_all_again_after_it() -> None:
    twins = Twins()
    twins.say(model.ContentStart(content_id="a", kind="AUDIO", role="ASSISTANT", planned=False))
    for _ in range(400):
        twins.wait(0.032)
        twins.frame()
        twins.piece()
    assert 60_000 < twins.short.kept_bytes <= 64_000
    assert twins.long.kept_bytes == twins.short.kept_bytes

    twins.say(model.ContentEnd(content_id="a", kind="AUDIO", stop_reason="INTERRUPTED"))
    for _ in range(400):
        twins.wait(0.032)
        twins.frame()
    assert 310_000 < twins.short.kept_bytes <= 320_000
