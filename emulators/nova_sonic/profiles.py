"""Which model is played: its names, voices, limits and uncertain behaviours, read from `profiles/*.toml`.

Whatever is not known for certain about the real service is a named switch with its evidence beside its value, so a
test can play the service the other way round. A name that does not exist is refused with a suggestion.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin

DIRECTORY: Final = Path(__file__).with_suffix("")

type Sensitivity = Literal["HIGH", "MEDIUM", "LOW"]


class ProfileError(ValueError):
    """A profile or an override is wrong; the sentence names file, key and the nearest right name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Behaviours that are not certain; what is known about each stands in the TOML files."""

    endpointing: Literal["measured", "documented"]
    content_end_triggers: bool
    connection_end_accepted: bool
    completion_end: Literal["after_prompt_end", "never"]
    interruption: Literal["text_and_stop_reason", "stop_reason_only", "speech_start_only"]
    user_speech_events: bool
    burst_speech: Literal["unanswered", "answered"]
    turn_detection_configuration: Literal["accepted", "ignored", "refused"]
    system_speech_role: bool
    typed_text_triggers: bool
    early_typed_text: Literal["lost", "waits"]
    speech_during_tool: Literal["waits", "cancels"]
    audio_during_tool_is_fatal: bool
    double_encoded_tool_arguments: bool
    missing_role: bool
    empty_text_output: bool
    empty_transcript: Literal["silent", "empty_text"]
    history_limits: Literal["documented", "samples"]
    padding_key: bool
    """Read by the transport: a random key "p" in the frames it sends."""
    audio_chunk_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers of the service; 0 switches a limit off where its comment in the TOML says so."""

    lifetime_s: float
    idle_s: float
    user_silence_s: float
    concurrent_streams: int
    chunk_bytes: int
    history_messages: int
    typed_text_needs_audio_s: float
    final_text_delay_s: float
    speech_pace_max: float
    """Seconds of speech per second of arrival above which audio is no live speech."""
    speech_start_s: float
    """Speech needed before it counts as the user's, for a turn as for a barge-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLimits:
    """How much chat history may be replayed."""

    text_input_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model as data."""

    name: str
    model_ids: tuple[str, ...]
    sample_rates_hz: tuple[int, ...]
    voices: Mapping[str, tuple[str, ...]]
    """Voice ids by language tag."""
    endpointing_default: Sensitivity
    endpointing: Mapping[str, Mapping[Sensitivity, float]]
    """Seconds of silence that end a turn, by switch value and sensitivity."""
    history: Mapping[str, HistoryLimits]
    limits: Limits
    idle_message: str
    switches: Switches
    evidence: Mapping[str, str] = field(repr=False)
    """What is known about each switch."""

    @property
    def voice_ids(self) -> frozenset[str]:
        """Every voice of every language."""
        return frozenset(voice for voices in self.voices.values() for voice in voices)

    def endpointing_pause_s(self, sensitivity: Sensitivity | None) -> float:
        """Seconds of silence after which the user has finished."""
        return self.endpointing[self.switches.endpointing][sensitivity or self.endpointing_default]

    @property
    def history_limits(self) -> HistoryLimits:
        """The limits that hold."""
        return self.history[self.switches.history_limits]

    def with_switches(self, **overrides: object) -> Self:
        """Return the profile with some switches set otherwise; a wrong name or value is refused."""
        where = f"profile {self.name!r}, switches"
        return replace(self, switches=replace(self.switches, **_typed(Switches, overrides, where)))

    def with_limits(self, **overrides: object) -> Self:
        """Return the profile with some limits set otherwise; a wrong name or value is refused."""
        where = f"profile {self.name!r}, limits"
        return replace(self, limits=replace(self.limits, **_typed(Limits, overrides, where)))

    def with_assignments(self, assignments: Iterable[str]) -> Self:
        """Return the profile with switches set as on a command line: `completion_end=never`, `missing_role=true`."""
        overrides: dict[str, object] = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise ProfileError(f"{assignment!r} is no switch assignment: write name=value")
            overrides[name.strip()] = _plain_value(text.strip())
        return self.with_switches(**overrides)


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that exist."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.toml")))


