"""The benchmark of the frame path measures the product: it breaks when the product's parts no longer fit together."""

import pytest

from benchmarks import frame_path


def test_every_part_of_the_way_has_a_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["frame_path", "--rounds", "1", "--frames", "20"])

    assert 0 == frame_path.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("in", "out"))]
    assert 11 == len(lines)
    assert all(float(line.split("|")[1]) > 0 for line in lines)
