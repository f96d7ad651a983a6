"""Profiles are data; a wrong name in them or in an override is refused with a suggestion."""

from dataclasses import fields
from pathlib import Path

import pytest

from emulators.nova_sonic.profiles import (
    DIRECTORY,
    ProfileError,
    Switches,
    load_profile,
    load_profiles,
    profile_names,
    read_profile,
)


def test_each_model_id_has_its_profile() -> None:
    profiles = load_profiles()

    assert {
        "amazon.nova-sonic-v1:0": "nova-sonic-v1",
        "amazon.nova-2-sonic-v1:0": "nova-2-sonic",
        "amazon.nova-2-5-sonic": "nova-2-5-sonic",
    } == {model_id: profile.name for model_id, profile in profiles.items()}


def test_voices_are_those_of_the_language_guide() -> None:
    """[DOC-lang] 16 voices for Nova 2, 11 for v1; German greta became tina."""
    v1, v2 = load_profile("nova-sonic-v1"), load_profile("nova-2-sonic")

    assert 16 == len(v2.voice_ids)
    assert 11 == len(v1.voice_ids)
    assert ("tina", "lennart") == v2.voices["de-DE"]
    assert ("greta", "lennart") == v1.voices["de-DE"]
    assert v2.voice_ids == load_profile("nova-2-5-sonic").voice_ids


def test_pauses_are_measured_or_documented_by_switch() -> None:
    """[KR-REC] 480 ms at HIGH; [DOC-turn] 1.5, 1.75 and 2.0 s."""
    profile = load_profile("nova-2-sonic")
    documented = profile.with_switches(endpointing="documented")

    assert 0.48 == profile.endpointing_pause_s("HIGH")
    assert 0.48 == profile.endpointing_pause_s(None)
    assert [1.5, 1.75, 2.0] == [documented.endpointing_pause_s(s) for s in ("HIGH", "MEDIUM", "LOW")]


def test_history_limits_are_documented_or_those_of_the_samples() -> None:
    """[DOC-hist] 1 KB and 40 KB; [SAMPLES] 50 KB and 200 KB."""
    profile = load_profile("nova-2-sonic")

    assert (1_000, 40_000) == (profile.history_limits.text_input_bytes, profile.history_limits.total_bytes)
    assert 200_000 == profile.with_switches(history_limits="samples").history_limits.total_bytes


@pytest.mark.parametrize("name", profile_names())
def test_every_switch_tells_its_evidence(name: str) -> None:
    profile = load_profile(name)

    assert {f.name for f in fields(Switches)} == set(profile.evidence)
    assert all(len(text) > 10 for text in profile.evidence.values())


def test_switches_are_set_as_on_a_command_line() -> None:
    profile = load_profile("nova-2-sonic").with_assignments(
        ["completion_end=never", "missing_role = true", "audio_chunk_ms=40"]
    )

    assert ("never", True, 40) == (
        profile.switches.completion_end,
        profile.switches.missing_role,
        profile.switches.audio_chunk_ms,
    )


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("compleion_end=never", "unknown key 'compleion_end'; did you mean 'completion_end'?"),
        ("completion_end=nver", "completion_end cannot be 'nver'; it is one of after_prompt_end, never"),
        ("missing_role=1", "missing_role cannot be 1; it is true or false"),
        ("audio_chunk_ms=true", "audio_chunk_ms cannot be True; it is a whole number"),
        ("missing_role", "'missing_role' is no switch assignment: write name=value"),
    ],
)
def test_a_wrong_switch_is_refused_by_name(assignment: str, sentence: str) -> None:
    with pytest.raises(ProfileError) as refused:
        load_profile("nova-2-sonic").with_assignments([assignment])

    assert sentence in str(refused.value)


def test_a_wrong_limit_is_refused_by_name() -> None:
    with pytest.raises(ProfileError, match="unknown key 'idle'; did you mean 'idle_s'"):
        load_profile("nova-2-sonic").with_limits(idle=1.0)


def test_an_unknown_profile_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ProfileError, match="no profile 'nova-2-sonik'; did you mean 'nova-2-sonic'"):
        load_profile("nova-2-sonik")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("idle_s", "idel_s", "odd.toml, limits: unknown key 'idel_s'; did you mean 'idle_s'?"),
        (
            "[switches.missing_role]",
            "[switches.missing_rule]",
            "odd.toml, switches: unknown key 'missing_rule'",
        ),
        ('endpointing_default = "HIGH"', 'endpointing_default = "high"', "odd.toml: endpointing_default"),
        ('name = "nova-2-sonic"', "", "odd.toml: 'name' is missing"),
        ("HIGH = 0.48", "", "odd.toml, endpointing.measured: 'HIGH' is missing"),
        ("[voices]", "[voices", "odd.toml: "),
    ],
)
def test_a_typo_in_a_profile_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    text = (DIRECTORY / "nova-2-sonic.toml").read_text(encoding="utf-8")
    path = tmp_path / "odd.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ProfileError) as refused:
        read_profile(path)

    assert str(refused.value).startswith(sentence)
