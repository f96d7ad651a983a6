"""The waterfall with every delay known, on a client's clock that is minutes off; and a budget that is spent."""

import json
from dataclasses import dataclass

import pytest

from service.errors import CloseCode, ErrorCode
from service.policies.budget import Budget
from service.policies.prices import usd
from service.session.effects import CloseClient, TimingsTold, TurnEnded, WoundDown
from service.session.events import AudioSent, BudgetSpent, Owned
from service.wire import client, server
from service.wire import sonic_output as model
from tests.service.fakes import FRAME, FRAME_MS, Call, terms


@dataclass(kw_only=True)
class Line:
    """A client behind a network with known delays, whose clock is off; everything in milliseconds."""

    call: Call
    skew_ms: float
    uplink_ms: float
    downlink_ms: float
    ping_ms: float = 15.0
    """One way, for a message that does not queue behind audio."""
    sequence: int = 0

    @property
    def client_now_ms(self) -> float:
        return self.call.now * 1_000 + self.skew_ms

    def synchronise(self) -> tuple[int, int]:
        """What a client makes of one ping and its pong: the offset and the round trip."""
        sent_ms = self.client_now_ms
        self.call.wait(self.ping_ms / 1_000)
        self.call.give(client.Ping(id=1))
        clock_ms = self.call.told(server.Pong)[-1].clock_ms
        assert clock_ms is not None
        self.call.wait(self.ping_ms / 1_000)
        back_ms = self.client_now_ms
        return round(clock_ms - (sent_ms + back_ms) / 2), round(back_ms - sent_ms)

    def frame(self, captured_at_ms: float) -> None:
        self.call.give(client.Audio(pcm=FRAME, sequence=self.sequence, captured_at_ms=captured_at_ms))
        self.sequence += 1


def one_turn(
    line: Line, *, endpointing_ms: float, model_ms: float, handled_ms: float, taken_ms: float = 0.0
) -> client.Timings:
    """Speech, its end, a reply; returns what the client then has to tell, for a jitter buffer of 60 and output of 25."""
    call = line.call
    offset_ms, round_trip_ms = line.synchronise()
    captured_ms = line.client_now_ms
    for _ in range(30):
        captured_ms = line.client_now_ms - line.uplink_ms
        line.frame(captured_ms)
        call.wait(FRAME_MS / 1_000)
    # The speech ends in the middle of the last frame, which came FRAME_MS ago.
    asked_ms = captured_ms + FRAME_MS / 2
    call.wait((endpointing_ms - FRAME_MS) / 1_000)
    call.give(client.EndOfUtterance())
    call.wait(model_ms / 1_000)
    call.reply_begins()
    call.give(AudioSent(response_id=1, taken_s=taken_ms / 1_000, handled_s=handled_ms / 1_000))
    received_ms = line.client_now_ms + handled_ms + line.downlink_ms
    return client.Timings(
        response_id=1,
        asked_at_ms=round(asked_ms),
        received_at_ms=round(received_ms),
        buffered_at_ms=round(received_ms + 60),
        played_at_ms=round(received_ms + 85),
        clock_offset_ms=offset_ms,
        round_trip_ms=round_trip_ms,
    )


@pytest.mark.parametrize(("taken_ms", "handled_ms"), [(0, 3), (40, 3), (0, 65), (120, 240)])
@pytest.mark.parametrize("skew_ms", [0.0, 4 * 60_000.0, -11 * 60_000.0, 1_790_000_000_000.0])
def test_each_injected_delay_is_found_within_ten_milliseconds_whatever_the_clocks_say(
    skew_ms: float, taken_ms: float, handled_ms: float
) -> None:
    call = Call(terms(keeps_history=True))
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    line = Line(call=call, skew_ms=skew_ms, uplink_ms=70, downlink_ms=45)
    told = one_turn(line, endpointing_ms=700, model_ms=420, handled_ms=handled_ms, taken_ms=taken_ms)
    call.wait(0.1 + handled_ms / 1_000)
    call.give(told)
    call.user_text("hello")
    call.end_block(call.block("AUDIO", "ASSISTANT"), "AUDIO", "END_TURN")
    call.wait(20.0)

    (turn,) = call.told(server.TurnIs)[:1]
    waterfall = turn.waterfall
    assert waterfall is not None
    expected = {
        "uplink_ms": 70 - FRAME_MS / 2,
        "service_in_ms": taken_ms,
        "endpointing_ms": 700 - taken_ms,
        "model_ms": 420,
        "service_out_ms": handled_ms,
        "downlink_ms": 45,
        "jitter_buffer_ms": 60,
        "output_ms": 25,
    }
    measured = {name: getattr(waterfall, name) for name in expected}
    assert {} == {name: ms for name, ms in measured.items() if ms is None or abs(ms - expected[name]) > 10}
    assert abs(sum(measured.values()) - waterfall.total_ms) <= waterfall.total_ms / 100

    (kept,) = call.saved_turns
    stored = json.loads(kept.figures or "")
    assert waterfall.total_ms == stored["waterfall"]["total_ms"]
    (ended,) = call.done(TurnEnded)
    assert ended.waterfall is not None
    assert ended.waterfall.is_whole


