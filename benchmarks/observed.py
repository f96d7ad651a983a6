"""`python -m benchmarks.observed`: what it costs a session to be seen, with kernel and TLS, as a ratio within one run.

Two services run at the same time on the same core, each with as many sessions of full duplex: one as it is deployed
(metrics, log lines, timings of every turn; with `--and`, traces or recordings as well), one in which nothing of that
happens. What else the machine does meets both. CPU is what the kernel charges to each process, user and system.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from benchmarks import places
from benchmarks.processes import Running, running
from benchmarks.subjects import SERVICE, Subject, address_of, start

_SEEN: Final = {"VOICE_STAGE": "bench", "VOICE_LOG_LEVEL": "info"}
_MORE: Final = {
    "nothing": {},
    "traces": {"VOICE_TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    "recordings": {"VOICE_RECORDINGS": "1000"},
}
_PROMISED_PERCENT: Final = 3.0
_SPEAKS_S: Final = ("--speaks", "5", "--period", "10")


def _opened(stack: ExitStack, subject: Subject, model: Running, sessions: int) -> Running:
    mine, others = places.cores() or (None, None)
    measured, environment = start(stack, subject, model, sessions, core=mine)
    wanted = [address_of(measured), "--sessions", str(sessions), "--wire", subject.wire]
    generator = stack.enter_context(
        running("benchmarks.generator", *wanted, environment=environment, core=others)
    )
    if int(generator.facts["open"]) != sessions:
        raise SystemExit(f"{subject.name}: {generator.facts['open']} of {sessions} sessions opened")
    return measured


def ratios(seen: Subject, sessions: int, seconds: float, pairs: int) -> Iterator[tuple[float, float]]:
    """CPU milliseconds a second of one session, seen and unseen, of pairs of processes that ran at the same time."""
    _, others = places.cores() or (None, None)
    unseen = replace(SERVICE, name="unseen", without="being seen")
    # Equal strings hash equally in both, so that neither has luckier dictionaries.
    os.environ["PYTHONHASHSEED"] = "0"
    for pair in range(pairs):
        with ExitStack() as stack:
            model = stack.enter_context(running("benchmarks.model", *_SPEAKS_S, core=others))
            order = (seen, unseen) if pair % 2 else (unseen, seen)
            both = {subject.name: _opened(stack, subject, model, sessions) for subject in order}
            time.sleep(2.0)
            begun = {name: process.cpu_s() for name, process in both.items()}
            began_at = time.monotonic()
            time.sleep(seconds)
            lasted_s = time.monotonic() - began_at
            cost = {
                name: (process.cpu_s() - begun[name]) * 1_000 / lasted_s / sessions
                for name, process in both.items()
            }
            yield cost[seen.name], cost["unseen"]


def main() -> int:
    """Print each pair and their median; 1 when what is promised does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.observed", description=__doc__)
    parser.add_argument("--sessions", type=int, default=40, help="of each of the two services")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each measurement")
    parser.add_argument("--pairs", type=int, default=4, help="how often two fresh processes are compared")
    parser.add_argument("--and", dest="more", choices=_MORE, default="nothing", help="what is off by default")
    options = parser.parse_args()
    network = places.own_network([sys.executable, "-m", "benchmarks.observed", *sys.argv[1:]])
    seen = replace(SERVICE, name="seen", settings={**SERVICE.settings, **_SEEN, **_MORE[options.more]})
    print(f"{options.sessions} sessions each, the model speaks half the time; network: {network}")
    shares = []
    for seen_ms, unseen_ms in ratios(seen, options.sessions, options.seconds, options.pairs):
        shares.append(100 * (seen_ms / unseen_ms - 1))
        print(
            f"seen {seen_ms:.3f} ms/s, unseen {unseen_ms:.3f} ms/s a session: {shares[-1]:+.1f} %", flush=True
        )
    median = statistics.median(shares)
    print(f"median {median:+.1f} % (promised: {_PROMISED_PERCENT:g} % without traces and recordings)")
    return int(options.more == "nothing" and median > _PROMISED_PERCENT)


if __name__ == "__main__":
    sys.exit(main())
