"""Judge a message that a compromised account sent: is it the intruder's? Pure, with reasons.

The owner goes on writing while the intruder does, so that having been sent since the compromise
proves nothing. What Defender takes for a threat is the intruder's, and so is what went to many.
"""

from __future__ import annotations

from typing import Final

from shared.clients.analyzed_mail import MailCopy
from shared.clients.sent import SentMessage

MANY: Final = 10
"""Recipients from which on a message is a mailing."""
_THREATS: Final = ("malware", "phish", "spam")


def reasons(message: SentMessage, copies: tuple[MailCopy, ...]) -> tuple[str, ...]:
    """Say why a message is the intruder's; nothing where it may be the owner's."""
    called = {threat for copy in copies for threat in copy.threats}
    found = [f"Defender takes it for {threat}" for threat in _THREATS if threat in called]
    if message.recipients >= MANY:
        found.append(f"went to {message.recipients} recipients")
    return tuple(found)
