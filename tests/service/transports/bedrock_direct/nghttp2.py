"""A server of libnghttp2, by ctypes: a second opinion on HTTP/2 beside h2's. None of it ships."""

import ctypes
import ctypes.util
from collections.abc import Sequence
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint32,
    c_void_p,
)
from typing import Any, Final

_DATA_FLAG_EOF: Final = 1
_SETTINGS_INITIAL_WINDOW_SIZE: Final = 4
_SETTINGS_MAX_FRAME_SIZE: Final = 5


class _Nv(ctypes.Structure):
    _fields_ = (
        ("name", c_char_p),
        ("value", c_char_p),
        ("name_bytes", c_size_t),
        ("value_bytes", c_size_t),
        ("flags", c_uint8),
    )


class _Setting(ctypes.Structure):
    _fields_ = (("id", c_int32), ("value", c_uint32))


_OnChunk = CFUNCTYPE(c_int, c_void_p, c_uint8, c_int32, POINTER(c_uint8), c_size_t, c_void_p)
_OnClose = CFUNCTYPE(c_int, c_void_p, c_int32, c_uint32, c_void_p)
_OnInvalid = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_void_p)
_Read = CFUNCTYPE(
    c_ssize_t, c_void_p, c_int32, POINTER(c_uint8), c_size_t, POINTER(c_uint32), c_void_p, c_void_p
)


class _Provider(ctypes.Structure):
    _fields_ = (("source", c_void_p), ("read", _Read))


def library() -> Any:
    """libnghttp2, or None where it is not installed."""
    name = ctypes.util.find_library("nghttp2")
    if name is None:
        return None
    loaded = ctypes.CDLL(name)
    for returns_pointer in ("nghttp2_strerror",):
        getattr(loaded, returns_pointer).restype = c_char_p
    for function in ("nghttp2_session_mem_recv", "nghttp2_session_mem_send"):
        getattr(loaded, function).restype = c_ssize_t
    return loaded


class Nghttp2Server:
    """Hears requests and their bodies; says responses of a given body in pieces of a given size."""

    def __init__(self, lib: Any, *, window_bytes: int, frame_bytes: int) -> None:
        self._lib = lib
        self._session = c_void_p()
        self.received: dict[int, bytearray] = {}
        self.closed: dict[int, int] = {}
        self.faults: list[int] = []
        self._replies: dict[int, bytearray] = {}
        self._piece_bytes = 1
        callbacks = c_void_p()
        lib.nghttp2_session_callbacks_new(ctypes.byref(callbacks))
        # ctypes frees a callback that nobody holds.
        self._held = (
            _OnChunk(self._chunk),
            _OnClose(self._close),
            _OnInvalid(self._invalid),
            _Read(self._read),
        )
        lib.nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, self._held[0])
        lib.nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, self._held[1])
        lib.nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, self._held[2])
        lib.nghttp2_session_server_new(ctypes.byref(self._session), callbacks, None)
        lib.nghttp2_session_callbacks_del(callbacks)
        settings = (_Setting * 2)(
            _Setting(_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes),
            _Setting(_SETTINGS_MAX_FRAME_SIZE, frame_bytes),
        )
        assert 0 == lib.nghttp2_submit_settings(self._session, 0, settings, c_size_t(2))

    def close(self) -> None:
        self._lib.nghttp2_session_del(self._session)

    def hear(self, data: bytes) -> int:
        """Take bytes of a client's; how many it took, or a negative error."""
        return int(self._lib.nghttp2_session_mem_recv(self._session, data, c_size_t(len(data))))

    def say(self) -> bytes:
        """What it wants to send now."""
        said = bytearray()
        while True:
            pointer = c_void_p()
            size = self._lib.nghttp2_session_mem_send(self._session, ctypes.byref(pointer))
            assert size >= 0, self._lib.nghttp2_strerror(c_int(size))
            if size == 0:
                return bytes(said)
            assert pointer.value is not None
            said += ctypes.string_at(pointer.value, size)

    def respond(
        self, stream_id: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, piece_bytes: int
    ) -> None:
        """Answer a request in DATA frames of so many bytes at most."""
        self._replies[stream_id] = bytearray(body)
        self._piece_bytes = piece_bytes
        pairs = (_Nv * len(headers))(*(_Nv(name, value, len(name), len(value), 0) for name, value in headers))
        provider = _Provider(None, self._held[3])
        assert 0 == self._lib.nghttp2_submit_response(
            self._session, c_int32(stream_id), pairs, c_size_t(len(headers)), ctypes.byref(provider)
        )

    def _chunk(self, _session: Any, _flags: int, stream_id: int, data: Any, size: int, _user: Any) -> int:
        self.received.setdefault(stream_id, bytearray()).extend(ctypes.string_at(data, size))
        return 0

    def _close(self, _session: Any, stream_id: int, code: int, _user: Any) -> int:
        self.closed[stream_id] = code
        return 0

    def _invalid(self, _session: Any, _frame: Any, code: int, _user: Any) -> int:
        self.faults.append(code)
        return 0

    def _read(
        self, _session: Any, stream_id: int, buffer: Any, room: int, flags: Any, _source: Any, _user: Any
    ) -> int:
        reply = self._replies[stream_id]
        piece = bytes(reply[: min(room, self._piece_bytes)])
        del reply[: len(piece)]
        ctypes.memmove(buffer, piece, len(piece))
        if not reply:
            flags[0] = _DATA_FLAG_EOF
        return len(piece)
