"""The command line of the emulator: its help, and options to values."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET
from emulators.nova_sonic.fault_tables import KINDS, FaultError, parse_fault
from emulators.nova_sonic.faults import Fault
from emulators.nova_sonic.profiles import profile_names

_DESCRIPTION: Final = """\
Amazon Nova Sonic on this machine: an endpoint that an unmodified AWS SDK cannot tell from Bedrock, for
InvokeModelWithBidirectionalStream and nothing else. It needs no AWS account and no network."""

_EXAMPLES: Final = """\
examples:
  python -m emulators.nova_sonic
      scripted answers with a tone for a voice; nothing to download
  python -m emulators.nova_sonic --brain speech
      hears and speaks with models that run on this machine
  python -m emulators.nova_sonic --scenario weather-tool --time-scale 10
      plays a script ten times as fast
  python -m emulators.nova_sonic --fault "throttling count=2" --fault "cut on_output=audioOutput"
      refuses two streams, then cuts one connection at its first audio
  python -m emulators.nova_sonic --profile nova-2-sonic --switch completion_end=never
      one model only, with one uncertain behaviour the other way round

a client then needs three things:
  endpoint      https://localhost:8443
  trust         SSL_CERT_FILE=.run/emulator/ca.pem (Python), NODE_EXTRA_CA_CERTS=... (JavaScript)
  credentials   AWS_ACCESS_KEY_ID={key}
                AWS_SECRET_ACCESS_KEY={secret}

docs/emulator.md tells the rest.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser; one group of options per question a reader has."""
    result = argparse.ArgumentParser(
        prog="python -m emulators.nova_sonic",
        usage="%(prog)s [options]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES.format(key=DEFAULT_ACCESS_KEY, secret=DEFAULT_SECRET),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    where = result.add_argument_group("where it listens")
    where.add_argument("--host", default="localhost", help="address of the endpoint (default: localhost)")
    where.add_argument(
        "--port", type=_port, default=8443, help="its port, 0 for any free one (default: 8443)"
    )
    where.add_argument(
        "--control-host", default="127.0.0.1", help="address of the control endpoint (default: 127.0.0.1)"
    )
    where.add_argument(
        "--control-port", type=_port, default=8444, help="its port, 0 for any free one (default: 8444)"
    )
    where.add_argument(
        "--state-dir",
        type=Path,
        default=Path(".run/emulator"),
        metavar="DIR",
        help="keeps the certificate authority, DIR/ca.pem (default: .run/emulator)",
    )

    what = result.add_argument_group("what it plays")
    what.add_argument(
        "--brain", choices=("scripted", "speech"), default="scripted", help="who answers (default: scripted)"
    )
    what.add_argument(
        "--scenario", metavar="NAME|FILE", help="the script, by name or as a .toml file (default: default)"
    )
    what.add_argument(
        "--list-scenarios", action="store_true", help="list the scripts that come along, and exit"
    )
    what.add_argument(
        "--profile",
        choices=profile_names(),
        help="serve the models of one profile only (default: every model that is known)",
    )
    what.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="turn an uncertain behaviour the other way (repeatable)",
    )
    what.add_argument(
        "--time-scale",
        type=_scale,
        default=1.0,
        metavar="N",
        help="let time limits and pauses pass N times as fast",
    )

    who = result.add_argument_group("the account it plays")
    who.add_argument(
        "--credentials",
        type=_credentials,
        action="append",
        default=[],
        metavar="KEY=SECRET",
        help=f"an access key that may call (repeatable; default: {DEFAULT_ACCESS_KEY})",
    )
    who.add_argument(
        "--no-verify", action="store_true", help="let everybody in and check no signature, for load tests"
    )
    who.add_argument(
        "--quota",
        type=_count,
        metavar="N",
        help="concurrent streams of the account (default: the profile's, 20)",
    )
    who.add_argument(
        "--max-streams", type=_count, default=100, metavar="N", help="streams per connection (default: 100)"
    )

    wrong = result.add_argument_group("what goes wrong")
    wrong.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="FAULT",
        help='as JSON or as "KIND key=value ..." (repeatable); kinds: ' + ", ".join(sorted(KINDS)),
    )

    result.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what stderr tells (default: info)",
    )
    return result


def fault_table(text: str) -> Mapping[str, object]:
    """Read a fault written as a JSON object or as `KIND key=value ...`; raise `FaultError`."""
    if text.lstrip().startswith("{"):
        try:
            table = json.loads(text)
        except json.JSONDecodeError as error:
            raise FaultError(f"fault {text!r} is not JSON: {error}") from error
        if not isinstance(table, dict):
            raise FaultError(f"fault {text!r} is not a JSON object")
        return table
    words = text.split()
    if not words or "=" in words[0]:
        raise FaultError(f'fault {text!r} must begin with its kind, as in "throttling count=2"')
    table = {"kind": words[0]}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals:
            raise FaultError(f"fault {text!r}: {word!r} is not key=value")
        try:
            table[name] = json.loads(value)
        except json.JSONDecodeError:
            table[name] = value
    return table


def _fault(text: str) -> Fault:
    try:
        return parse_fault(fault_table(text), where=f"fault {text!r}")
    except FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return scale


def _credentials(text: str) -> tuple[str, str]:
    key, _, secret = text.partition("=")
    if not key or not secret or "/" in key:
        raise argparse.ArgumentTypeError("write an access key and its secret as KEY=SECRET")
    return key, secret
