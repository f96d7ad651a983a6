"""What the scripted brain hears and answers, read from TOML files.

    about = "what this scenario is for"
    after_last_turn = "repeat"          # or "stay": the last turn answers all that follows
    [detector]
    threshold_dbfs = -45.0              # louder frames are speech
    [tone]
    frequency_hz = 220.0
    seconds_per_character = 0.06
    [[turn]]
    heard = "what is the weather"       # whatever was spoken; typed text is taken as typed
    [[turn.step]]
    call = "getWeather"                 # the steps after a run of calls wait for their results
    arguments = { city = "Rome" }
    [[turn.step]]
    say = "You asked: {heard}. I found {results}."
    after_s = 0.5                       # thinking time before the step
    audio_s = 1.5                       # length of its audio, else it follows the text
    [[fault]]                           # handed to the transport as it stands

A scenario with a typo is refused; the sentence names file, table, key and the nearest right name.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from emulators.nova_sonic.profiles import suggestion

DIRECTORY: Final = Path(__file__).with_suffix("")


class ScenarioError(ValueError):
    """A scenario is wrong; the sentence names file, table and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep:
    """One sentence of a reply."""

    text: str
    after_s: float = 0.0
    audio_s: float | None = None
    """Length of its audio; None follows the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep:
    """One call of a tool."""

    tool: str
    arguments: Mapping[str, object]
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedTurn:
    """One turn of the user: what is heard, and the reply."""

    heard: str = "hello"
    steps: tuple[SayStep | CallStep, ...] = (SayStep(text="You said: {heard}."),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole conversation; the default hears and answers without any file."""

    name: str = "default"
    about: str = "Every utterance is heard as hello and is repeated."
    turns: tuple[ScriptedTurn, ...] = (ScriptedTurn(),)
    after_last_turn: Literal["repeat", "stay"] = "repeat"
    threshold_dbfs: float = -45.0
    frequency_hz: float = 220.0
    seconds_per_character: float = 0.06
    faults: tuple[Mapping[str, object], ...] = ()
    """The transport's business; untouched here."""

    def turn(self, number: int) -> ScriptedTurn:
        """The script of the user's turn `number`, counted from 1."""
        index = max(number, 1) - 1
        if index < len(self.turns):
            return self.turns[index]
        return self.turns[-1] if self.after_last_turn == "stay" else self.turns[index % len(self.turns)]


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that come with the emulator."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.toml")))


def load_scenario(name_or_path: str) -> Scenario:
    """Read a scenario by the name of one that comes along, or from a file ending in .toml."""
    if name_or_path.endswith(".toml"):
        return read_scenario(Path(name_or_path))
    if name_or_path not in scenario_names():
        raise ScenarioError(
            f"there is no scenario {name_or_path!r}{suggestion(name_or_path, scenario_names())}"
        )
    return read_scenario(DIRECTORY / f"{name_or_path}.toml")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path.name}: cannot be read: {error}") from error
    return parse_scenario(text, path.name)


def parse_scenario(text: str, file: str) -> Scenario:
    """Read a scenario from TOML text; `file` is what its errors name."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{file}: {error}") from error
    top = _Table(document, file)
    top.only("about", "after_last_turn", "detector", "tone", "turn", "fault")
    default = Scenario()
    detector = top.table("detector")
    detector.only("threshold_dbfs")
    tone = top.table("tone")
    tone.only("frequency_hz", "seconds_per_character")
    turns = tuple(_turn(table) for table in top.tables("turn"))
    return Scenario(
        name=Path(file).stem,
        about=top.text("about", ""),
        turns=turns or default.turns,
        after_last_turn="stay" if top.choice("after_last_turn", ("repeat", "stay")) == "stay" else "repeat",
        threshold_dbfs=detector.number("threshold_dbfs", default.threshold_dbfs, least=-120.0),
        frequency_hz=tone.number("frequency_hz", default.frequency_hz, least=1.0),
        seconds_per_character=tone.number("seconds_per_character", default.seconds_per_character),
        faults=tuple(table.content for table in top.tables("fault")),
    )


def _turn(table: "_Table") -> ScriptedTurn:
    table.only("heard", "step")
    default = ScriptedTurn()
    steps = tuple(_step(step) for step in table.tables("step"))
    return ScriptedTurn(
        heard=table.text("heard", default.heard),
        steps=steps if "step" in table.content else default.steps,
    )


def _step(table: "_Table") -> SayStep | CallStep:
    match ("say" in table.content, "call" in table.content):
        case (True, False):
            table.only("say", "after_s", "audio_s")
            return SayStep(
                text=table.text("say", ""),
                after_s=table.number("after_s", 0.0),
                audio_s=table.number("audio_s", 0.0) if "audio_s" in table.content else None,
            )
        case (False, True):
            table.only("call", "arguments", "after_s")
            return CallStep(
                tool=table.text("call", ""),
                arguments=table.table("arguments").content,
                after_s=table.number("after_s", 0.0),
            )
        case _:
            table.only("say", "call", "arguments", "after_s", "audio_s")
            raise ScenarioError(f"{table.where}: a step has either 'say' or 'call'")


class _Table:
    """One table of a scenario that knows where it stands, so that its errors do."""

    def __init__(self, content: Mapping[str, object], where: str) -> None:
        self.content = content
        self.where = where

    def only(self, *known: str) -> None:
        for key in self.content:
            if key not in known:
                raise ScenarioError(f"{self.where}: unknown key {key!r}{suggestion(key, known)}")

    def text(self, key: str, default: str) -> str:
        value = self.content.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, value, "a text")
        return value

    def choice(self, key: str, known: Sequence[str]) -> str:
        value = self.text(key, known[0])
        if value not in known:
            raise self._wrong(key, value, f"one of {', '.join(known)}")
        return value

    def number(self, key: str, default: float, *, least: float = 0.0) -> float:
        value = self.content.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
            raise self._wrong(key, value, f"a number from {least:g}")
        return float(value)

    def table(self, key: str) -> "_Table":
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, value, "a table")
        return _Table(value, f"{self.where}, [{key}]")

    def tables(self, key: str) -> Sequence["_Table"]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self._wrong(key, value, f"an array of tables, written [[{key}]]")
        return [
            _Table(entry, f"{self.where}, [[{key}]] {number}") for number, entry in enumerate(value, start=1)
        ]

    def _wrong(self, key: str, value: object, what: str) -> ScenarioError:
        return ScenarioError(f"{self.where}: {key} cannot be {value!r}; it is {what}")
