"""How the command line signs what it asks for: when, where, and what, so that it fits nothing else.

    the signed text:  {timestamp}.POST /api/cases/2f0c…/approve
                      {body}

What was captured on its way is good for that one place of that one tenant, and for minutes. Alerts
are signed as their senders do it, without a place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

from shared.alerts.authenticate import sign
from shared.alerts.schemes import HmacAuth

PLACE: Final = "x-firebreak-place"
"""The header that says for which place it was signed."""


def place_of(path: str) -> str:
    """Name a place that takes requests by its path in the app, without a query."""
    return f"POST {quote(path)}"


def bound(place: str, body: bytes) -> bytes:
    """Join what is signed beside the time; a header holds no line break, so it is told apart."""
    return f"{place}\n".encode() + body


def signed_for(path: str, body: bytes, *, secret: SecretStr, now: datetime) -> dict[str, str]:
    """Make the headers of a request of the command line. `path` begins with `/api/`."""
    place = place_of(path)
    auth = HmacAuth(secrets=(secret,))
    return {**sign(auth, body=bound(place, body), now=now), PLACE: place}
