"""`python -m benchmarks`: what `make bench` and `make bench-peers` call. Measures, and writes docs/performance.md."""

import argparse
import sys
from functools import partial
from typing import Final

from benchmarks import page, places
from benchmarks.plan import RESULTS, Results, Run
from benchmarks.processes import PEERS
from benchmarks.sessions import Span
from benchmarks.subjects import PEERS_ALL, SERVICE

_SERVICE_FILE: Final = RESULTS / "service.json"
_PEERS_FILE: Final = RESULTS / "peers.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure the peers as well, in the same run")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    parser.add_argument("--settle", type=float, default=2.0, help="seconds to wait before it")
    parser.add_argument("--page-only", action="store_true", help="write the page anew from what was measured")
    options = parser.parse_args()
    if not options.page_only:
        network = places.own_network([sys.executable, "-m", "benchmarks", *sys.argv[1:]])
        command = " ".join(["python -m benchmarks", *sys.argv[1:]])
        facts = page.this_machine(command, network)
        run = Run(
            results=Results(facts=facts),
            span=Span(settle_s=options.settle, seconds=options.seconds),
            tell=partial(print, flush=True),
        )
        if options.peers:
            missing = [
                peer.name for peer in PEERS_ALL if not (PEERS / str(peer.peer) / "bin/python").exists()
            ]
            if missing:
                print(f"not installed: {', '.join(missing)}; `make bench-peers` does that", file=sys.stderr)
                return 2
            run.peers()
            run.quota((SERVICE, *PEERS_ALL))
        else:
            run.service()
            run.quota((SERVICE,))
        run.results.write(_PEERS_FILE if options.peers else _SERVICE_FILE)
    written = page.write(
        service=Results.read(_SERVICE_FILE) if _SERVICE_FILE.exists() else None,
        peers=Results.read(_PEERS_FILE) if _PEERS_FILE.exists() else None,
    )
    print(f"\nwritten: {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
