"""Sign-in at the edge of the service: tickets over REST, proofs at the handshake, renewal and revocation in a session."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.auth.ports import SignInUnavailableError
from service.metrics.counters import Counters
from tests.service.fake_model import FakeModel
from tests.service.fake_sign_in import NOW, SETTINGS, FakeRevocation, FakeVerifier, fake_sign_in
from tests.service.serving import close_code, hear, refused, serving

PROBLEM = "application/problem+json"


def ticket(client: TestClient, user: str = "alice") -> str:
    answer = client.post("/api/tickets", headers={"authorization": f"Bearer {user}"})
    assert 200 == answer.status_code, answer.text
    return str(answer.json()["ticket"])


def test_a_ticket_is_got_with_a_bearer_token_and_opens_one_session() -> None:
    with serving(bearer=None) as client:
        answer = client.post("/api/tickets", headers={"authorization": "Bearer alice"})
        offer = ["voice.v1.json", f"ticket.{answer.json()['ticket']}"]
        with client.websocket_connect("/ws", subprotocols=offer) as socket:
            agreed: Any = socket.accepted_subprotocol
            socket.send_text('{"type":"start"}')
            hear(socket, "ready")
            socket.send_text('{"type":"end"}')
        again = refused(client, subprotocols=offer)

    assert (200, "no-store", 30) == (
        answer.status_code,
        answer.headers["cache-control"],
        answer.json()["expiresInS"],
    )
    assert "voice.v1.json" == agreed
    assert (401, PROBLEM, "sign_in_required") == again


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "sign_in_required"),
        ({"authorization": "Basic YTpi"}, 401, "sign_in_required"),
        ({"authorization": "Bearer nobody"}, 401, "sign_in_required"),
        ({"authorization": "Bearer guest"}, 403, "forbidden"),
        ({"authorization": "Bearer alice", "origin": "https://evil.example"}, 403, "forbidden_origin"),
        ({"authorization": "Bearer alice", "host": "evil.example"}, 403, "forbidden_host"),
    ],
)
def test_whoever_gets_no_ticket_learns_why(headers: dict[str, str], status: int, code: str) -> None:
    with serving(bearer=None) as client:
        answer = client.post("/api/tickets", headers=headers)

    assert (status, PROBLEM, code) == (
        answer.status_code,
        answer.headers["content-type"],
        answer.json()["code"],
    )
    assert (status == 401) is ("www-authenticate" in answer.headers)
    assert "no-store" == answer.headers["cache-control"]


def test_a_user_who_asks_too_often_is_told_when_to_ask_again() -> None:
    with serving() as client:
        answers = [client.post("/api/tickets") for _ in range(11)]

    assert [200] * 10 + [429] == [answer.status_code for answer in answers]
    assert "2" == answers[-1].headers["retry-after"]


@pytest.mark.parametrize("error", [SignInUnavailableError(retry_after_s=5), RuntimeError("a defect")])
def test_while_sign_in_does_not_work_nobody_comes_in(error: Exception) -> None:
    with serving(sign_in=fake_sign_in(verifier=FakeVerifier(error=error))) as client:
        client_of_the_wire = TestClient(
            client.app, raise_server_exceptions=False, headers=dict(client.headers)
        )
        answer = client_of_the_wire.post("/api/tickets")

        assert (503, PROBLEM, "sign_in_unavailable") == refused(client)
    assert answer.status_code in {500, 503}
    assert PROBLEM == answer.headers["content-type"]
    assert "defect" not in answer.text


def test_a_full_service_gives_no_ticket_either() -> None:
    with serving(max_sessions=1) as client, client.websocket_connect("/ws") as socket:
        answer = client.post("/api/tickets")
        socket.send_text('{"type":"end"}')

    assert (503, "full", "5") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["retry-after"],
    )


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "sign_in_required"),
        ({"subprotocols": ["voice.v1"]}, "sign_in_required"),
        ({"subprotocols": ["voice.v1", "ticket.unknown"]}, "sign_in_required"),
        ({"headers": {"authorization": "Bearer nobody"}}, "sign_in_required"),
    ],
)
def test_without_a_proof_there_is_no_session(options: dict[str, Any], code: str) -> None:
    counters, model = Counters(), FakeModel()
    with serving(model, counters=counters, bearer=None) as client:
        assert (401, PROBLEM, code) == refused(client, **options)
    assert 1 == counters.value("handshakes_refused", code)
    assert [] == model.streams


def test_a_foreign_page_does_not_even_use_a_ticket_up() -> None:
    with serving(bearer=None) as client:
        offer = ["voice.v1.json", f"ticket.{ticket(client)}"]
        foreign = refused(client, subprotocols=offer, headers={"origin": "https://evil.example"})
        with client.websocket_connect("/ws", subprotocols=offer) as socket:
            socket.send_text('{"type":"end"}')

    assert (403, PROBLEM, "forbidden_origin") == foreign


def test_a_sign_in_is_renewed_within_the_session() -> None:
    soon = f"alice:{NOW + 40}"
    with serving(bearer=None) as client:
        headers = {"authorization": f"Bearer {soon}"}
        with client.websocket_connect("/ws", headers=headers) as socket:
            socket.send_text('{"type":"start"}')
            hear(socket, "ready")
            socket.send_text(f'{{"type":"auth","ticket":"{ticket(client, soon)}"}}')
            refusal = hear(socket, "error")
            socket.send_text(f'{{"type":"auth","ticket":"{ticket(client, f"alice:{NOW + 90}")}"}}')
            socket.send_text('{"type":"ping","id":7}')
            pong = hear(socket, "pong")
            socket.send_text('{"type":"end"}')
            code = close_code(socket)

    assert "ticket_refused" == refusal["code"]
    assert (7, 1000) == (pong["id"], code)


def test_another_users_ticket_ends_the_session() -> None:
    with serving() as client, client.websocket_connect("/ws") as socket:
        socket.send_text('{"type":"start"}')
        hear(socket, "ready")
        socket.send_text(f'{{"type":"auth","ticket":"{ticket(client, "bob")}"}}')
        error = hear(socket, "error")

        assert ("forbidden", 4403) == (error["code"], close_code(socket))


def test_a_sign_in_that_expired_a_minute_ago_ends_the_session_at_once() -> None:
    with (
        serving(bearer=f"alice:{NOW - 60}") as client,
        client.websocket_connect("/ws") as socket,
    ):
        socket.send_text('{"type":"start"}')
        error = hear(socket, "error")

        assert ("sign_in_required", 4401) == (error["code"], close_code(socket))


def test_a_user_who_was_signed_out_loses_every_session_and_the_others_none() -> None:
    revocation = FakeRevocation()
    with serving(sign_in=fake_sign_in(revocation=revocation), bearer=None) as client:
        as_alice, as_bob = ({"authorization": f"Bearer {user}"} for user in ("alice", "bob"))
        with (
            client.websocket_connect("/ws", headers=as_alice) as first,
            client.websocket_connect("/ws", headers=as_alice) as second,
            client.websocket_connect("/ws", headers=as_bob) as other,
        ):
            revocation.revoked.add("alice")
            assert client.portal is not None
            sessions = client.app.state.sessions  # type: ignore[attr-defined]  # the client knows any ASGI application
            ended = client.portal.call(sessions.end_revoked)
            codes = [close_code(first), close_code(second)]
            other.send_text('{"type":"start"}')
            hear(other, "ready")
            other.send_text('{"type":"end"}')
            others_code = close_code(other)
            again = refused(client, headers=as_alice)

    assert (2, [4401, 4401], 1000) == (ended, codes, others_code)
    assert 401 == again[0]


def test_the_page_learns_how_to_sign_in() -> None:
    with serving(bearer=None, auth_scopes=("openid", "voice/talk")) as client:
        answer = client.get("/config.json")

    assert {
        "authority": SETTINGS["auth_issuer"],
        "clientId": SETTINGS["auth_client_ids"][0],
        "domain": SETTINGS["auth_domain"],
        "scopes": ["openid", "voice/talk", "email", "profile"],
        "adminGroup": "admins",
    } == answer.json()
    assert "no-cache" == answer.headers["cache-control"]