def test_what_comes_after_the_turn_is_stored_with_it_all_the_same() -> None:
    call = Call(terms(keeps_history=True))
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    line = Line(call=call, skew_ms=0, uplink_ms=30, downlink_ms=30)
    told = one_turn(line, endpointing_ms=500, model_ms=300, handled_ms=0)
    call.user_text("hello")
    call.give(client.Interrupt())
    assert call.told(server.TurnIs)[0].waterfall is not None
    assert call.told(server.TurnIs)[0].waterfall.output_ms is None  # type: ignore[union-attr] # asserted above
    call.give(told)
    call.wait(20.0)
    stored = json.loads(call.saved_turns[0].figures or "")
    assert 25 == round(stored["waterfall"]["output_ms"])


def test_a_report_that_cannot_be_true_is_counted_and_changes_nothing() -> None:
    call = Call()
    call.connect()
    line = Line(call=call, skew_ms=0, uplink_ms=30, downlink_ms=30)
    told = one_turn(line, endpointing_ms=500, model_ms=300, handled_ms=0)
    absurd = client.Timings(
        response_id=1, received_at_ms=-5, buffered_at_ms=-(2**53), played_at_ms=2**53 - 1,
        clock_offset_ms=-(2**53), round_trip_ms=-1, underruns=10**15,
    )  # fmt: skip
    call.give(absurd)
    call.give(told)
    call.give(told)
    call.give(client.Timings(
        response_id=77, received_at_ms=0, buffered_at_ms=0, played_at_ms=0, clock_offset_ms=0, round_trip_ms=0
    ))  # fmt: skip
    assert ["impossible", "used", "late", "late"] == [one.verdict.value for one in call.done(TimingsTold)]
    assert 10_000 == call.done(TimingsTold)[0].underruns
    assert call.closed_with is None


def test_a_turn_costs_what_its_tokens_cost_and_the_turns_cost_what_the_session_does() -> None:
    call = Call()
    call.connect()
    total = [0, 0, 0, 0]
    for used in ((100, 10, 0, 5), (50, 0, 300, 40)):
        total = [a + b for a, b in zip(total, used, strict=True)]
        call.speak(0.3)
        call.end_of_utterance()
        call.user_text("hello")
        call.say(
            model.Usage(
                **dict(
                    zip(("input_speech", "input_text", "output_speech", "output_text"), total, strict=True)
                )
            )
        )
        call.reply()
        call.wait(3.0)
    costs = [turn.cost_nano_usd for turn in call.done(TurnEnded)]
    assert [100 * 3_000 + 10 * 330 + 5 * 2_750, 50 * 3_000 + 300 * 12_000 + 40 * 2_750] == costs
    assert [usd(cost) for cost in costs] == [turn.cost_usd for turn in call.told(server.TurnIs)]
    assert usd(sum(costs)) == call.told(server.Usage)[-1].cost_usd


def test_usage_without_totals_is_added_up_and_a_smaller_total_takes_nothing_back() -> None:
    call = Call()
    call.connect()
    one = model.Usage(input_speech=7, input_text=1, output_speech=0, output_text=0)
    call.say(model.UsageSince(used=one))
    call.say(model.UsageSince(used=one))
    call.say(model.Usage(input_speech=3, input_text=5, output_speech=0, output_text=0))
    call.wait(1.1)
    told = call.told(server.Usage)[-1]
    assert (14, 5) == (told.input.speech_tokens, told.input.text_tokens)


def test_a_spent_budget_ends_with_a_goodbye_that_is_spoken() -> None:
    call = Call()
    call.connect()
    call.speak(0.3)
    call.end_of_utterance()
    call.user_text("tell me a story")
    block = call.reply_begins()
    call.give(BudgetSpent(budget=Budget.USER, renewed_in_s=3_600))

    (go_away,) = call.told(server.GoAway)
    assert ("budget", 3_600_000) == (go_away.reason.value, go_away.reconnect_after_ms)
    assert [WoundDown(budget=Budget.USER)] == call.done(WoundDown)
    assert "speaking" == call.states[-1], "the running reply is not cut"
    call.end_block(block, "AUDIO", "END_TURN")
    call.wait(1.0)

    assert ["thinking"] == call.states[-1:], "the model was asked for a goodbye"
    call.reply("That was all for today. Goodbye!")
    assert [] == call.done(CloseClient)
    call.wait(2.0)
    assert CloseCode.FORBIDDEN == call.closed_with
    assert ErrorCode.BUDGET_SPENT == call.told(server.Error)[-1].code
    assert [] == [words for words in call.told(server.Transcript) if "allowance" in words.text]


def test_a_model_that_says_no_goodbye_does_not_keep_the_session() -> None:
    call = Call()
    call.connect()
    call.give(BudgetSpent(budget=Budget.DEPLOYMENT, renewed_in_s=-5))
    call.give(BudgetSpent(budget=Budget.USER, renewed_in_s=10))
    call.wait(25.0)
    assert [CloseClient(code=CloseCode.FORBIDDEN, reason="budget_spent")] == call.done(CloseClient)
    assert 1 == len(call.told(server.GoAway))
