"""Asks the ECS agent beside this task to protect it while somebody talks (`policies.protection`).

The agent is at `$ECS_AGENT_URI`; the role needs `ecs:GetTaskProtection` and `ecs:UpdateTaskProtection`. Whatever it
answers, or does not, no session notices.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp
import orjson

from service.metrics.logs import logger
from service.policies.protection import ProtectionPolicy

AGENT_VARIABLE: Final = "ECS_AGENT_URI"
_PATH: Final = "/task-protection/v1/state"
_TIMEOUT_S: Final = 2.0
_LOOK_EVERY_S: Final = 1.0
_MAX_BYTES: Final = 16_384
_log = logger("service.task_protection")


class AgentFailedError(Exception):
    """Raised when the agent did not do it; the sentence says why."""


class Agent(Protocol):
    """Whoever protects this task."""

    async def protect(self, *, enabled: bool, expires_min: int) -> None:
        """Protect it for so long, or no more; raises AgentFailedError."""


class EcsAgent:
    """The agent's HTTP side, as the ECS Developer Guide describes it ("task scale-in protection endpoint")."""

    def __init__(self, uri: str) -> None:
        self._url = uri.rstrip("/") + _PATH

    async def protect(self, *, enabled: bool, expires_min: int) -> None:
        """See the port; one request every few minutes is not worth a connection that stays."""
        wanted: dict[str, object] = {"ProtectionEnabled": enabled}
        if enabled:
            wanted["ExpiresInMinutes"] = expires_min
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as http,
                http.put(
                    self._url, data=orjson.dumps(wanted), headers={"Content-Type": "application/json"}
                ) as answer,
            ):
                body = await answer.content.read(_MAX_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise AgentFailedError(f"it cannot be reached: {type(error).__name__}") from error
        if answer.status != HTTPStatus.OK or not _is_protection(body):
            raise AgentFailedError(f"it answered {answer.status}: {body[:200].decode(errors='replace')}")


def _is_protection(body: bytes) -> bool:
    """An answer has `protection`, or `failure` (ECS refused) or `error` (the request was no good)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and "protection" in document and not document.get("failure")


class TaskProtection:
    """Keeps the task protected while there are sessions."""

    def __init__(self, agent: Agent, policy: ProtectionPolicy, *, clock: Callable[[], float]) -> None:
        self._agent = agent
        self._policy = policy
        self._clock = clock
        self._failures = 0

    async def run(self, sessions: Callable[[], int], draining: Callable[[], bool]) -> None:
        """Until cancelled."""
        while True:
            await self.look(sessions=sessions(), draining=draining())
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self, *, sessions: int, draining: bool) -> None:
        """Ask, if there is something to ask."""
        wanted = self._policy.due(sessions=sessions, draining=draining, now=self._clock())
        if wanted is None:
            return
        try:
            await self._agent.protect(enabled=wanted, expires_min=self._policy.terms.expires_min)
        except AgentFailedError as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - protection is an extra; nothing may end for want of it
            self._failed(type(error).__name__)
        else:
            self._failures = 0
            self._policy.answered(wanted, self._clock(), well=True)
            return
        self._policy.answered(wanted, self._clock(), well=False)

    def _failed(self, reason: str) -> None:
        self._failures += 1
        if self._failures == 1:
            # Once, and not every few seconds for as long as it lasts.
            _log.warning("the task cannot be protected; it goes on without", reason=reason)
