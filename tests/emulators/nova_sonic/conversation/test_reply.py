"""What is in the events of a reply: blocks, audio, usage, and the oddities switches bring."""

import numpy as np
import pytest

from tests.emulators.nova_sonic.conversation.call import PROFILE, Call, say, scenario

IDS = {"sessionId", "promptName", "completionId"}


def answered(audio_s: float = 2.0, *, rate_hz: int = 24_000, **switches: object) -> Call:
    call = Call(profile=PROFILE.with_switches(**switches), script=scenario([say("It is sunny.", audio_s)]))
    call.open(rate_hz=rate_hz)
    call.ask()
    return call


def test_every_event_carries_the_same_ids() -> None:
    """[DOC-v2-out] sessionId, promptName, completionId."""
    call = answered()
    call.silence(6.0)
    call.hang_up()

    assert 1 == len({tuple(fields[name] for name in sorted(IDS)) for _, fields in call.output})
    assert {"p"} == {fields["promptName"] for _, fields in call.output}


def test_the_stage_is_a_string_of_json() -> None:
    """[DOC-v2-out] additionalModelFields is a string."""
    call = answered()
    text = next(
        one for one in call.of("contentStart") if one["role"] == "ASSISTANT" and one["type"] == "TEXT"
    )

    assert '{"generationStage":"SPECULATIVE"}' == text["additionalModelFields"]
    assert {"mediaType": "text/plain"} == text["textOutputConfiguration"]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_audio_is_raw_pcm_at_the_requested_rate(rate_hz: int) -> None:
    """[nova-sonic 1.3] raw LPCM, no header, at the rate of the prompt."""
    call = answered(2.0, rate_hz=rate_hz)
    audio = next(one for one in call.of("contentStart") if one["type"] == "AUDIO")
    samples = np.frombuffer(call.spoken(), dtype="<i2")

    assert rate_hz == audio["audioOutputConfiguration"]["sampleRateHertz"]
    assert 2 * rate_hz == samples.size
    assert 440 == int(np.argmax(np.abs(np.fft.rfft(samples))))  # 220 Hz for two seconds


def test_audio_comes_faster_than_real_time() -> None:
    """[nova-sonic 1.3] the client needs a play queue and a flush."""
    call = answered(10.0)

    assert 1 == len(set(call.at("audioOutput")))


@pytest.mark.parametrize(("chunk_ms", "chunks"), [(60, 34), (40, 50), (80, 25)])
def test_audio_comes_in_chunks_of_the_switch(chunk_ms: int, chunks: int) -> None:
    assert chunks == len(answered(2.0, audio_chunk_ms=chunk_ms).of("audioOutput"))


def test_usage_comes_between_audio_chunks_with_deltas_that_sum_up() -> None:
    """[nova-sonic 1.2] tens of usageEvents, delta and total, total cumulative for the connection."""
    call = answered(5.0)
    names = [name for name, _ in call.output]
    between = [
        at
        for at, name in enumerate(names[1:-1], start=1)
        if name == "usageEvent" and names[at - 1] == names[at + 1] == "audioOutput"
    ]
    assert len(between) >= 4

    usage = call.of("usageEvent")
    for direction, kind in [("input", "speechTokens"), ("input", "textTokens"), ("output", "speechTokens")]:
        deltas = [one["details"]["delta"][direction][kind] for one in usage]
        totals = [one["details"]["total"][direction][kind] for one in usage]
        assert np.cumsum(deltas).tolist() == totals
        assert totals[-1] > 0
    assert usage[-1]["totalTokens"] == usage[-1]["totalInputTokens"] + usage[-1]["totalOutputTokens"]


def test_silence_costs_no_tokens() -> None:
    """[PT-M] silence is free."""
    call = Call()
    call.open()
    call.silence(100)

    assert [] == call.of("usageEvent")


def test_roles_are_there_in_practice() -> None:
    """[ST] reads textOutput.role without a default."""
    call = answered()

    assert {"USER", "ASSISTANT"} == {one["role"] for one in call.of("textOutput")}
    assert {"ASSISTANT"} == {one["role"] for one in call.of("audioOutput")}


def test_roles_may_be_missing() -> None:
    """[DOC-v2-out] shows none; [LITELLM] treats them as optional."""
    call = answered(missing_role=True)

    assert not any("role" in one for one in call.of("textOutput") + call.of("audioOutput"))


def test_an_empty_text_may_come_first() -> None:
    """[pipecat #4042]."""
    call = answered(empty_text_output=True)

    assert ["hello", "", "It is sunny."] == [one["content"] for one in call.of("textOutput")]


def test_a_reply_without_steps_says_nothing() -> None:
    call = Call(script=scenario([]))
    call.open()
    call.ask()
    call.silence(5.0)

    assert ["FINAL"] == [kind for kind, *_ in call.blocks()]
