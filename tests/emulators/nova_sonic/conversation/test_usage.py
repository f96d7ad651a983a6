"""Tokens add up, and nothing is reported twice."""

from emulators.nova_sonic.conversation.usage import Meter, Usage


def test_nothing_used_is_nothing_reported() -> None:
    assert Meter().report() is None


def test_a_report_has_what_is_new_and_all_there_was() -> None:
    meter = Meter()
    meter.heard(1.0)
    meter.read("four")
    assert (Usage(input_speech=25, input_text=1), Usage(input_speech=25, input_text=1)) == meter.report()

    meter.wrote("eight ch")
    meter.spoke(2.0)
    assert (
        Usage(output_text=2, output_speech=50),
        Usage(input_speech=25, input_text=1, output_text=2, output_speech=50),
    ) == meter.report()
    assert meter.report() is None


def test_many_short_chunks_cost_what_they_last_together() -> None:
    meter = Meter()
    for _ in range(100):
        meter.spoke(0.05)
    report = meter.report()

    assert report is not None
    assert 125 == report[1].output_speech
