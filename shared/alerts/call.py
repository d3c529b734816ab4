"""One call of a sender, as far as a carrier may look at it, and what is answered to a greeting."""

from __future__ import annotations

from collections.abc import Mapping

from shared.model import Value


class Call(Value):
    """A request to a source's address."""

    method: str = "POST"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: bytes = b""

    def header(self, name: str) -> str:
        """Read a header, whatever its case; empty where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


class Greeting(Value):
    """The answer to a sender that asks whether it may deliver here, before or between alerts.

    `proven` asks that the sender proves itself first, as it does with alerts.
    """

    text: str
    media: str = "text/plain"
    headers: Mapping[str, str] = {}
    proven: bool
