"""The task is protected while somebody talks, by an agent that answers as the ECS Developer Guide shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from service.policies.protection import ProtectionPolicy
from service.task_protection import AgentFailedError, EcsAgent, TaskProtection

TASK = "arn:aws:ecs:us-east-1:111122223333:task/voice/1dc5c17a422b4dc4b493371970c6c4d6"


@dataclass
class FakeAgent:
    """The documented endpoint: strict about what it is asked, and silent about nothing."""

    is_protected: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False
    says: tuple[int, str] | None = None

    async def put(self, request: web.Request) -> web.Response:
        if self.says is not None:
            return web.Response(status=self.says[0], text=self.says[1])
        wanted = await request.json()
        self.asked.append(wanted)
        minutes = wanted.get("ExpiresInMinutes", 120)
        is_good = wanted.keys() <= {"ProtectionEnabled", "ExpiresInMinutes"}
        if not is_good or not isinstance(wanted["ProtectionEnabled"], bool) or not 1 <= minutes <= 2_880:
            error = {"Arn": TASK, "Code": "InvalidParameterException", "Message": "no"}
            return web.json_response({"requestID": "1", "error": error}, status=400)
        if self.refuses:
            failure = {
                "Arn": TASK,
                "Detail": None,
                "Reason": "DEPLOYMENT_BLOCKED",
            }
            return web.json_response({"requestID": "1", "failure": failure})
        self.is_protected = wanted["ProtectionEnabled"]
        protection = {"ExpirationDate": None, "ProtectionEnabled": self.is_protected, "TaskArn": TASK}
        return web.json_response({"requestID": "1", "protection": protection})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[EcsAgent]:
        app = web.Application()
        app.router.add_put("/api/token/task-protection/v1/state", self.put)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield EcsAgent(f"http://127.0.0.1:{runner.addresses[0][1]}/api/token")
        finally:
            await runner.cleanup()


async def test_protection_is_asked_for_with_a_time_and_given_back_without_one() -> None:
    fake, now = FakeAgent(), [0.0]
    async with fake.serving() as agent:
        protection = TaskProtection(agent, ProtectionPolicy(), clock=lambda: now[0])
        await protection.look(sessions=1, draining=False)
        states = [fake.is_protected]
        now[0] = 1.0
        await protection.look(sessions=1, draining=True)

    assert [True, False] == [*states, fake.is_protected]
    assert [{"ProtectionEnabled": True, "ExpiresInMinutes": 10}, {"ProtectionEnabled": False}] == fake.asked


@pytest.mark.parametrize(
    "fake",
    [
        FakeAgent(refuses=True),
        FakeAgent(says=(500, "oh")),
        FakeAgent(says=(200, "<html>")),
        FakeAgent(says=(200, "[]")),
    ],
    ids=["ECS refuses", "a fault", "no JSON", "not that JSON"],
)
async def test_an_agent_that_does_not_do_it_is_said_to_have_failed(fake: FakeAgent) -> None:
    async with fake.serving() as agent:
        with pytest.raises(AgentFailedError, match="it answered"):
            await agent.protect(enabled=True, expires_min=10)


async def test_an_agent_that_is_not_there_disturbs_nobody_and_is_asked_again() -> None:
    fake, now = FakeAgent(), [0.0]
    async with fake.serving() as agent:
        pass
    protection = TaskProtection(agent, ProtectionPolicy(), clock=lambda: now[0])
    await protection.look(sessions=1, draining=False)
    async with fake.serving() as there:
        protection._agent = there
        now[0] = 20.0
        await protection.look(sessions=1, draining=False)

    assert fake.is_protected
