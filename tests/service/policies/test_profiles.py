from service.policies.profiles import NOVA_2_SONIC, PROFILES, profile_for


def test_every_language_has_voices_and_every_polyglot_voice_speaks_it() -> None:
    for profile in PROFILES.values():
        for language in profile.languages:
            voices = profile.voices(language.code)
            assert language.voices[0] == voices[0]
            assert {"tiffany", "matthew"} <= set(voices)
            assert len(voices) == len(set(voices))


def test_a_language_the_model_does_not_speak_has_no_voices() -> None:
    assert () == NOVA_2_SONIC.voices("xx")


def test_an_unknown_model_is_held_to_the_tightest_limits() -> None:
    assert NOVA_2_SONIC is profile_for("us.amazon.nova-9-sonic")


def test_a_model_is_known_by_its_id() -> None:
    for model_id, profile in PROFILES.items():
        assert profile is profile_for(model_id)
