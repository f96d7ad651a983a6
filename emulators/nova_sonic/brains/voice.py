"""The answer, spoken: hibari, one English voice of 24 kHz, made into several by changing its pitch.

A voice id is a tape speed: the sentence is synthesised slower or faster by a factor and played back by its inverse, so
pitch and timbre move and the pace stays. Sixteen names over one speaker; it is enough to hear that the choice arrived.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import hibari
import numpy as np

from emulators.nova_sonic.brains.resample import resample
from emulators.nova_sonic.brains.weights import Weights, unavailable

WEIGHTS: Final = (
    Weights(
        package="hibari",
        file="assets/hibari.onnx",
        sha256="5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
    ),
    Weights(
        package="hibari",
        file="assets/oov.onnx",
        sha256="d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
    ),
)
RATE_HZ: Final = 24_000
_SEED: Final = 0
"""The noise in the voice is drawn from this, so the same words are the same bytes."""
_FULL_SCALE: Final = 32_767

_NATURAL: Final = Fraction(1)
# Twentieths keep the resampler's filter small. Deeper than 16/20 the voice sounds drugged.
PITCH: Final[Mapping[str, Fraction]] = {
    "tiffany": _NATURAL,
    "amy": Fraction(21, 20),
    "olivia": Fraction(22, 20),
    "kiara": Fraction(23, 20),
    "ambre": Fraction(21, 20),
    "beatrice": Fraction(22, 20),
    "tina": Fraction(19, 20),
    "lupe": Fraction(21, 20),
    "carolina": Fraction(22, 20),
    "matthew": Fraction(16, 20),
    "arjun": Fraction(17, 20),
    "florian": Fraction(16, 20),
    "lorenzo": Fraction(17, 20),
    "lennart": Fraction(16, 20),
    "carlos": Fraction(17, 20),
    "leo": Fraction(18, 20),
}


class Voice:
    """One model for all streams. Safe to call from several threads once it is warm."""

    def __init__(self) -> None:
        self._hibari: Any = hibari.Hibari(threads=1)
        # The dictionary and the network for unknown words load on first use, which would otherwise be a user's.
        self._hibari("Warm up, Xyloquint.", seed=_SEED)

    def speak(self, text: str, *, voice_id: str, rate_hz: int) -> bytes:
        """Return `text` as mono s16le at `rate_hz`; the same arguments give the same bytes."""
        pitch = PITCH.get(voice_id.lower(), _NATURAL)
        natural = self._hibari(text, speed=float(1 / pitch), seed=_SEED)
        spoken = resample(natural, Fraction(rate_hz, RATE_HZ) / pitch)
        return (np.clip(spoken, -1, 1) * _FULL_SCALE).astype("<i2").tobytes()


def load_voice() -> Voice:
    """Verify and load the model; `SpeechUnavailableError` when it is not what was measured."""
    for weights in WEIGHTS:
        weights.verified()
    try:
        return Voice()
    except Exception as error:  # onnxruntime raises classes of its own
        raise unavailable("The hibari voice", error) from error
