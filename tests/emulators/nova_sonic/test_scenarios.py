"""Scenarios tell the scripted brain what to hear and say; a typo is refused by file, table and key."""

from pathlib import Path

import pytest

from emulators.nova_sonic.scenarios import (
    CallStep,
    SayStep,
    Scenario,
    ScenarioError,
    load_scenario,
    parse_scenario,
    scenario_names,
)

FULL = """
about = "all there is"
after_last_turn = "stay"
[detector]
threshold_dbfs = -30
[tone]
frequency_hz = 330.0
seconds_per_character = 0.01
[[turn]]
heard = "what is the weather"
[[turn.step]]
call = "getWeather"
arguments = { city = "Rome" }
after_s = 0.2
[[turn.step]]
say = "Sunny."
after_s = 0.5
audio_s = 1.5
[[turn]]
heard = ""
step = []
[[fault]]
anything = "the transport's business"
[[fault]]
at = 3
"""


def test_everything_in_a_scenario_is_read() -> None:
    scenario = parse_scenario(FULL, "full.toml")

    assert "full" == scenario.name
    assert (-30.0, 330.0, 0.01) == (
        scenario.threshold_dbfs,
        scenario.frequency_hz,
        scenario.seconds_per_character,
    )
    assert (
        CallStep(tool="getWeather", arguments={"city": "Rome"}, after_s=0.2),
        SayStep(text="Sunny.", after_s=0.5, audio_s=1.5),
    ) == scenario.turn(1).steps
    assert ("", ()) == (scenario.turn(2).heard, scenario.turn(2).steps)


def test_faults_are_handed_over_untouched() -> None:
    assert ({"anything": "the transport's business"}, {"at": 3}) == parse_scenario(FULL, "full.toml").faults


def test_after_the_last_turn_the_script_stays_or_begins_again() -> None:
    stays = parse_scenario(FULL, "full.toml")
    repeats = parse_scenario(FULL.replace('"stay"', '"repeat"'), "full.toml")

    assert stays.turn(2) == stays.turn(7)
    assert repeats.turn(1) == repeats.turn(3)


def test_without_a_file_every_utterance_is_heard_and_answered() -> None:
    scenario = Scenario()

    assert "hello" == scenario.turn(5).heard
    assert (SayStep(text="You said: {heard}."),) == scenario.turn(5).steps
    assert scenario.turns == load_scenario("default").turns


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_comes_along_can_be_read(name: str) -> None:
    assert load_scenario(name).about


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abuot = 'x'", "s.toml: unknown key 'abuot'; did you mean 'about'?"),
        ("[[turn]]\nherad = 'x'", "s.toml, [[turn]] 1: unknown key 'herad'; did you mean 'heard'?"),
        (
            "[[turn]]\n[[turn]]\n[[turn.step]]\nsay = 'x'\nafter = 1",
            "s.toml, [[turn]] 2, [[step]] 1: unknown key 'after'; did you mean 'after_s'?",
        ),
        (
            "[[turn]]\n[[turn.step]]\nsya = 'x'",
            "s.toml, [[turn]] 1, [[step]] 1: unknown key 'sya'; did you mean 'say'?",
        ),
        (
            "[[turn]]\n[[turn.step]]\nsay = 'x'\ncall = 'y'",
            "s.toml, [[turn]] 1, [[step]] 1: a step has either 'say' or 'call'",
        ),
        ("[[turn]]\nheard = 1", "s.toml, [[turn]] 1: heard cannot be 1; it is a text"),
        (
            "[tone]\nfrequency_hz = '220'",
            "s.toml, [tone]: frequency_hz cannot be '220'; it is a number from 1",
        ),
        (
            "[[turn]]\n[[turn.step]]\nsay = 'x'\nafter_s = nan",
            "s.toml, [[turn]] 1, [[step]] 1: after_s cannot be nan",
        ),
        ("turn = 'x'", "s.toml: turn cannot be 'x'; it is an array of tables, written [[turn]]"),
        ("tone = 1", "s.toml: tone cannot be 1; it is a table"),
        ("after_last_turn = 'loop'", "s.toml: after_last_turn cannot be 'loop'; it is one of repeat, stay"),
        ("fault = [1]", "s.toml: fault cannot be [1]; it is an array of tables"),
        ("about =", "s.toml: "),
    ],
)
def test_a_typo_is_refused_by_file_table_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(text, "s.toml")

    assert str(refused.value).startswith(sentence)


def test_an_unknown_scenario_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match="no scenario 'long-repply'; did you mean 'long-reply'"):
        load_scenario("long-repply")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.toml: cannot be read"):
        load_scenario(str(tmp_path / "nowhere.toml"))
