"""The emulator as one object: who may come in, what a new stream gets, and everything the control endpoint can turn."""

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from emulators.nova_sonic.account import QUOTA_MESSAGE, Account
from emulators.nova_sonic.brains.ports import Brain
from emulators.nova_sonic.brains.scripted import ScriptedBrain
from emulators.nova_sonic.conversation.machine import Conversation
from emulators.nova_sonic.fault_plan import FaultPlan
from emulators.nova_sonic.fault_tables import parse_faults
from emulators.nova_sonic.faults import Fault
from emulators.nova_sonic.profiles import Profile
from emulators.nova_sonic.scenarios import Scenario
from emulators.nova_sonic.stream import INTERNAL_MESSAGE, BidirectionalStream, StreamTerms
from emulators.nova_sonic.wire.exchange import Exchange, RequestHead, ResponseWriter
from emulators.nova_sonic.wire.http2 import Http2Connection
from emulators.nova_sonic.wire.responses import ApiException, error_response
from emulators.nova_sonic.wire.signature import (
    ChunkChain,
    SignatureRefusedError,
    SignedRequest,
    parse_authorization,
    verify_request,
)

_OPERATION: Final = re.compile(r"/model/(?P<model>[^/?]+)/invoke-with-bidirectional-stream(\?.*)?")
_UNKNOWN_MODEL: Final = "The provided model identifier is invalid."

log = logging.getLogger(__name__)


class _RefusedError(Exception):
    """A request is answered with an exception instead of a stream."""

    def __init__(self, exception: str, message: str) -> None:
        super().__init__(message)
        self.exception = exception
        self.message = message


@dataclass(slots=True, kw_only=True)
class Dials:
    """What may be turned while the emulator runs; a stream keeps what held when it opened."""

    profiles: Mapping[str, Profile]
    """By model id; a model that is not here does not exist."""
    make_brain: Callable[[], Brain]
    brain_name: str
    scenario: Scenario | None
    """None when the brain needs no script."""
    time_scale: float = 1.0
    verify: bool = True
    max_streams: int = 100


class Emulator:
    """Takes requests and makes streams of them."""

    def __init__(self, *, account: Account, dials: Dials, faults: FaultPlan, executor: Executor) -> None:
        self.account = account
        self.dials = dials
        self.faults = faults
        self.executor = executor
        self._streams: set[BidirectionalStream] = set()
        self._connections: set[Http2Connection] = set()

    # Connections and streams.

    def connection(self) -> Http2Connection:
        """Make the protocol of a new connection; for `loop.create_server`."""
        self.account.counters.connections += 1
        limit = self.faults.take_stream_limit()
        connection = Http2Connection(
            accept=self.accept,
            max_streams=self.dials.max_streams if limit is None else limit,
            closed=self._connections.discard,
        )
        self._connections.add(connection)
        return connection

    def accept(self, head: RequestHead, writer: ResponseWriter) -> Exchange | None:
        """Open a stream, or answer at once why not."""
        request_id = str(uuid.uuid4())
        try:
            return self._open(head, writer, request_id)
        except (_RefusedError, SignatureRefusedError) as refusal:
            log.info("request %s refused: %s: %s", request_id, refusal.exception, refusal.message)
            exception, message = refusal.exception, refusal.message
        except Exception:
            log.exception("request %s: the stream could not be made", request_id)
            exception, message = ApiException.INTERNAL_SERVER.title, INTERNAL_MESSAGE
        self.account.counters.streams_refused += 1
        self.account.counters.exceptions[exception] += 1
        error = error_response(exception, message, request_id=request_id)
        writer.start(error.status, error.headers)
        writer.write(error.body)
        writer.end()
        return None

    def conversation(self, profile: Profile, brain: Brain, *, opened_at: float) -> Conversation:
        """Make the model's side of a new stream; a load test overrides this with one that has no turns."""
        return Conversation(
            profile=profile,
            brain=brain,
            new_id=lambda: str(uuid.uuid4()),
            opened_at=opened_at,
            # The dial says how fast time passes; the conversation takes the factor on its spans.
            time_scale=1.0 / self.dials.time_scale,
        )

    def stream_over(self, stream: BidirectionalStream) -> None:
        """Give back what the stream held of the account."""
        self._streams.discard(stream)
        self.account.give_back_stream()

    def close(self) -> None:
        """Say goodbye to every client."""
        for connection in list(self._connections):
            connection.close()

    # The dials.

    def use_scenario(self, scenario: Scenario) -> None:
        """Play this script from the next stream on, with its faults and no others; `FaultError` changes nothing."""
        faults = parse_faults(scenario.faults, where=f"scenario {scenario.name!r}, fault")
        self.faults = FaultPlan(faults)
        self.dials.scenario = scenario
        self.dials.make_brain = lambda: ScriptedBrain(scenario)

    def strike_now(self, fault: Fault) -> int:
        """Let a fault happen to streams that are open; return how many it hit."""
        hit = [stream for stream in list(self._streams) if not stream.over][: fault.count]
        for stream in hit:
            stream.strike([fault.action])
        return len(hit)

    def status(self) -> Mapping[str, object]:
        """Everything there is to know, for `GET /status`."""
        dials = self.dials
        return {
            "brain": dials.brain_name,
            "scenario": dials.scenario.name if dials.scenario else None,
            "models": sorted(dials.profiles),
            "timeScale": dials.time_scale,
            "verifySignatures": dials.verify,
            "quota": self.account.quota,
            "openStreams": self.account.open_streams,
            "streams": [stream.as_json() for stream in self._streams],
            "counters": self.account.counters.as_json(),
            "faults": self.faults.as_json(),
        }

    # The front door, in the order AWS asks: which operation, who, which model, how many.

    def _open(self, head: RequestHead, writer: ResponseWriter, request_id: str) -> Exchange:
        operation = _OPERATION.fullmatch(head.path)
        if operation is None or head.method != "POST":
            raise _RefusedError(
                "UnknownOperationException",
                f"This emulator serves POST /model/MODEL-ID/invoke-with-bidirectional-stream, not {head.method} "
                f"{head.path[:200]}",
            )
        access_key, chain = self._authenticate(head)
        model_id = unquote(operation["model"]).rpartition("foundation-model/")[2]
        profile = self.dials.profiles.get(model_id)
        if profile is None:
            raise _RefusedError(ApiException.VALIDATION.title, _UNKNOWN_MODEL)
        loop = asyncio.get_running_loop()
        brain = self.dials.make_brain()
        conversation = self.conversation(profile, brain, opened_at=loop.time())
        if not self.account.take_stream():
            raise _RefusedError(ApiException.THROTTLING.title, QUOTA_MESSAGE)
        stream = BidirectionalStream(
            terms=StreamTerms(
                request_id=request_id,
                model_id=model_id,
                access_key=access_key,
                padding=profile.switches.padding_key,
            ),
            owner=self,
            writer=writer,
            chain=chain,
            conversation=conversation,
            brain=brain,
            loop=loop,
        )
        self._streams.add(stream)
        log.info("stream %s open: %s for %s", request_id, model_id, access_key)
        stream.strike(self.faults.take_at_open())
        return stream

    def _authenticate(self, head: RequestHead) -> tuple[str, ChunkChain | None]:
        if not self.dials.verify:
            return "not verified", None
        request = SignedRequest(method=head.method, path=head.path, headers=head.headers)
        try:
            chain = verify_request(request, secrets=self.account.credentials, now=datetime.now(UTC))
        except SignatureRefusedError:
            self.account.counters.signatures_refused += 1
            raise
        return parse_authorization(head.headers).access_key, chain
