"""`python -m benchmarks.sessions`: what a session costs, at one number of sessions after another.

Load generator, model and what is measured are processes of one machine; where there are two cores, the measured one has
a core to itself. A row is measured after everything has been open for a while.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Final

from benchmarks import places
from benchmarks.client import FRAME_S
from benchmarks.processes import running
from benchmarks.stamps import Delays
from benchmarks.subjects import FLOOR, SUBJECTS, Subject, address_of, start

NUMBERS: Final = (50, 100, 200, 300)
_TARGET_SHARE: Final = 0.7
_SATURATED_SHARE: Final = 0.95
_SATURATED_P99_MS: Final = 200.0
# Delays with a processor to spare come from somebody else on the machine, not from what is measured.
_BUSY_SHARE: Final = 0.6


class Profile(Enum):
    """How much of the time the model speaks; the microphone always sends."""

    DUPLEX = ("full duplex", 3600.0, 3600.0)
    REALISTIC = ("model speaks half the time", 5.0, 10.0)

    def __init__(self, title: str, speaks_s: float, period_s: float) -> None:
        self.title = title
        self.speaks_s = speaks_s
        self.period_s = period_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long to wait and to measure."""

    settle_s: float = 2.0
    seconds: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. CPU is in shares of one core; delays are in ms."""

    subject: str
    profile: str
    sessions: int
    opened: int
    seconds: float
    cpu_share: float
    model_cpu_share: float | None
    generator_cpu_share: float
    events_per_s: float
    in_p50: float | None
    in_p99: float | None
    in_p999: float | None
    out_p50: float | None
    out_p99: float | None
    out_p999: float | None
    generator_late_p99: float | None
    bytes_per_session: int
    opening_ms: float
    """CPU of the measured process for one opening, while those already open speak."""
    throttled: int
    """Periods in which a quota was used up."""
    errors: dict[str, int]

    @property
    def ms_per_session_s(self) -> float:
        """CPU milliseconds of the measured process for one second of one session."""
        return self.cpu_share * 1000 / max(1, self.opened)

    @property
    def us_per_event(self) -> float:
        return self.cpu_share * 1e6 / max(1.0, self.events_per_s)

    @property
    def at_70_percent(self) -> float:
        """Sessions that 70 % of a core would carry at this cost."""
        return 700 / max(1e-9, self.ms_per_session_s)

    @property
    def slowest_p99(self) -> float:
        return max(self.in_p99 or 0.0, self.out_p99 or 0.0)

    @property
    def saturated(self) -> bool:
        slow = self.slowest_p99 > _SATURATED_P99_MS
        return (
            self.cpu_share >= _SATURATED_SHARE
            or self.opened < self.sessions
            or (slow and self.cpu_share >= _BUSY_SHARE)
        )


HEAD: Final = (
    "sessions | CPU of a core | ms/s a session | us/event | in p50/p99/p99.9 ms | out p50/p99/p99.9 ms |"
    " KB/session | model, generator CPU | late p99 ms | errors"
)


def as_line(row: Row) -> str:
    def delays(*values: float | None) -> str:
        return "-" if None in values else "/".join(f"{value:.2f}" for value in values)

    model = "-" if row.model_cpu_share is None else f"{row.model_cpu_share:.0%}"
    errors = sum(row.errors.values()) + row.sessions - row.opened
    return (
        f"{row.sessions} | {row.cpu_share:.0%}{' (saturated)' if row.saturated else ''}"
        f" | {row.ms_per_session_s:.2f} | {row.us_per_event:.0f}"
        f" | {delays(row.in_p50, row.in_p99, row.in_p999)} | {delays(row.out_p50, row.out_p99, row.out_p999)}"
        f" | {row.bytes_per_session / 1024:.0f} | {model}, {row.generator_cpu_share:.0%}"
        f" | {row.generator_late_p99 or 0:.1f} | {errors}"
    )


def measure(
    subject: Subject,
    profile: Profile,
    sessions: int,
    span: Span,
    *,
    silent: bool = False,
    group: places.Group | None = None,
    watch: Callable[[int, float], None] = lambda _pid, seconds: time.sleep(seconds),
) -> Row:
    """One row; `silent` clients open and say nothing, and the model says nothing to them.

    `watch` is given the measured process and the time of the measurement, and takes that time.
    """
    cores = places.cores()
    mine, others = cores if cores is not None else (None, None)
    with ExitStack() as stack:
        model = None
        if subject is not FLOOR:
            speaks = ("--speaks", str(profile.speaks_s), "--period", str(profile.period_s))
            model = stack.enter_context(running("benchmarks.model", *speaks, core=others))
        measured, environment = start(stack, subject, model, sessions, core=mine)
        if group is not None:
            group.add(measured.process.pid)
        cpu_s = measured.cpu_s()
        wanted = [address_of(measured), "--sessions", str(sessions), "--wire", subject.wire]
        if silent:
            wanted.append("--silent")
        generator = stack.enter_context(
            running("benchmarks.generator", *wanted, environment=environment, core=others)
        )
        opened = int(generator.facts["open"])
        opening_ms = (measured.cpu_s() - cpu_s) * 1000 / max(1, opened)
        time.sleep(span.settle_s)
        if model is not None:
            model.signal(signal.SIGUSR1)
        generator.tell("measure")
        parts = [part for part in (measured, generator, model) if part is not None]
        throttled = group.throttled() if group is not None else 0
        began_at = time.monotonic()
        begun = [part.cpu_s() for part in parts]
        watch(measured.process.pid, span.seconds)
        lasted_s = time.monotonic() - began_at
        shares = [(part.cpu_s() - cpu_s) / lasted_s for part, cpu_s in zip(parts, begun, strict=True)]
        if group is not None:
            throttled = group.throttled() - throttled
        generator.tell("report")
        seen = generator.answer()
        heard, arrived = Delays.from_json(seen["heard"]), Delays()
        if model is not None:
            model.signal(signal.SIGUSR2)
            arrived = Delays.from_json(model.answer())
        return Row(
            subject=subject.name,
            profile=profile.title,
            sessions=sessions,
            opened=min(opened, int(seen["open"])),
            seconds=lasted_s,
            cpu_share=shares[0],
            generator_cpu_share=shares[1],
            model_cpu_share=shares[2] if model is not None else None,
            events_per_s=heard.total / lasted_s + opened / FRAME_S,
            in_p50=arrived.quantile(0.5),
            in_p99=arrived.quantile(0.99),
            in_p999=arrived.quantile(0.999),
            out_p50=heard.quantile(0.5),
            out_p99=heard.quantile(0.99),
            out_p999=heard.quantile(0.999),
            generator_late_p99=Delays.from_json(seen["late"]).quantile(0.99),
            bytes_per_session=(measured.rss_bytes() - measured.bytes_at_start) // max(1, opened),
            opening_ms=opening_ms,
            throttled=throttled,
            errors=seen["errors"],
        )


def near_target(subject: Subject, profile: Profile, span: Span) -> Iterator[Row]:
    """A first row, and one where 70 % of a core is used, as the first one foretells."""
    first = measure(subject, profile, subject.first_try, span)
    yield first
    sessions = round(subject.first_try * _TARGET_SHARE / max(0.05, first.cpu_share))
    # The other core carries generator and model, and has its own end.
    others = first.generator_cpu_share + (first.model_cpu_share or 0.0)
    most = round(subject.first_try * 0.92 / max(0.05, others))
    yield measure(subject, profile, max(2, min(sessions, most)), span)


def within_quota(
    subject: Subject, numbers: Sequence[int], span: Span, group: places.Group, *, most_p99_ms: float
) -> Iterator[Row]:
    """Growing numbers within a quota, up to the first that breaks the promise; that row is kept."""
    for sessions in numbers:
        row = measure(subject, Profile.DUPLEX, sessions, span, group=group)
        yield row
        if row.slowest_p99 > most_p99_ms or row.opened < sessions or row.errors:
            return


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description=__doc__)
    parser.add_argument(
        "--sessions", default=",".join(map(str, NUMBERS)), help="numbers of sessions, by commas"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    parser.add_argument("--settle", type=float, default=2.0, help="seconds to wait before it")
    parser.add_argument("--profile", choices=[profile.name.lower() for profile in Profile], default="duplex")
    parser.add_argument("--subject", choices=SUBJECTS, default="service")
    options = parser.parse_args()
    network = places.own_network([sys.executable, "-m", "benchmarks.sessions", *sys.argv[1:]])
    subject, profile = SUBJECTS[options.subject], Profile[options.profile.upper()]
    span = Span(settle_s=options.settle, seconds=options.seconds)
    print(f"{subject.name}, {profile.title}; network: {network}\n{HEAD}")
    for sessions in map(int, options.sessions.split(",")):
        row = measure(subject, profile, sessions, span)
        print(as_line(row), flush=True)
        for error, count in row.errors.items():
            print(f"    {count} x {error}")
        if row.saturated:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
