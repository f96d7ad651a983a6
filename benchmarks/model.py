"""`python -m benchmarks.model`: the emulator with a conversation that only speaks, for load.

It decodes no speech and waits for no turn. While it speaks it sends 25 stamped pieces of audio a second, exactly in
real time; what it hears it looks at only for the sender's stamp. Transport, framing and flow control are the
emulator's own. SIGUSR1 starts a measurement, SIGUSR2 prints what was measured since, as one line of JSON.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pybase64
import uvloop

from benchmarks.stamps import STAMP_BYTES, Delays, delay_ms, stamp
from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET, Account
from emulators.nova_sonic.brains.ports import Brain
from emulators.nova_sonic.brains.scripted import ScriptedBrain
from emulators.nova_sonic.certificate import ensure_certificates, utc_now
from emulators.nova_sonic.conversation.effects import Effect, Emit, EndStream
from emulators.nova_sonic.conversation.machine import Conversation
from emulators.nova_sonic.conversation.output_events import OutputEvents
from emulators.nova_sonic.emulator import Dials, Emulator
from emulators.nova_sonic.fault_plan import FaultPlan
from emulators.nova_sonic.profiles import Profile, load_profiles
from emulators.nova_sonic.scenarios import load_scenario
from emulators.nova_sonic.server import Addresses, Ready, serve

PIECE_S: Final = 0.04
_RATE_HZ: Final = 24_000
_REST: Final = bytes(int(_RATE_HZ * PIECE_S) * 2 - STAMP_BYTES)
_AUDIO: Final = b'"audioInput"'
_CONTENT: Final = b'"content":"'
# Enough base64 for one stamp: 24 characters carry 18 bytes.
_STAMP_CHARACTERS: Final = 24
_QUOTA: Final = 100_000
_NOTHING: Final[Sequence[Effect]] = ()


class LoadConversation(Conversation):
    """Speaks `speaks_s` out of every `period_s`; hears only stamps."""

    def __init__(self, *, heard: Delays, opened_at: float, speaks_s: float, period_s: float) -> None:
        # Nothing of the real conversation is used; only its questions are answered.
        self._heard = heard
        self._speaks_s = speaks_s
        self._period_s = period_s
        self._begun_at: float | None = None
        self._next_at = opened_at + 3600.0
        self._speaks_until = 0.0
        self._events: OutputEvents | None = None
        self._content_id = ""
        self._ended = False

    @property
    def deadline(self) -> float | None:
        return None if self._ended else self._next_at

    def receive(self, payload: bytes, now: float) -> Sequence[Effect]:
        if _AUDIO in payload[:64]:
            start = payload.find(_CONTENT) + len(_CONTENT)
            delay = delay_ms(pybase64.b64decode(payload[start : start + _STAMP_CHARACTERS]))
            if delay is not None:
                self._heard.add(delay)
                if self._begun_at is None:  # the client speaks: so does the model, from now on
                    self._begun_at = self._next_at = now
            return _NOTHING
        if b'"sessionEnd"' in payload[:64]:
            self._ended = True
            return (EndStream(),)
        return _NOTHING

    def input_ended(self, now: float) -> Sequence[Effect]:  # noqa: ARG002 - the question it answers gives it
        self._ended = True
        return (EndStream(),)

    def tick(self, now: float) -> Sequence[Effect]:
        effects: list[Effect] = []
        while not self._ended and self._next_at <= now:
            effects.extend(self._speak())
        return effects

    def _speak(self) -> list[Effect]:
        if self._events is None:
            self._events = OutputEvents(
                session_id=str(uuid.uuid4()),
                prompt_name="load",
                completion_id=str(uuid.uuid4()),
                with_role=False,
            )
            self._content_id = str(uuid.uuid4())
            self._speaks_until = self._next_at + self._speaks_s
            start = [self._events.completion_start(), self._events.audio_start(self._content_id, _RATE_HZ)]
            return [Emit(payload=payload) for payload in start]
        if self._next_at >= self._speaks_until:
            end = [
                self._events.content_end(self._content_id, "AUDIO", "END_TURN"),
                self._events.completion_end(),
            ]
            self._events = None
            self._next_at += self._period_s - self._speaks_s
            return [Emit(payload=payload) for payload in end]
        self._next_at += PIECE_S
        return [Emit(payload=self._events.audio(self._content_id, stamp() + _REST))]


class LoadEmulator(Emulator):
    """An emulator whose streams all carry load."""

    heard: Delays
    speaks_s: float
    period_s: float

    def conversation(self, profile: Profile, brain: Brain, *, opened_at: float) -> Conversation:  # noqa: ARG002 - a real conversation needs them
        return LoadConversation(
            heard=self.heard, opened_at=opened_at, speaks_s=self.speaks_s, period_s=self.period_s
        )


async def _serve(options: argparse.Namespace) -> None:
    files = ensure_certificates(options.state_dir, now=utc_now(), extra_hosts=())
    scenario = load_scenario("default")
    emulator = LoadEmulator(
        account=Account(credentials={DEFAULT_ACCESS_KEY: DEFAULT_SECRET}, quota=_QUOTA),
        dials=Dials(
            profiles=load_profiles(),
            make_brain=lambda: ScriptedBrain(scenario),
            brain_name="load",
            scenario=None,
            # Its own share of the machine should stay small; the service signs all the same.
            verify=False,
        ),
        faults=FaultPlan([]),
        executor=ThreadPoolExecutor(1),
    )
    emulator.heard = Delays()
    emulator.speaks_s = options.speaks
    emulator.period_s = options.period
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, emulator.heard.clear)
    loop.add_signal_handler(signal.SIGUSR2, lambda: print(json.dumps(emulator.heard.as_json()), flush=True))

    def announce(ready: Ready) -> None:
        print(f"ready {ready.endpoint} ca={files.authority.absolute()}", flush=True)

    await serve(
        emulator,
        Addresses(host="localhost", port=0, control_host="127.0.0.1", control_port=0),
        files.server_context(),
        announce=announce,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument(
        "--speaks", type=float, default=3600.0, help="seconds of each period in which it speaks"
    )
    parser.add_argument("--period", type=float, default=3600.0, help="length of a period in seconds")
    parser.add_argument("--state-dir", type=Path, default=Path(".run/emulator"))
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(_serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
