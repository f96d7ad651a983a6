"""How our side of an HTTP/2 connection introduces itself: what it takes, and how much at once."""

from typing import Final

from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

STREAM_WINDOW_BYTES: Final = 1_048_576
CONNECTION_WINDOW_BYTES: Final = 16_777_216
_MAX_HEADER_LIST_BYTES: Final = 65_536


def introduce(engine: H2Connection) -> None:
    """Put the preface, our SETTINGS and a wide window into what the engine wants to send."""
    engine.local_settings = Settings(
        client=True,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: _MAX_HEADER_LIST_BYTES,
        },
    )
    engine.decoder.max_header_list_size = _MAX_HEADER_LIST_BYTES
    engine.initiate_connection()
    engine.increment_flow_control_window(CONNECTION_WINDOW_BYTES)
