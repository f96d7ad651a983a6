"""What each model offers and allows, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.wire.audio import SAMPLE_RATES_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language and the voices that speak it, the default first."""

    code: str
    name: str
    voices: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """Facts of one model; sources in the AWS user guide (language support, chat history) and the API reference."""

    name: str
    languages: Sequence[Language]
    polyglot_voices: Sequence[str]
    """Allowed with every language."""
    input_rates_hz: Sequence[int] = SAMPLE_RATES_HZ
    output_rates_hz: Sequence[int] = SAMPLE_RATES_HZ
    stream_lifetime_s: float = 480.0
    """A stream ends with ModelTimeoutException after eight minutes."""
    stream_idle_s: float = 55.0
    """A stream without audio ends with a ValidationException after this."""
    history_bytes: int = 40_000
    """All replayed messages together. The documented limit; AWS's own sample sends more."""
    text_input_bytes: int = 1_000
    audio_before_text_ms: int = 100
    """A typed text is only answered when this much audio went before it on the stream (measured: 68 ms)."""

    def language(self, code: str) -> Language | None:
        """The language of this code; None when the model does not speak it."""
        return next((language for language in self.languages if language.code == code), None)

    def voices(self, code: str) -> Sequence[str]:
        """The voices for a language: its own first, then those that speak every language."""
        language = self.language(code)
        if language is None:
            return ()
        own = tuple(language.voices)
        return own + tuple(voice for voice in self.polyglot_voices if voice not in own)


_LANGUAGES: Final = (
    Language(code="en-US", name="English (United States)", voices=("tiffany", "matthew")),
    Language(code="en-GB", name="English (United Kingdom)", voices=("amy",)),
    Language(code="en-AU", name="English (Australia)", voices=("olivia",)),
    Language(code="en-IN", name="English (India)", voices=("kiara", "arjun")),
    Language(code="hi-IN", name="Hindi", voices=("kiara", "arjun")),
    Language(code="fr-FR", name="French", voices=("ambre", "florian")),
    Language(code="it-IT", name="Italian", voices=("beatrice", "lorenzo")),
    Language(code="de-DE", name="German", voices=("tina", "lennart")),
    Language(code="es-US", name="Spanish (United States)", voices=("lupe", "carlos")),
    Language(code="pt-BR", name="Portuguese (Brazil)", voices=("carolina", "leo")),
)

NOVA_2_SONIC: Final = ModelProfile(
    name="nova-2-sonic", languages=_LANGUAGES, polyglot_voices=("tiffany", "matthew")
)
# No page of AWS names differences of 2.5; every client found treats it as 2.
NOVA_2_5_SONIC: Final = ModelProfile(
    name="nova-2-5-sonic", languages=_LANGUAGES, polyglot_voices=("tiffany", "matthew")
)

PROFILES: Final[Mapping[str, ModelProfile]] = {
    "amazon.nova-2-sonic-v1:0": NOVA_2_SONIC,
    "amazon.nova-2-5-sonic": NOVA_2_5_SONIC,
}


def profile_for(model_id: str) -> ModelProfile:
    """The profile of a model id; an id not in the table is taken for Nova 2 Sonic, whose limits are the tightest."""
    return PROFILES.get(model_id, NOVA_2_SONIC)
