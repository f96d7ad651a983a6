"""`python -m benchmarks.sessions`: what a session costs the service, at growing numbers of sessions.

Load generator, service and model are three processes on one machine. A row is measured after everything has been open
for a while; the rows end with the first one in which the service is saturated, and that row is kept.
"""

import argparse
import json
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from benchmarks.client import FRAME_S
from benchmarks.processes import Running, running
from benchmarks.stamps import Delays
from talk.sign_in import fetch_config, sign_in

NUMBERS: Final = (10, 25, 50, 100, 200, 400)
# The model of a benchmark verifies nothing; every frame is signed all the same.
_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEMULATOR0EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "emulator-secret-access-key-example",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_SIGN_IN_S: Final = 10.0
_SATURATED_SHARE: Final = 0.95
_SATURATED_P99_MS: Final = 200.0
# Delays with a processor to spare come from somebody else on the machine, not from the service.
_BUSY_SHARE: Final = 0.6


class Profile(Enum):
    """How much of the time the model speaks; the microphone always sends."""

    DUPLEX = ("full duplex", 3600.0, 3600.0)
    REALISTIC = ("model speaks half the time", 5.0, 10.0)

    def __init__(self, title: str, speaks_s: float, period_s: float) -> None:
        self.title = title
        self.speaks_s = speaks_s
        self.period_s = period_s


class Peer(Enum):
    """What is measured."""

    SERVICE = "the service"
    SDK = "the way to the model alone"
    FLOOR = "the WebSocket alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. CPU is in shares of one core; delays are in ms."""

    peer: Peer
    profile: Profile
    sessions: int
    opened: int
    seconds: float
    cpu_share: float
    model_cpu_share: float | None
    generator_cpu_share: float
    events_per_s: float
    in_p50: float | None
    in_p99: float | None
    out_p50: float | None
    out_p99: float | None
    generator_late_p99: float | None
    bytes_per_session: int | None
    errors: dict[str, int]

    @property
    def ms_per_session_s(self) -> float:
        """CPU milliseconds of the measured process for one second of one session."""
        return self.cpu_share * 1000 / max(1, self.opened)

    @property
    def us_per_event(self) -> float:
        return self.cpu_share * 1e6 / max(1.0, self.events_per_s)

    @property
    def saturated(self) -> bool:
        slow = max(self.in_p99 or 0.0, self.out_p99 or 0.0) > _SATURATED_P99_MS
        return (
            self.cpu_share >= _SATURATED_SHARE
            or self.opened < self.sessions
            or (slow and self.cpu_share >= _BUSY_SHARE)
        )


HEAD: Final = (
    "sessions | opened | CPU of a core | ms/s a session | us/event | in p50/p99 ms | out p50/p99 ms | KB/session |"
    " model CPU | generator CPU, late p99 ms | errors"
)


def as_line(row: Row) -> str:
    def pair(first: float | None, second: float | None) -> str:
        return "-" if first is None or second is None else f"{first:.1f}/{second:.1f}"

    model = "-" if row.model_cpu_share is None else f"{row.model_cpu_share:.0%}"
    memory = "-" if row.bytes_per_session is None else f"{row.bytes_per_session / 1024:.0f}"
    errors = sum(row.errors.values())
    return (
        f"{row.sessions} | {row.opened} | {row.cpu_share:.0%}{' (saturated)' if row.saturated else ''}"
        f" | {row.ms_per_session_s:.2f} | {row.us_per_event:.0f} | {pair(row.in_p50, row.in_p99)}"
        f" | {pair(row.out_p50, row.out_p99)} | {memory} | {model}"
        f" | {row.generator_cpu_share:.0%}, {row.generator_late_p99 or 0:.1f} | {errors}"
    )


def measure(peer: Peer, profile: Profile, sessions: int, *, settle_s: float, seconds: float) -> Row:
    with ExitStack() as stack:
        model, measured, generator = _start(stack, peer, profile, sessions)
        opened = int(generator.facts["open"])
        time.sleep(settle_s)
        if model is not None:
            model.signal(signal.SIGUSR1)
        generator.tell("measure")
        parts = [part for part in (measured, generator, model) if part is not None]
        began_at = time.monotonic()
        begun = [part.cpu_s() for part in parts]
        time.sleep(seconds)
        lasted_s = time.monotonic() - began_at
        shares = [(part.cpu_s() - cpu_s) / lasted_s for part, cpu_s in zip(parts, begun, strict=True)]
        generator.tell("report")
        seen = generator.answer()
        heard = Delays.from_json(seen["heard"])
        arrived = Delays()
        if model is not None:
            model.signal(signal.SIGUSR2)
            arrived = Delays.from_json(model.answer())
        return Row(
            peer=peer,
            profile=profile,
            sessions=sessions,
            opened=min(opened, int(seen["open"])),
            seconds=lasted_s,
            cpu_share=shares[0],
            generator_cpu_share=shares[1],
            model_cpu_share=shares[2] if model is not None else None,
            events_per_s=heard.total / lasted_s + opened / FRAME_S,
            in_p50=arrived.quantile(0.5),
            in_p99=arrived.quantile(0.99),
            out_p50=heard.quantile(0.5),
            out_p99=heard.quantile(0.99),
            generator_late_p99=Delays.from_json(seen["late"]).quantile(0.99),
            # The streams of this peer are already open when its process says that it is ready.
            bytes_per_session=None
            if peer is Peer.SDK
            else (measured.rss_bytes() - measured.bytes_at_start) // max(1, opened),
            errors=seen["errors"],
        )


