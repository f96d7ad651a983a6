"""On loopback everybody is the owner of the machine."""

from service.auth.loopback import OWNER, LoopbackAuthenticator


async def test_every_request_is_the_owners() -> None:
    assert OWNER is await LoopbackAuthenticator().authenticate(headers={}, subprotocols=())
