"""Speech with known words: people from Debian packages, and our own synthetic voice.

The human clips are fetched when they are first needed (`apt-get download` and `dpkg-deb -x`: nothing is installed,
nothing is committed) and kept in `.cache/speech`, or where VOICE_SPEECH_CACHE says.

- asterisk-core-sounds-en-g722, asterisk-core-sounds-en: prompts by Allison Smith, CC-BY-SA-3.0, and their texts.
- pocketsphinx-testdata: five LibriVox sentences, BSD-2-Clause, and their texts.
"""

import gzip
import os
import re
import shutil
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.speech.engine import voice

RATE_HZ: Final = 16_000
OFFLINE: Final = "VOICE_TESTS_OFFLINE"
_PACKAGES: Final = ("asterisk-core-sounds-en-g722", "asterisk-core-sounds-en", "pocketsphinx-testdata")
_PROMPTS: Final = "usr/share/asterisk/sounds/en_US_f_Allison"
_PROMPT_TEXTS: Final = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
_LIBRIVOX: Final = "usr/share/pocketsphinx/test/data/librivox"
_PROMPT_CLIPS: Final = 15
_PLAIN_TEXT: Final = re.compile(r"(?P<name>[\w-]+): (?P<text>[A-Za-z ,.'?!-]+)")
_LIBRIVOX_TEXT: Final = re.compile(r"<s> (?P<text>.+) </s> \((?P<name>.+)\)")

SENTENCES: Final = (
    "Hello, can you hear me?",
    "What time do you close on Friday?",
    "I would like to book a table for two people.",
    "How does the microphone reach the model?",
    "Please tell me what you can do.",
    "The quick brown fox jumps over the lazy dog.",
    "Stop talking, I have another question.",
    "Which languages do you understand?",
    "My package has not arrived yet.",
    "Thank you, that was very helpful.",
)


class CorpusUnavailableError(Exception):
    """The human clips could not be fetched or decoded; the text names the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A few seconds of 16 kHz mono s16le and the words in it."""

    name: str
    pcm16k: bytes
    text: str


def human_clips() -> list[Clip]:
    """Return 15 studio prompts (one speaker) and 5 LibriVox sentences (another); `CorpusUnavailableError`."""
    root = _fetched()
    return [*_prompts(root), *_librivox(root)]


def synthetic_clips(sentences: Sequence[str] = SENTENCES, *, voice_id: str = "tiffany") -> list[Clip]:
    """Return the sentences as our own voice says them, at the rate of a microphone."""
    return [
        Clip(name=text, pcm16k=voice().speak(text, voice_id=voice_id, rate_hz=RATE_HZ), text=text)
        for text in sentences
    ]


def _cache() -> Path:
    configured = os.environ.get("VOICE_SPEECH_CACHE")
    return Path(configured) if configured else Path(__file__).parents[2] / ".cache" / "speech"


def _fetched() -> Path:
    """Return the root of the unpacked packages; the directory appears only when it is whole."""
    root = _cache() / "packages"
    if root.is_dir():
        return root
    if os.environ.get(OFFLINE) == "1":
        raise CorpusUnavailableError(f"{OFFLINE}=1 and the human clips are not in {root}")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CorpusUnavailableError(
            f"The human clips are Debian packages. Unpack {', '.join(_PACKAGES)} into {root}, or set {OFFLINE}=1."
        )
    unfinished = _cache() / f"unfinished-{os.getpid()}"
    unpacked = unfinished / "root"
    unpacked.mkdir(parents=True)
    try:
        _download(unfinished)
        for package in sorted(unfinished.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(unpacked)], cwd=unfinished)
        unpacked.rename(root)
    finally:
        shutil.rmtree(unfinished)
    return root


def _download(into: Path) -> None:
    """Fetch the packages; a fresh machine, and one whose lists are old, needs its lists renewed first."""
    download = ["apt-get", "download", *_PACKAGES]
    try:
        _run(download, cwd=into)
    except CorpusUnavailableError:
        _run(["apt-get", "update"], cwd=into)
        _run(download, cwd=into)


def _run(command: Sequence[str], *, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CorpusUnavailableError(
            f"`{' '.join(command)}` failed: {done.stderr.strip()} "
            f"Run `apt-get update` with network access and try again, or set {OFFLINE}=1 to go without."
        )


def _prompts(root: Path) -> list[Clip]:
    """Every k-th of the prompts that are 6 to 25 plain words: a rule, so that nobody picks the easy ones."""
    lines = gzip.decompress((root / _PROMPT_TEXTS).read_bytes()).decode().splitlines()
    texts = {found["name"]: found["text"] for line in lines if (found := _PLAIN_TEXT.fullmatch(line.strip()))}
    fit = sorted(
        name
        for name, text in texts.items()
        if 6 <= len(text.split()) <= 25 and (root / _PROMPTS / f"{name}.g722").is_file()
    )
    chosen = fit[:: len(fit) // _PROMPT_CLIPS][:_PROMPT_CLIPS]
    return [
        Clip(name=name, pcm16k=_g722(root / _PROMPTS / f"{name}.g722"), text=texts[name]) for name in chosen
    ]


def _g722(path: Path) -> bytes:
    """Decode G.722, which only ffmpeg reads here: neither libsndfile nor sox knows it."""
    if shutil.which("ffmpeg") is None:
        raise CorpusUnavailableError(
            f"ffmpeg is needed to decode the human clips. Run `apt-get install ffmpeg`, or set {OFFLINE}=1."
        )
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "g722",
        "-i",
        str(path),
        "-f",
        "s16le",
        "-ar",
        str(RATE_HZ),
        "-",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise CorpusUnavailableError(f"ffmpeg cannot decode {path}: {done.stderr.decode().strip()}")
    return done.stdout


def _librivox(root: Path) -> list[Clip]:
    clips = []
    for line in (root / _LIBRIVOX / "transcription").read_text().splitlines():
        found = _LIBRIVOX_TEXT.fullmatch(line.strip())
        if found is None:
            raise CorpusUnavailableError(f"unexpected line in the LibriVox transcription: {line!r}")
        with wave.open(str(root / _LIBRIVOX / f"{found['name']}.wav")) as recording:
            if (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) != (
                RATE_HZ,
                1,
                2,
            ):
                raise CorpusUnavailableError(f"{found['name']} is not 16 kHz mono s16le")
            pcm = recording.readframes(recording.getnframes())
        clips.append(Clip(name=found["name"][-4:], pcm16k=pcm, text=found["text"]))
    return clips