def token_of_demo_user(pool: Running, service: Running) -> str:
    """Sign in as the user that the stand-in names; the service's address becomes one of its callbacks for that."""
    config = fetch_config(service.url, timeout_s=_SIGN_IN_S)
    # Both addresses are those that our own processes have just printed.
    request = urllib.request.Request(  # noqa: S310 - see above
        f"{pool.facts['control']}/clients/{config.client_id}",
        data=json.dumps({"callbacks": [config.callback]}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SIGN_IN_S):  # noqa: S310 - see above
        pass
    return sign_in(config, user=pool.facts["user"], password=pool.facts["password"], timeout_s=_SIGN_IN_S)


def _start(
    stack: ExitStack, peer: Peer, profile: Profile, sessions: int
) -> tuple[Running | None, Running, Running]:
    """Model, what is measured, and what speaks to it."""
    many = ("--sessions", str(sessions))
    if peer is Peer.FLOOR:
        floor = stack.enter_context(running("benchmarks.floor"))
        generator = stack.enter_context(running("benchmarks.generator", urlsplit(floor.url).netloc, *many))
        return None, floor, generator
    speaks = ("--speaks", str(profile.speaks_s), "--period", str(profile.period_s))
    model = stack.enter_context(running("benchmarks.model", *speaks))
    if peer is Peer.SDK:
        streams = stack.enter_context(
            running(
                "benchmarks.transport", model.url, "--ca", model.facts["ca"], *many, environment=_CREDENTIALS
            )
        )
        return model, streams, streams
    environment = {
        "VOICE_PORT": "0",
        "VOICE_MODEL_ENDPOINT": model.url,
        "VOICE_MODEL_CA_FILE": model.facts["ca"],
        "VOICE_MAX_SESSIONS": str(sessions + 10),
        "VOICE_LOG_LEVEL": "error",
        "VOICE_DRAIN_S": "0",
        **_CREDENTIALS,
    }
    pool = stack.enter_context(running("emulators.cognito", "--port", "0"))
    environment |= {
        "VOICE_AUTH_ISSUER": pool.facts["issuer"],
        "VOICE_AUTH_CLIENT_IDS": pool.facts["client"],
        "VOICE_AUTH_DOMAIN": pool.url,
    }
    service = stack.enter_context(running("service", environment=environment))
    signed_in = {"TALK_TOKEN": token_of_demo_user(pool, service)}
    address = urlsplit(service.url).netloc
    generator = stack.enter_context(running("benchmarks.generator", address, *many, environment=signed_in))
    return model, service, generator


def rows(
    peer: Peer, profile: Profile, numbers: Sequence[int], *, settle_s: float, seconds: float
) -> Iterator[Row]:
    for sessions in numbers:
        row = measure(peer, profile, sessions, settle_s=settle_s, seconds=seconds)
        yield row
        if row.saturated:
            return


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description=__doc__)
    parser.add_argument(
        "--sessions", default=",".join(map(str, NUMBERS)), help="numbers of sessions, by commas"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each measurement")
    parser.add_argument("--settle", type=float, default=4.0, help="seconds to wait before it")
    parser.add_argument("--profile", choices=[profile.name.lower() for profile in Profile], default="duplex")
    parser.add_argument("--peer", choices=[peer.name.lower() for peer in Peer], default="service")
    options = parser.parse_args()
    peer, profile = Peer[options.peer.upper()], Profile[options.profile.upper()]
    print(f"{peer.value}, {profile.title}\n{HEAD}")
    numbers = [int(number) for number in options.sessions.split(",")]
    for row in rows(peer, profile, numbers, settle_s=options.settle, seconds=options.seconds):
        print(as_line(row), flush=True)
        for error, count in row.errors.items():
            print(f"    {count} x {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
