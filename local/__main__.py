"""`python -m local`: what `make run` and `make dev` call."""

import argparse
import asyncio
import os
import sys
import webbrowser
from pathlib import Path

from local.run import Choices, Runner


def parse(arguments: list[str]) -> Choices:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Start the assistant on this machine, with the Nova Sonic emulator instead of AWS.",
        epilog="Settings of the service (VOICE_...) may be given in the environment: VOICE_WATCHDOG_MS=1000 make run",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port of the assistant (default 8000; 0 picks a free one)"
    )
    parser.add_argument(
        "--brain", default="speech", help="how the emulator answers: speech (listens and speaks) or scripted"
    )
    parser.add_argument("--scenario", help="the story that the scripted brain follows; see docs/emulator.md")
    parser.add_argument("--no-page", action="store_true", help="do not serve the page")
    parser.add_argument(
        "--dev-page", action="store_true", help="serve the page by Vite, reloading as it is edited"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the default browser")
    parser.add_argument(
        "--print-ready", action="store_true", help="end with a line `ready <address>`, for programs"
    )
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.port <= 65535:
        parser.error(f"--port {chosen.port} is not a port; ports go from 0 to 65535")
    return Choices(
        root=Path(__file__).resolve().parent.parent,
        port=chosen.port,
        brain="scripted" if chosen.scenario else chosen.brain,
        scenario=chosen.scenario,
        page=not chosen.no_page and not chosen.dev_page,
        dev_page=chosen.dev_page,
        print_ready=chosen.print_ready,
        open_page=webbrowser.open if chosen.open else None,
    )


def main() -> int:
    return asyncio.run(Runner(parse(sys.argv[1:]), environment=os.environ, screen=sys.stdout).run())


if __name__ == "__main__":
    sys.exit(main())
