"""The rules of `Schedules`, drawn by plain dice: ten times as many schedules in the time, each known by one number.

Hypothesis searches and shrinks, which costs ten times what a session does. A walk only draws. It reads the arguments
of a rule off its strategies, so a rule that is added there is walked here.
"""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from hypothesis.stateful import Rule
from hypothesis.strategies import SearchStrategy

from tests.service.session.schedules import Schedules

STEPS: Final = 25


class WalkFailedError(AssertionError):
    """Raised for the first walk that fails."""

    def __init__(self, number: int, steps: list[str]) -> None:
        super().__init__(f"walk {number}\nreplay: make schedules WALK={number}\n" + "\n".join(steps))


def walk(number: int) -> None:
    """One schedule; raises WalkFailedError."""
    dice = Random(number)
    machine = Schedules()
    steps: list[str] = []
    try:
        for rule in machine.setup_state().initializers:
            _step(machine, rule, dice, steps)
        for _ in range(STEPS):
            allowed = [rule for rule in machine.rules if all(holds(machine) for holds in rule.preconditions)]
            _step(machine, dice.choice(allowed), dice, steps)
        steps.append("teardown")
        machine.teardown()
    except Exception as error:
        raise WalkFailedError(number, steps) from error


def _step(machine: Schedules, rule: Rule, dice: Random, steps: list[str]) -> None:
    arguments = {name: draw(strategy, dice) for name, strategy in rule.arguments_strategies.items()}
    steps.append(f"{rule.function.__name__}({', '.join(f'{n}={v!r:.80}' for n, v in arguments.items())})")
    rule.function(machine, **arguments)


def draw(strategy: SearchStrategy[Any], dice: Random) -> Any:
    """One value of a strategy. Raises KeyError for a kind of strategy that no rule has used yet."""
    known = _DRAWN.get(id(strategy))
    if known is None:
        # The strategy is kept with its function, so that its id stays its own.
        known = _DRAWN[id(strategy)] = (strategy, _drawer(strategy))
    return known[1](dice)


def _drawer(strategy: Any) -> Callable[[Random], Any]:
    if type(strategy).__name__ == "LazyStrategy":
        return _drawer(strategy.wrapped_strategy)
    return _KINDS[type(strategy).__name__](strategy)


def _builds(strategy: Any) -> Callable[[Random], Any]:
    return lambda dice: strategy.target(
        *[draw(argument, dice) for argument in strategy.args],
        **{name: draw(value, dice) for name, value in strategy.kwargs.items()},
    )


def _one_of(strategy: Any) -> Callable[[Random], Any]:
    return lambda dice: draw(dice.choice(strategy.original_strategies), dice)


def _filtered(strategy: Any) -> Callable[[Random], Any]:
    def drawn(dice: Random) -> Any:
        while True:
            value = draw(strategy.filtered_strategy, dice)
            if all(holds(value) for holds in strategy.flat_conditions):
                return value

    return drawn


def _sampled(strategy: Any) -> Callable[[Random], Any]:
    elements = tuple(strategy.elements)
    if strategy._transformations:
        holds = [change[1] for change in strategy._transformations if change[0] == "filter"]
        assert len(holds) == len(strategy._transformations), "a mapped sample is drawn nowhere else"
        elements = tuple(value for value in elements if all(condition(value) for condition in holds))
    return lambda dice: dice.choice(elements)


_DRAWN: Final[dict[int, tuple[object, Callable[[Random], Any]]]] = {}
_KINDS: Final[dict[str, Callable[[Any], Callable[[Random], Any]]]] = {
    "SampledFromStrategy": _sampled,
    "JustStrategy": lambda strategy: lambda _: strategy.value,
    "IntegersStrategy": lambda strategy: lambda dice: dice.randint(strategy.start, strategy.end),
    "BooleansStrategy": lambda _: lambda dice: dice.random() < 0.5,
    "FloatStrategy": lambda strategy: lambda dice: dice.uniform(strategy.min_value, strategy.max_value),
    "BuildsStrategy": _builds,
    "OneOfStrategy": _one_of,
    "FilteredStrategy": _filtered,
}
