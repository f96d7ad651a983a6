"""The control endpoint: what the emulator is doing, and its dials, as JSON over plain HTTP/1.1.

Rule 1: it answers everything; a request it does not understand gets a problem document (RFC 9457) that names the mistake.
Rule 2: it is for the people on this machine: no page of another origin can use it, for it insists on a JSON body and,
        on a loopback address, on a loopback `Host`.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import h11
import orjson

from emulators.nova_sonic.emulator import Emulator
from emulators.nova_sonic.fault_tables import FaultError, parse_fault
from emulators.nova_sonic.faults import LimitStreams, Now
from emulators.nova_sonic.profiles import ProfileError
from emulators.nova_sonic.scenarios import ScenarioError, load_scenario, parse_scenario, scenario_names

MAX_BODY_BYTES: Final = 1_048_576
_LOOPBACK_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a status and a JSON value."""

    status: HTTPStatus = HTTPStatus.OK
    body: object


class _ProblemError(Exception):
    """The request cannot be done; the client gets this status and sentence."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Control:
    """The routes."""

    def __init__(self, emulator: Emulator, *, endpoint: str) -> None:
        self._emulator = emulator
        self._endpoint = endpoint
        self._routes: Mapping[str, Mapping[str, Callable[[object], Reply]]] = {
            "/health": {"GET": self._health},
            "/status": {"GET": self._status},
            "/faults": {"GET": self._faults, "POST": self._arm, "DELETE": self._disarm_all},
            "/scenarios": {"GET": self._scenarios},
            "/scenario": {"POST": self._use_scenario},
            "/quota": {"POST": self._set_quota},
            "/time-scale": {"POST": self._set_time_scale},
            "/switches": {"POST": self._set_switches},
            "/credentials": {"POST": self._add_credentials},
        }

    def answer(self, method: str, target: str, body: bytes) -> Reply:
        """Do one request; every mistake becomes a problem document."""
        try:
            return self._dispatch(method, target.partition("?")[0], body)
        except _ProblemError as problem:
            return problem_reply(problem.status, problem.detail)
        except (FaultError, ProfileError, ScenarioError) as error:
            return problem_reply(HTTPStatus.BAD_REQUEST, str(error))
        except Exception:
            log.exception("the control endpoint failed on %s %s", method, target)
            return problem_reply(
                HTTPStatus.INTERNAL_SERVER_ERROR, "The emulator itself failed; its log says how."
            )

    def _dispatch(self, method: str, path: str, body: bytes) -> Reply:
        one = re.fullmatch(r"/faults/(\d+)", path)
        if one is not None and method == "DELETE":
            return self._disarm(int(one[1]))
        methods = self._routes.get(path)
        if methods is None:
            raise _ProblemError(
                HTTPStatus.NOT_FOUND, f"nothing at {path}; there is {', '.join(self._routes)}"
            )
        route = methods.get(method)
        if route is None:
            raise _ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {' and '.join(methods)}")
        if method != "POST":
            return route(None)
        try:
            return route(orjson.loads(body))
        except orjson.JSONDecodeError as error:
            raise _ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error

    def _health(self, _body: object) -> Reply:
        return Reply(
            body={"status": "ok", "endpoint": self._endpoint, "brain": self._emulator.dials.brain_name}
        )

    def _status(self, _body: object) -> Reply:
        return Reply(body={"endpoint": self._endpoint, **self._emulator.status()})

    def _faults(self, _body: object) -> Reply:
        return Reply(body=self._emulator.faults.as_json())

    def _arm(self, body: object) -> Reply:
        tables = body if isinstance(body, list) else [body]
        faults = [
            parse_fault(_table(table), live=True) for table in tables
        ]  # all are understood before one is armed
        hit = 0
        for fault in faults:
            if isinstance(fault.moment, Now):
                if isinstance(fault.action, LimitStreams):
                    raise _ProblemError(
                        HTTPStatus.BAD_REQUEST, "limit-streams happens to new connections only"
                    )
                hit += self._emulator.strike_now(fault)
            else:
                self._emulator.faults.arm(fault)
        return Reply(status=HTTPStatus.CREATED, body={"hit": hit, "faults": self._emulator.faults.as_json()})

    def _disarm_all(self, _body: object) -> Reply:
        return Reply(body={"disarmed": self._emulator.faults.clear()})

    def _disarm(self, number: int) -> Reply:
        if not self._emulator.faults.clear(number):
            raise _ProblemError(HTTPStatus.NOT_FOUND, f"no fault has the number {number}")
        return Reply(body={"disarmed": 1})

    def _scenarios(self, _body: object) -> Reply:
        return Reply(body=[{"name": name, "about": load_scenario(name).about} for name in scenario_names()])

    def _use_scenario(self, body: object) -> Reply:
        table = _table(body)
        if self._emulator.dials.scenario is None:
            raise _ProblemError(
                HTTPStatus.CONFLICT, "scenarios are for the scripted brain; start with --brain scripted"
            )
        match table:
            case {"name": str(name)} if len(table) == 1:
                scenario = load_scenario(name)
            case {"toml": str(text)} if len(table) == 1:
                scenario = parse_scenario(text, "posted.toml")
            case _:
                raise _ProblemError(
                    HTTPStatus.BAD_REQUEST, 'give {"name": a scenario or file} or {"toml": its text}'
                )
        self._emulator.use_scenario(scenario)
        return Reply(body={"scenario": scenario.name, "faults": self._emulator.faults.as_json()})

    def _set_quota(self, body: object) -> Reply:
        match body:
            case {"streams": int(streams)} if streams >= 0 and streams is not True:
                self._emulator.account.quota = streams
                return Reply(body={"quota": streams})
            case _:
                raise _ProblemError(HTTPStatus.BAD_REQUEST, 'give {"streams": a whole number}')

    def _set_time_scale(self, body: object) -> Reply:
        match body:
            case {"scale": int() | float() as scale} if 0 < scale < float("inf") and scale is not True:
                self._emulator.dials.time_scale = float(scale)
                return Reply(body={"timeScale": scale})
            case _:
                raise _ProblemError(HTTPStatus.BAD_REQUEST, 'give {"scale": a number above 0}')

    def _set_switches(self, body: object) -> Reply:
        dials, switches = self._emulator.dials, _table(body)
        dials.profiles = {
            model_id: profile.with_switches(**switches) for model_id, profile in dials.profiles.items()
        }
        return Reply(body={"switches": switches})

    def _add_credentials(self, body: object) -> Reply:
        match body:
            case {"accessKey": str(key), "secret": str(secret)} if key and secret:
                self._emulator.account.credentials[key] = secret
            case {"accessKey": str(key), "secret": None} if key in self._emulator.account.credentials:
                del self._emulator.account.credentials[key]
            case _:
                raise _ProblemError(
                    HTTPStatus.BAD_REQUEST,
                    'give {"accessKey": "...", "secret": "..."}; secret null revokes a key',
                )
        return Reply(body={"accessKeys": sorted(self._emulator.account.credentials)})


class ControlConnection(asyncio.Protocol):
    """One HTTP/1.1 connection to the control endpoint."""

    def __init__(self, control: Control, *, loopback: bool) -> None:
        self._control = control
        self._loopback = loopback
        self._http = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # a stream server makes no other; uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self._send(problem_reply(HTTPStatus.BAD_REQUEST, f"not HTTP/1.1: {error}"))
            self._transport.close()

    def eof_received(self) -> None:
        self._transport.close()

    def _read(self) -> None:
        while True:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    self._request, self._body = event, b""
                case h11.Data(data=data):
                    self._body += data
                    if len(self._body) > MAX_BODY_BYTES:
                        self._send(
                            problem_reply(
                                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 1 MiB"
                            )
                        )
                        self._transport.close()
                        return
                case h11.EndOfMessage() if self._request is not None:
                    self._send(self._reply(self._request))
                    if self._http.our_state is not h11.DONE:
                        self._transport.close()
                        return
                    self._http.start_next_cycle()
                case _:  # NEED_DATA, PAUSED, ConnectionClosed
                    return

    def _reply(self, request: h11.Request) -> Reply:
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
        if self._loopback and not _LOOPBACK_HOST.fullmatch(headers.get("host", "localhost")):
            return problem_reply(HTTPStatus.FORBIDDEN, "the Host header names no loopback address")
        method = request.method.decode("ascii")
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if method == "POST" and kind != "application/json":
            return problem_reply(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "POST takes content-type: application/json"
            )
        return self._control.answer(method, request.target.decode("latin-1"), self._body)

    def _send(self, reply: Reply) -> None:
        content = orjson.dumps(reply.body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        kind = "application/json" if reply.status < HTTPStatus.BAD_REQUEST else "application/problem+json"
        headers = [
            ("content-type", kind),
            ("content-length", str(len(content))),
            ("cache-control", "no-store"),
        ]
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        response = h11.Response(status_code=reply.status, headers=headers, reason=reply.status.phrase)
        for event in (response, h11.Data(data=content), h11.EndOfMessage()):
            self._transport.write(self._http.send(event) or b"")


def problem_reply(status: HTTPStatus, detail: str) -> Reply:
    """Return an RFC 9457 problem document."""
    return Reply(status=status, body={"title": status.phrase, "status": status.value, "detail": detail})


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _ProblemError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return value
