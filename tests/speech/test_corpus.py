from pathlib import Path

import pytest

from tests.speech.corpus import OFFLINE, CorpusUnavailableError, human_clips


def test_without_a_network_the_clips_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(OFFLINE, "1")
    monkeypatch.setenv("VOICE_SPEECH_CACHE", str(tmp_path))

    with pytest.raises(CorpusUnavailableError, match=OFFLINE):
        human_clips()


def test_a_failed_download_names_the_remedy_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("apt-get", "dpkg-deb"):
        tool = tools / name
        tool.write_text("#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("VOICE_SPEECH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(OFFLINE, raising=False)

    with pytest.raises(CorpusUnavailableError, match=r"Unable to locate package.*apt-get update"):
        human_clips()
    assert [] == list((tmp_path / "cache").iterdir())
