"""What the app says about itself: one wide event per task, never a secret, never a person's name.

structlog writes JSON lines through the standard `logging`, which the Functions worker forwards.
Tracing goes through OpenTelemetry's interface alone; an exporter is loaded only where configured.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any, Final, Protocol

from shared.signals.trace import standing

_SECRET: Final = ("authorization", "body", "cookie", "password", "secret", "signature", "token")
_CHATTY: Final = ("azure", "httpx", "httpcore", "msal")
_HIDDEN: Final = "[redacted]"
_ADDRESS: Final = re.compile(r"\S*(?:@|%40)\S*")
_SOMEBODY: Final = "[address]"


class Log(Protocol):
    """Where wide events go: an event's name and its facts."""

    def info(self, event: str, /, **facts: Any) -> Any:
        """Record something that went as intended."""
        ...

    def warning(self, event: str, /, **facts: Any) -> Any:
        """Record something a person may want to look at."""
        ...

    def error(self, event: str, /, **facts: Any) -> Any:
        """Record something a person has to look at."""
        ...


def address_free(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take addresses out of what others said: Graph's errors quote them."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _ADDRESS.sub(_SOMEBODY, value)
    return event


def placed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say which trace and which case an event belongs to."""
    return {**standing(), **event}


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide whatever is named like a secret, before anything is written."""
    for name in event:
        if any(word in name.lower() for word in _SECRET):
            event[name] = _HIDDEN
    return event


def open_log() -> Log:
    """Make the app's log, and quieten libraries that log addresses: ids of people stand in them."""
    import structlog

    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    log: Log = structlog.wrap_logger(
        logging.getLogger("firebreak"),
        processors=[
            placed,
            redact,
            address_free,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("event"),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return log
