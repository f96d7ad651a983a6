"""The faults that are armed, shared by all streams, and what each stream has counted towards them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulators.nova_sonic.fault_tables import describe
from emulators.nova_sonic.faults import Action, After, AtOpen, Fault, LimitStreams, OnInput, OnOutput


@dataclass(slots=True, kw_only=True)
class ArmedFault:
    """A fault and how many streams it may still hit."""

    number: int
    fault: Fault
    left: int | None
    fired: int = 0

    def take(self) -> bool:
        """Claim one hit; false when there is none left."""
        if self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        self.fired += 1
        return True


class FaultPlan:
    """All armed faults, in the order they were given."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._armed: list[ArmedFault] = []
        self._next_number = 1
        for fault in faults:
            self.arm(fault)

    def __bool__(self) -> bool:
        return bool(self._armed)

    def arm(self, fault: Fault) -> ArmedFault:
        """Add a fault; it is known by its number from now on."""
        armed = ArmedFault(number=self._next_number, fault=fault, left=fault.count)
        self._next_number += 1
        self._armed.append(armed)
        return armed

    def clear(self, number: int | None = None) -> int:
        """Disarm one fault, or all; return how many there were."""
        before = len(self._armed)
        self._armed = [armed for armed in self._armed if number is not None and armed.number != number]
        return before - len(self._armed)

    def as_json(self) -> Sequence[Mapping[str, object]]:
        return [
            {"number": armed.number, **describe(armed.fault), "left": armed.left, "fired": armed.fired}
            for armed in self._armed
        ]

    def take_stream_limit(self) -> int | None:
        """Return the stream limit a new connection must announce, if a fault says so."""
        for armed in self._armed:
            if isinstance(armed.fault.action, LimitStreams) and armed.take():
                return armed.fault.action.streams
        return None

    def take_at_open(self) -> Iterator[Action]:
        """Yield what happens to a request that has just arrived."""
        for armed in list(self._armed):
            at_open = isinstance(armed.fault.moment, AtOpen) and not isinstance(
                armed.fault.action, LimitStreams
            )
            if at_open and armed.take():
                yield armed.fault.action

    def timed(self) -> Sequence[tuple[float, ArmedFault]]:
        """Return the faults a new stream must set a timer for, with their seconds."""
        return [
            (armed.fault.moment.seconds, armed)
            for armed in self._armed
            if isinstance(armed.fault.moment, After)
        ]

    def take_on_input(self, event: str, seen: Counter[str]) -> Iterator[Action]:
        """Yield what happens as this input event arrives; `seen` counts it already, by kind and as `any`."""
        for armed in list(self._armed):
            moment = armed.fault.moment
            if isinstance(moment, OnInput) and _due(moment, event, seen) and armed.take():
                yield armed.fault.action

    def take_on_output(self, event: str, seen: Counter[str]) -> Iterator[Action]:
        """Yield what happens instead of this output event."""
        for armed in list(self._armed):
            moment = armed.fault.moment
            if isinstance(moment, OnOutput) and _due(moment, event, seen) and armed.take():
                yield armed.fault.action


def _due(moment: OnInput | OnOutput, event: str, seen: Counter[str]) -> bool:
    return moment.event in {event, "any"} and seen[moment.event] == moment.nth
