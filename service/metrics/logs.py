"""One JSON object a line on stderr: one canonical line for each session and each turn, nothing for a frame.

What a user says, hears, types or is must not reach the log. Three things see to it: our own lines carry
identifiers and numbers, a field with a `pii` segment in its key is dropped, and libraries that print payloads
at DEBUG (smithy logs each event it sends) are pinned above it, whatever level is configured.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, Protocol

import structlog

# Prefixes of loggers that print payloads, headers or addresses with query strings below these levels.
_PINNED: Final[Mapping[str, int]] = {
    "smithy_core": logging.WARNING,
    "smithy_http": logging.WARNING,
    "smithy_aws_core": logging.WARNING,
    "smithy_aws_event_stream": logging.WARNING,
    "aws_sdk_bedrock_runtime": logging.WARNING,
    "aws_sdk_signers": logging.WARNING,
    "aws_credentials_http": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    # Its outages are told once, by service.traces, and not with every batch.
    "opentelemetry": logging.CRITICAL,
    "websockets": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
}
_MAX_FIELD_CHARS: Final = 500
# What uvicorn 0.54 says at ERROR, some of it with a traceback, of every upgrade that is answered with an HTTP
# response (which is how we refuse one) and of every text that is no UTF-8 (which ends that session with 1007).
_UVICORN_NOISE: Final = frozenset(
    {
        "ASGI callable returned without completing handshake.",
        "Invalid UTF-8 sequence received from client.",
    }
)


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object:
        """Take a line, or a part of one."""

    def flush(self) -> None:
        """See to it that what was written goes out."""


def configure(level: str, *, stream: Stream | None = None) -> None:
    """Send our own events and the libraries' warnings to `stream` (stderr) as JSON; once a process."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_pii,
        cap_fields,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name, floor in _PINNED.items():
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(max(floor, threshold))
    logging.getLogger("uvicorn.error").filters = [_is_news]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _is_news(record: logging.LogRecord) -> bool:
    return record.msg not in _UVICORN_NOISE


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events are constant sentences and whose values are fields."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def drop_pii(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out every field whose key has a `pii` segment (`user_pii_name`)."""
    for key in [key for key in event if "pii" in key.split("_")]:
        del event[key]
    return event


def cap_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut long texts, so that a peer cannot fill the log; a traceback keeps its length."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > _MAX_FIELD_CHARS and key != "exception":
            event[key] = value[:_MAX_FIELD_CHARS] + "..."
    return event
