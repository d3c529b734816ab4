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
from shared.commands import PLACE, bound, place_of
from shared.model import Actor
from shared.principal import SIGN_IN, Person, Role, Scope, person
from shared.settings import PageAccess, Settings

_PRINCIPAL: Final = "x-ms-client-principal"
_PRINCIPAL_ID: Final = "x-ms-client-principal-id"
_PRINCIPAL_NAME: Final = "x-ms-client-principal-name"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FORM: Final = "application/x-www-form-urlencoded"
DEVELOPMENT: Final = Person(
    actor=Actor(id="local", name="somebody at this computer"), role=Role.ADMINISTRATOR
)
"""Who is at a local stack: everybody, and nobody one could name."""
OPERATOR: Final = "operator"
"""The source whose secret signs what the command line asks for."""
_UNBOUND: Final = (
    "This was signed without saying for which place, as command lines before this release did: "
    "update the command line to the app's release, then ask again"
)


class Door:
    """Lets people and the command line in, and says who they are."""

    def __init__(self, settings: Settings, sources: Sources, scope: Scope | None = None) -> None:
        self._settings = settings
        self._scope = scope or _scope(settings)
        self._sources = sources

    def shut(self, headers: Mapping[str, str]) -> str:
        """Say why the door stays shut to a reader, or nothing."""
        found = self._who(headers)
        return found if isinstance(found, str) else ""

    def admit(self, headers: Mapping[str, str], role: Role) -> Person:
        """Let in a person who may do what the role may. Raises `PermissionError` with the reason.

        What changes something is taken from the app's own pages only.
        """
        found = self._who(headers)
        if isinstance(found, str):
            raise PermissionError(found)
        if not found.may(role):
            raise PermissionError(
                f"This takes the role Firebreak.{role.capitalize()}, and yours is "
                f"Firebreak.{found.role.capitalize()}; ask an administrator"
            )
        return found

    def role(self, headers: Mapping[str, str]) -> Role | None:
        """Say the role of whoever reads this; nobody known has none."""
        found = self._who(headers)
        return found.role if isinstance(found, Person) else None

    def may(self, headers: Mapping[str, str], role: Role) -> bool:
        """Whether whoever reads this would be let do that."""
        found = self._who(headers)
        return isinstance(found, Person) and found.may(role)

    def _who(self, headers: Mapping[str, str]) -> Person | str:
        if self._local:
            if urlsplit(f"//{header(headers, 'host') or 'localhost'}").hostname not in _LOOPBACK:
                # A name that leads here now may have been another site's a moment ago.
                return "A local stack answers to 127.0.0.1 and localhost only"
            return DEVELOPMENT
        if (self._settings.website_auth or "").lower() != "true":
            return "Switch App Service authentication on for this app, then sign in"
        encoded = header(headers, _PRINCIPAL)
        if not encoded:
            return SIGN_IN
        return person(encoded, self._settings.tenant, self._scope)

    def caller(self, headers: Mapping[str, str]) -> Actor | None:
        """Tell who is signed in, with a role or without; `None` where nobody is."""
        found = self._who(headers)
        if isinstance(found, Person):
            return found.actor
        oid = header(headers, _PRINCIPAL_ID)
        if self._local or not oid or (self._settings.website_auth or "").lower() != "true":
            return None
        return Actor(id=oid, name=header(headers, _PRINCIPAL_NAME) or oid)

    def foreign(self, headers: Mapping[str, str]) -> bool:
        """Whether a form may have been sent by another site in the person's name.

        Browsers say where a request comes from and let no page lie about it. Whatever is not a
        plain form was not sent by a page of ours.
        """
        kind = header(headers, "content-type")
        if kind and kind.partition(";")[0].strip().lower() != _FORM:
            return True
        site = header(headers, "sec-fetch-site")
        if site:
            return site != "same-origin"
        ours = urlsplit(str(self._settings.public_url))
        theirs = urlsplit(header(headers, "origin"))
        return (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc)

    def signed(self, headers: Mapping[str, str], body: bytes, now: datetime, *, at: str) -> bool:
        """Whether the command line signed this with the operator's secret, for this very place.

        `at` is the path below `base`. Raises `PermissionError` where it was signed for another
        place, or for none: what somebody captured is good for nothing else.
        """
        signed_for = self._signed_for(headers, body, now)
        if signed_for == "":
            raise PermissionError(_UNBOUND)
        if signed_for is not None and signed_for != (here := place_of(f"{self.base}/{at}")):
            raise PermissionError(f"This was signed for another place: {signed_for}, not {here}")
        return signed_for is not None

    def knows(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the command line signed this, for whatever place."""
        return self._signed_for(headers, body, now) is not None

    def _signed_for(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
        """Tell for which place it was signed; empty where for none, `None` where by nobody."""
        source = self._sources.named(OPERATOR)
        if source is None or not source.enabled:
            return None
        place = header(headers, PLACE)
        text = bound(place, body) if place else body
        try:
            verify(source.auth, headers=headers, body=text, now=now)
        except Unauthorized:
            return None
        return place

    @property
    def base(self) -> str:
        """What the paths of the pages behind this door begin with."""
        return self._settings.base

    @property
    def house(self) -> str:
        """Whose pages they are, where one deployment serves several tenants."""
        return self._settings.place.title if self._settings.place else ""

    @property
    def local(self) -> bool:
        """Whether anybody at this computer is let in, which pages say on top."""
        return self._local

    @property
    def _local(self) -> bool:
        return self._settings.pages is PageAccess.LOCAL and not self._settings.in_azure


def _scope(settings: Settings) -> Scope | None:
    place = settings.place
    return Scope(tenant=settings.tenant, home=place.home, name=place.name) if place else None


def header(headers: Mapping[str, str], name: str) -> str:
    """Read a header, whatever its case; empty where there is none."""
    return next((value for key, value in headers.items() if key.lower() == name), "")
