"""What people would have been told on a local stack: lines for the terminal, all of it in a folder.

The app sends to the services' real addresses, as it does anywhere; `lab.receivers` answer in
their place. So what lies in the folder is what Teams, a mailbox or a pager would have got.
"""

from __future__ import annotations

import email.policy
import json
import secrets
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

from lab import services

type Tell = Callable[[str, str, Path], None]
"""Takes the channel, what it was told in one line, and where all of it lies."""

MAIL: Final = "mail"
_CHANNELS: Final = ("teams", "slack", MAIL, "pager", "jira")
_BY_HOST: Final = {
    services.TEAMS: "teams",
    services.SLACK: "slack",
    services.PAGERDUTY: "pager",
    services.JIRA: "jira",
    MAIL: MAIL,
}
_SAY: Final = frozenset({"title", "summary", "text"})
"""Where the services' forms say in one line what a message is about; the first one counts."""
_NOTIFY: Final = """
# Added by the local stack: channels whose messages stay on this computer.

[[notify]]
channels = ["teams", "slack", "mail", "jira"]

[[notify]]
channels = ["pager"]
events = ["needs_person", "escalated", "came_back", "guard_tripped", "guard_absent", "poisoned"]
"""


class Noticeboard:
    """Keeps each message in the order in which they came."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        self._folder = folder
        self._tell = tell
        self._count = 0

    def clear(self) -> None:
        """Take down what an earlier stack pinned here."""
        for path in self._folder.glob("[0-9][0-9][0-9]-*"):
            path.unlink()

    def pin(self, host: str, body: bytes) -> None:
        """Keep one message; a look-up, which tells nobody anything, is none."""
        said, kind = (_subject(body), "eml") if host == MAIL else (_headline(body), "json")
        if not said:
            return
        self._count += 1
        channel = _BY_HOST.get(host, host)
        path = self._folder / f"{self._count:03d}-{channel}.{kind}"
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        self._tell(channel, said, path)


def settings(smtp_port: int, *, policy: Path, written: Path) -> dict[str, str]:
    """Give the app settings that tell these channels, under a copy of a policy at `written`."""
    written.write_text(policy.read_text(encoding="utf-8") + _NOTIFY, encoding="utf-8")
    channels = [one for one in services.channels(smtp_port) if one["name"] in _CHANNELS]
    return {
        "FIREBREAK_POLICY": str(written),
        "FIREBREAK_CHANNELS": json.dumps(channels),
        "FIREBREAK_LINK_KEYS": json.dumps([secrets.token_urlsafe(32)]),
    }


def _subject(body: bytes) -> str:
    return str(message_from_bytes(body, policy=email.policy.default)["Subject"] or "")


def _headline(body: bytes) -> str:
    said = next(_said(json.loads(body)), "") if body else ""
    return said.partition("\n")[0].strip()


def _said(value: Any) -> Iterator[str]:
    """Walk through a message for whatever says what it is about."""
    inner = value.items() if isinstance(value, dict) else ()
    for name, part in inner:
        if name in _SAY and isinstance(part, str):
            yield part
        yield from _said(part)
    for part in value if isinstance(value, list) else ():
        yield from _said(part)
