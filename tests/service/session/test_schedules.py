import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from service.errors import CloseCode
from service.session import (
    dialogue,
    keeping,
    machine,
    model_side,
    sign_in,
    store_side,
    streams,
    timers,
    upstream,
)
from service.session.core import Core
from service.session.effects import CloseClient, CloseStream, State
from service.session.events import Event, ModelEvent, ModelSide
from service.wire.server import Cause
from tests.service.invariants import BrokenPromiseError
from tests.service.session.schedules import Schedules

SCHEDULES = int(os.environ.get("SCHEDULES", "1500"))

SEARCH = settings(
    max_examples=SCHEDULES,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HUNT = settings(
    SEARCH, max_examples=1500, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False
)


def test_no_schedule_breaks_a_promise() -> None:
    run_state_machine_as_test(Schedules, settings=SEARCH)


type Plant = Callable[[pytest.MonkeyPatch], None]


def believes_old_streams(patch: pytest.MonkeyPatch) -> None:
    def model(self: machine.Session, event: ModelSide, now: float) -> None:
        hears = self._core.upstream.phase is upstream.Phase.LIVE
        if isinstance(event, ModelEvent) and hears:
            model_side.receive(self._core, event.event, now)
        else:
            healthy(self, event, now)

    healthy = machine.Session._model
    patch.setattr(machine.Session, "_model", model)


def skips_a_seq(patch: pytest.MonkeyPatch) -> None:
    def announce_counts(self: Core, now: float) -> None:
        healthy(self, now)
        self.seq += 1

    healthy = Core.announce_counts
    patch.setattr(Core, "announce_counts", announce_counts)


def without_timer(patch: pytest.MonkeyPatch, fire: Callable[[Core, float], None]) -> None:
    """The timer is missing wherever timers are looked at, so that it is its effect that is missed."""
    left = [timer for timer in timers.TIMERS if timer[1] is not fire]
    due = [due_at for due_at, _ in left]
    patch.setattr(timers, "TIMERS", left)
    patch.setattr(timers, "_OTHERS", [due_at for due_at in timers._OTHERS if due_at in due])
    for state, moved in timers._MOVED_BY_AUDIO.items():
        patch.setitem(timers._MOVED_BY_AUDIO, state, tuple(due_at for due_at in moved if due_at in due))


def waits_for_replies_for_ever(patch: pytest.MonkeyPatch) -> None:
    without_timer(patch, timers._reply)


def starves_the_model(patch: pytest.MonkeyPatch) -> None:
    without_timer(patch, timers._keep_alive)


def plays_on_after_an_interruption(patch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Core, cause: Cause, now: float) -> None:
        healthy(self, cause, now)
        self.responses -= 1

    healthy = Core.interrupt
    patch.setattr(Core, "interrupt", interrupt)


def replays_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dialogue, "replayable", lambda messages, **_limits: list(messages))


def drops_the_line(patch: pytest.MonkeyPatch) -> None:
    def end(self: upstream.Upstream, _terms: object) -> None:
        if self.phase is not upstream.Phase.NONE:
            self._emit(CloseStream(stream_id=self.stream_id))
            self.phase = upstream.Phase.NONE

    patch.setattr(upstream.Upstream, "end", end)


def opens_beside(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        timers,
        "TIMERS",
        [(due_at, streams.open_next if fire is streams.replace else fire) for due_at, fire in timers.TIMERS],
    )


def acts_after_the_end(patch: pytest.MonkeyPatch) -> None:
    def receive(self: machine.Session, event: Event, now: float) -> object:
        if self.state is State.OVER:
            return [CloseClient(code=CloseCode.DONE, reason="")]
        return healthy(self, event, now)

    healthy = machine.Session.receive
    patch.setattr(machine.Session, "receive", receive)


def keeps_all_audio(patch: pytest.MonkeyPatch) -> None:
    def keep(self: upstream.Upstream, pcm: bytes, _terms: object) -> None:
        self._waiting.append(pcm)
        self._waiting_bytes += len(pcm)

    patch.setattr(upstream.Upstream, "_keep", keep)


def says_saved_before_it_is(patch: pytest.MonkeyPatch) -> None:
    def put(self: keeping.Keeping, write: keeping.Write) -> int:
        if isinstance(write, keeping.SaveTurn) and isinstance(core := self._emit.__self__, Core):  # type: ignore[attr-defined] # a bound method
            store_side._saved(core, write.turn.number, 0.0)
        return healthy(self, write)

    healthy = keeping.Keeping.put
    patch.setattr(keeping.Keeping, "put", put)


def writes_two_at_once(patch: pytest.MonkeyPatch) -> None:
    def go_on(self: keeping.Keeping) -> None:
        self._under_way = None
        healthy(self)

    healthy = keeping.Keeping.go_on
    patch.setattr(keeping.Keeping, "go_on", go_on)


def believes_any_answer_of_the_store(patch: pytest.MonkeyPatch) -> None:
    def answered(self: keeping.Keeping, _write_id: int) -> keeping.Write | None:
        return healthy(self, self._writes)

    healthy = keeping.Keeping.answered
    patch.setattr(keeping.Keeping, "answered", answered)


def hangs_up_without_a_word(patch: pytest.MonkeyPatch) -> None:
    def end(self: Core, code: CloseCode, sentence: str, *, now: float, **_error: object) -> None:
        healthy(self, code, sentence, error=None, now=now)

    healthy = Core.end
    patch.setattr(Core, "end", end)


def forgets_the_sign_in(patch: pytest.MonkeyPatch) -> None:
    without_timer(patch, sign_in.expire)


PLANTS = {
    forgets_the_sign_in: "I13",
    believes_old_streams: "I1",
    skips_a_seq: "I3",
    waits_for_replies_for_ever: "I8",
    starves_the_model: "I8",
    plays_on_after_an_interruption: "I11",
    replays_everything: "I9",
    drops_the_line: "I6",
    opens_beside: "(I1|I6)",
    acts_after_the_end: "I7",
    keeps_all_audio: "I5",
    hangs_up_without_a_word: "I12",
    says_saved_before_it_is: "I4",
    writes_two_at_once: "I4",
    believes_any_answer_of_the_store: "I4",
}


@pytest.mark.parametrize(("plant", "promise"), PLANTS.items(), ids=[plant.__name__ for plant in PLANTS])
def test_a_planted_bug_is_found(plant: Plant, promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(BrokenPromiseError, match=f"^{promise}:"):
        run_state_machine_as_test(Schedules, settings=HUNT)