def load_profile(name: str) -> Profile:
    """Read one profile by name; an unknown name is refused."""
    if name not in profile_names():
        raise ProfileError(f"there is no profile {name!r}{suggestion(name, profile_names())}")
    return read_profile(DIRECTORY / f"{name}.toml")


def load_profiles() -> Mapping[str, Profile]:
    """Read every profile, by model id."""
    profiles = [load_profile(name) for name in profile_names()]
    return {model_id: profile for profile in profiles for model_id in profile.model_ids}


def read_profile(path: Path) -> Profile:
    """Read one profile from a file; whatever is missing, unknown or of the wrong type is refused by name."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path.name}: {error}") from error
    return _profile(table, path.name)


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `name`: the nearest right one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}"


_KEYS: Final = frozenset(
    {
        "name",
        "model_ids",
        "sample_rates_hz",
        "endpointing_default",
        "voices",
        "limits",
        "messages",
        "endpointing",
        "history",
        "switches",
    },
)
_SENSITIVITIES: Final = frozenset({"HIGH", "MEDIUM", "LOW"})


def _profile(table: Mapping[str, Any], where: str) -> Profile:
    _exactly(table, _KEYS, where)
    switches = table["switches"]
    for name, entry in switches.items():
        _exactly(entry, {"value", "evidence"}, f"{where}, switches.{name}")
    for name, pauses in table["endpointing"].items():
        _exactly(pauses, _SENSITIVITIES, f"{where}, endpointing.{name}")
    if table["endpointing_default"] not in _SENSITIVITIES:
        raise ProfileError(f"{where}: endpointing_default is none of {', '.join(sorted(_SENSITIVITIES))}")
    _exactly(table["messages"], {"idle"}, f"{where}, messages")
    _exactly(table["endpointing"], {"measured", "documented"}, f"{where}, endpointing")
    _exactly(table["history"], {"documented", "samples"}, f"{where}, history")
    return Profile(
        name=table["name"],
        model_ids=tuple(table["model_ids"]),
        sample_rates_hz=tuple(table["sample_rates_hz"]),
        voices={language: tuple(voices) for language, voices in table["voices"].items()},
        endpointing_default=table["endpointing_default"],
        endpointing=table["endpointing"],
        history={
            name: HistoryLimits(**_complete(HistoryLimits, limits, f"{where}, history.{name}"))
            for name, limits in table["history"].items()
        },
        limits=Limits(**_complete(Limits, table["limits"], f"{where}, limits")),
        idle_message=table["messages"]["idle"],
        switches=Switches(
            **_complete(
                Switches,
                {name: entry["value"] for name, entry in switches.items()},
                f"{where}, switches",
            ),
        ),
        evidence={name: entry["evidence"] for name, entry in switches.items()},
    )


def _exactly(table: Mapping[str, object], keys: Iterable[str], where: str) -> None:
    expected = frozenset(keys)
    for key in table:
        if key not in expected:
            raise ProfileError(f"{where}: unknown key {key!r}{suggestion(key, expected)}")
    if missing := sorted(expected - table.keys()):
        raise ProfileError(f"{where}: {missing[0]!r} is missing")


def _complete(cls: type[Any], table: Mapping[str, object], where: str) -> dict[str, Any]:
    _exactly(table, (f.name for f in fields(cls)), where)
    return _typed(cls, table, where)


def _typed(cls: type[Any], table: Mapping[str, object], where: str) -> dict[str, Any]:
    types = {f.name: f.type for f in fields(cls)}
    for name, value in table.items():
        if name not in types:
            raise ProfileError(f"{where}: unknown key {name!r}{suggestion(name, types)}")
        if not _fits(value, types[name]):
            raise ProfileError(f"{where}: {name} cannot be {value!r}; it is {_described(types[name])}")
    return dict(table)


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, bool)


def _described(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    return {bool: "true or false", int: "a whole number", float: "a number"}[kind]


def _plain_value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
