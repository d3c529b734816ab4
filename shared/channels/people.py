"""Channels that people read, through apprise: it knows their payloads, limits and addresses.

apprise works with blocking calls, so it runs in a thread; its time-outs end the thread.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

from shared.channels.configured import Mail, Opsgenie, PagerDuty, Slack, Teams
from shared.channels.message import Message
from shared.errors import Transient
from shared.model import Severity

if TYPE_CHECKING:
    from apprise import NotifyBase

type ForPeople = Teams | Slack | Mail | PagerDuty | Opsgenie

_CARD: Final = Path(__file__).with_name("templates") / "teams.json"
_STATUS: Final = re.compile(r"error=(\d{3})")
_TIMES: Final = {"cto": "5", "rto": "10", "redirect": False}
"""Seconds to connect and to read; a redirect would carry the secret to wherever it points."""


async def tell(channel: ForPeople, message: Message) -> None:
    """Tell people. Raises `Transient` where the channel did not take it."""
    await asyncio.to_thread(_tell, channel, message)


def _tell(channel: ForPeople, message: Message) -> None:
    from apprise import NotifyFormat, NotifyType

    # At DEBUG these two write addresses and bodies.
    for chatty in ("apprise", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    plugin = _plugin(channel, message)
    kind = NotifyType.WARNING if message.urgent else NotifyType.INFO
    body, form = f"{message.text}\n{message.link}", NotifyFormat.TEXT
    if isinstance(channel, Teams):
        # As text it would be escaped, and Teams shows the backslashes; words are plain by now. A
        # card takes one line end for a space.
        body, form = message.text.replace("\n", "\n\n"), NotifyFormat.MARKDOWN
    with _Ear() as ear:
        taken = plugin.notify(body=body, title=message.title, notify_type=kind, body_format=form)
    if not taken:
        raise Transient(ear.said())


def _plugin(channel: ForPeople, message: Message) -> NotifyBase:
    """Make apprise's plug-in for a channel. Raises `Transient` where it takes no such address."""
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(
        app_id="Firebreak",
        app_desc="Firebreak",
        app_url="",
        storage_mode=PersistentStoreMode.MEMORY,
        plugin_paths=[],
    )
    wishes = _wishes(channel, message)
    made = None if wishes is None else Apprise.instantiate(wishes | _TIMES, asset=asset)
    if made is None:
        raise Transient("Its address or key is not one that this kind of channel has")
    return made


def _wishes(channel: ForPeople, message: Message) -> dict[str, Any] | None:
    match channel:
        case Teams():
            from apprise.plugins.workflows import NotifyWorkflows

            read: Any = NotifyWorkflows.parse_native_url
            found: dict[str, Any] | None = read(channel.url.get_secret_value())
            words = {"link": message.link, "link_words": message.link_words}
            return found and found | {"template": str(_CARD), "tokens": words}
        case Slack():
            from apprise.plugins.slack import NotifySlack

            read = NotifySlack.parse_native_url
            found = read(channel.url.get_secret_value())
            return found and found | {"include_image": False}
        case Mail():
            return _mail(channel)
        case PagerDuty():
            return {
                "schema": "pagerduty",
                # apprise asks for both; the Events API reads only the second.
                "apikey": channel.key.get_secret_value(),
                "integrationkey": channel.key.get_secret_value(),
                "region_name": channel.region,
                "source": "firebreak",
                # A longer summary is refused; the link has a place of its own.
                "overflow": "truncate",
                "include_image": False,
                "click": message.link,
                "dedup": f"firebreak-{message.thread}",
                "severity": "critical" if message.urgent else _LOUDNESS[message.severity],
                "action": "trigger",
            }
        case Opsgenie():
            return {
                "schema": "opsgenie",
                "apikey": channel.key.get_secret_value(),
                "targets": [],
                "region_name": channel.region,
                "priority": 1 if message.urgent else 3,
                "alias": f"firebreak-{message.key}",
                "action": "new",
                "tags": ["firebreak", message.event],
            }


_LOUDNESS: Final = {
    Severity.INFORMATIONAL: "info",
    Severity.LOW: "info",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.UNKNOWN: "warning",
}


def _mail(channel: Mail) -> dict[str, Any]:
    from apprise.plugins.email import NotifyEmail

    query = {"from": f"Firebreak <{channel.sender}>", "to": ",".join(channel.to), "format": "text"}
    if channel.user:
        query["user"] = channel.user
    scheme, mode = ("mailto", "insecure")
    if channel.security != "none":
        scheme, mode = ("mailtos", channel.security)
    address = f"{scheme}://{channel.host}:{channel.port}?{urlencode(query | {'mode': mode})}"
    read: Any = NotifyEmail.parse_url
    found: dict[str, Any] = read(address)
    secret = channel.password.get_secret_value() if channel.password else None
    return found | {"user": channel.user, "password": secret, "smtp_host": channel.host}


class _Ear(logging.Handler):
    """Hears what apprise says in this thread, and keeps nothing of it but an HTTP status."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._status = ""

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if found and record.thread == self._thread:
            self._status = found[1]

    def said(self) -> str:
        """Say why, as far as a status tells it."""
        return f"It answered {self._status}" if self._status else "It could not be reached"
