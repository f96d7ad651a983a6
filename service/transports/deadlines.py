"""How long each wait on the model may take, on whichever way to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each wait on the model may take."""

    connect_s: float = 5.0
    credentials_s: float = 10.0
    accept_s: float = 10.0
    send_s: float = 20.0
    close_s: float = 5.0
    # After the connection was closed CRT ends the stream at once; this bounds its failure to do so.
    abort_s: float = 2.0
    # A failed send and the reason for it arrive in either order.
    reason_s: float = 0.5
