import pytest

from service.policies.barge_in import ends_interrupted_reply, is_interruption
from service.wire import sonic_output as model

MARKER = model.TextOutput(content_id="x", role="ASSISTANT", text="", interrupted=True)
WORDS = model.TextOutput(content_id="x", role="ASSISTANT", text="hi", interrupted=False)
USER_WORDS = model.TextOutput(content_id="x", role="USER", text="hi", interrupted=False)
CUT = model.ContentEnd(content_id="x", kind="TEXT", stop_reason="INTERRUPTED")
LAST_AUDIO = model.ContentEnd(content_id="x", kind="AUDIO", stop_reason="END_TURN")
SENTENCE_END = model.ContentEnd(content_id="x", kind="AUDIO", stop_reason="PARTIAL_TURN")
SPEECH = model.UserSpeechStart(offset_ms=0)
SPEECH_END = model.UserSpeechEnd(offset_ms=0, detected_ms=0)


@pytest.mark.parametrize("event", [MARKER, CUT, SPEECH])
def test_three_events_mean_that_the_user_spoke_over_the_reply(event: model.ModelOutput) -> None:
    assert is_interruption(event)


@pytest.mark.parametrize("event", [WORDS, USER_WORDS, LAST_AUDIO, SENTENCE_END, SPEECH_END])
def test_no_other_event_means_it(event: model.ModelOutput) -> None:
    assert False is is_interruption(event)


@pytest.mark.parametrize("event", [MARKER, CUT, LAST_AUDIO, USER_WORDS, SPEECH_END])
def test_what_follows_these_is_a_new_reply(event: model.ModelOutput) -> None:
    assert ends_interrupted_reply(event)


@pytest.mark.parametrize("event", [WORDS, SENTENCE_END, SPEECH])
def test_what_follows_these_may_still_be_the_old_one(event: model.ModelOutput) -> None:
    assert False is ends_interrupted_reply(event)
