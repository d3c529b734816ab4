"""Who is let in: pages name accounts that were broken into, and buttons change tenants.

App Service authentication decides in Azure: it sets the principal's headers and removes whatever a
client sent under their names, and without it nobody is let in. A stack that says it is local, and
does not run in Azure, lets in whoever reaches it.

Source: learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from shared.alerts.authenticate import Unauthorized, verify
from shared.alerts.source import Sources
from shared.settings import PageAccess, Settings

_PRINCIPAL: Final = "x-ms-client-principal"
_PRINCIPAL_NAME: Final = "x-ms-client-principal-name"
OPERATOR: Final = "operator"
"""The source whose secret signs what the command line asks for."""


class Door:
    """Lets people and the command line in, and says who they are."""

    def __init__(self, settings: Settings, sources: Sources) -> None:
        self._settings = settings
        self._sources = sources

    def shut(self, headers: Mapping[str, str]) -> str:
        """Say why the door stays shut to a reader, or nothing."""
        if self._local:
            return ""
        if (self._settings.website_auth or "").lower() != "true":
            return "Switch App Service authentication on for this app, then sign in"
        if not header(headers, _PRINCIPAL):
            return "Sign in with an account that this app's authentication lets in"
        return ""

    def person(self, headers: Mapping[str, str]) -> str:
        """Name whoever was let in, for the journal."""
        if self._local:
            return "somebody at this computer"
        return header(headers, _PRINCIPAL_NAME) or "somebody signed in"

    def foreign(self, headers: Mapping[str, str]) -> bool:
        """Whether a form may have been sent by another site in the person's name.

        Browsers say where a request comes from and let no page lie about it.
        """
        site = header(headers, "sec-fetch-site")
        if site:
            return site != "same-origin"
        ours = urlsplit(str(self._settings.public_url))
        theirs = urlsplit(header(headers, "origin"))
        return (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc)

    def signed(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the command line signed this with the operator's secret."""
        source = self._sources.named(OPERATOR)
        if source is None or not source.enabled:
            return False
        try:
            verify(source.auth, headers=headers, body=body, now=now)
        except Unauthorized:
            return False
        return True

    @property
    def _local(self) -> bool:
        return self._settings.pages is PageAccess.LOCAL and not self._settings.in_azure


def header(headers: Mapping[str, str], name: str) -> str:
    """Read a header, whatever its case; empty where there is none."""
    return next((value for key, value in headers.items() if key.lower() == name), "")
