"""`python -m benchmarks.levers`: what each lever of the hot path is worth, as a ratio of CPU.

The service with everything and the service without one lever are measured in turns, so that what else happens on the
machine meets both. The page is written from the result by the next `make bench`.
"""

import argparse
import json
import statistics
import sys
from dataclasses import replace
from typing import Final

from benchmarks import page, places
from benchmarks.plan import RESULTS
from benchmarks.sessions import Profile, Span, measure
from benchmarks.subjects import SERVICE, SERVICE_JSON, SERVICE_SDK, SERVICE_SHARED, Subject
from benchmarks.without import LEVERS

_WITHOUT: Final = {
    **{name: replace(SERVICE, name=name, without=name) for name in LEVERS},
    "our own client of the model": SERVICE_SDK,
    "binary frames to the client": SERVICE_JSON,
    "one stream a connection (rejected: ten cost less, and share their loss)": SERVICE_SHARED,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.levers", description=__doc__)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    parser.add_argument("--pairs", type=int, default=2, help="how often each pair is measured")
    parser.add_argument("--only", default="", help="levers whose name contains this")
    options = parser.parse_args()
    network = places.own_network([sys.executable, "-m", "benchmarks.levers", *sys.argv[1:]])
    facts = page.this_machine(" ".join(["python -m benchmarks.levers", *sys.argv[1:]]), network)
    span = Span(settle_s=1.5, seconds=options.seconds)

    def cost(subject: Subject) -> float:
        return measure(subject, Profile.DUPLEX, options.sessions, span).ms_per_session_s

    levers = []
    for name, subject in _WITHOUT.items():
        if options.only not in name:
            continue
        pairs = [cost(subject) / cost(SERVICE) for _ in range(options.pairs)]
        levers.append({"name": name, "ratio": statistics.median(pairs), "pairs": pairs})
        print(
            f"{name}: {levers[-1]['ratio']:.2f}x without ({', '.join(f'{pair:.2f}' for pair in pairs)})",
            flush=True,
        )
    RESULTS.mkdir(exist_ok=True)
    document = {"facts": facts, "sessions": options.sessions, "levers": levers}
    (RESULTS / "levers.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
