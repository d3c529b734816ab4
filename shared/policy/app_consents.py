"""Judge a consent by what it allows and whom: could it be the intruder's? Pure; reasons, no guess.

Used beside the audit log, which tells when a consent was given, and alone where that log cannot be
read. Content alone convicts only where everything speaks against it: the right to mail, files or
contacts, kept while the owner is away, for an application that Microsoft knows the maker of by no
name and that another organisation registered. Follows Microsoft's guidance on illicit consent
grants and MITRE ATT&CK T1528.
"""

from __future__ import annotations

from typing import Final

from shared.clients.consents import App, Grant
from shared.model import TenantId, Utc, Value

_RISKY: Final = (
    "calendars.",
    "chat.",
    "contacts.",
    "directory.accessasuser",
    "eas.",
    "ews.accessasuser",
    "files.",
    "full_access_as_user",
    "imap.",
    "mail.",
    "mailboxsettings.",
    "notes.",
    "pop.",
    "sites.",
    "smtp.",
    "user_impersonation",
)
"""How permissions begin that give away or send what is the owner's, in lower case."""
_LASTING: Final = "offline_access"
_MICROSOFT: Final = frozenset(
    {"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"}
)
"""The tenants in which Microsoft registers its own applications.

Source: learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
"""


class JudgedConsent(Value):
    """A grant, who holds it, and why it is taken for the intruder's; no reasons: it is not."""

    grant: Grant
    app: App
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name it for a person."""
        return f"consent to “{self.app.name}” ({self.grant.scope.strip() or 'no permissions'})"


def of_microsoft(app: App) -> bool:
    """Whether an application is Microsoft's own, on which the tenant itself may depend."""
    return app.home in _MICROSOFT


def judge_by_time(grant: Grant, app: App, *, given_at: Utc, own: TenantId) -> JudgedConsent:
    """Judge a consent that the audit log has seen since the compromise began: it is theirs."""
    when = f"Given {given_at:%Y-%m-%d %H:%M} UTC, after the compromise began"
    return JudgedConsent(grant=grant, app=app, reasons=(when, *_traits(grant, app, own)))


def judge_by_content(grant: Grant, app: App, *, own: TenantId) -> JudgedConsent:
    """Judge a consent of unknown time: all that can speak against it has to."""
    traits = _traits(grant, app, own)
    return JudgedConsent(grant=grant, app=app, reasons=traits if len(traits) == _ALL else ())


def may_be_risky(grant: Grant) -> bool:
    """Whether what a grant itself says speaks against it, so that its application matters."""
    return bool(_risky(grant)) and _LASTING in grant.scopes


_ALL: Final = 4


def _risky(grant: Grant) -> list[str]:
    return sorted(s for s in grant.scopes if s.casefold().startswith(_RISKY))


def _traits(grant: Grant, app: App, own: TenantId) -> tuple[str, ...]:
    risky = _risky(grant)
    found = (
        (bool(risky), f"Gives access: {', '.join(risky)}"),
        (_LASTING in grant.scopes, "Works while the owner is away (offline_access)"),
        (app.app_id is not None and app.publisher is None, "The publisher is not verified"),
        (app.home is not None and app.home != own, "Another organisation registered the app"),
    )
    return tuple(reason for holds, reason in found if holds)
