"""Ways back in that the account made elsewhere: other accounts, and secrets of applications. Pure.

An intruder with a role makes a second account or gives an application a secret, and comes back by
it whatever is done to the first account. The directory's audit log says who made what. Nothing of
it is the account's own, so nothing of it is changed: a person is told exactly what to do.

Source: learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.clients.audit import AuditTarget, DirectoryAudit
from shared.clients.credentials import Credential, Held, Holder
from shared.model import CaseId, Leftover, ObjectId, Utc, Value

_USER: Final = "User"
_NEW_ACCOUNT: Final = frozenset({"Add user", "Invite external user"})
_NEW_CREDENTIAL: Final = (
    "Add service principal credentials",
    "Certificates and secrets management",
)
"""The second with or without "Update application", a dash and a blank, as the log has it."""
_HOLDERS: Final = frozenset(Holder)
_MANY: Final = 3
"""Credentials for each of which a command is written; more are counted."""
_ASK: Final = (
    "Ask the owner, not by e-mail, {asked}; if so, confirm it in the checklist, and nothing else is"
    " to be done"
)
_WHERE: Final = {
    Holder.APPLICATION: "App registrations, Certificates & secrets",
    Holder.SERVICE_PRINCIPAL: "Enterprise applications, or by the commands below",
}
_SINCE: Final = (
    "Look at what the application did since, under Sign-in logs, Service principal sign-ins: its"
    " tokens live on for an hour, or a day where it takes part in continuous access evaluation"
)


class WayIn(Value):
    """One account that was made, or one application that was given credentials."""

    kind: str
    oid: ObjectId
    name: str
    at: Utc
    keys: tuple[str, ...] | None = None
    """Ids of the credentials; `None` where the log does not say which they are."""

    @property
    def is_account(self) -> bool:
        """Whether it is an account, and no application."""
        return self.kind == _USER

    @property
    def said(self) -> str:
        """Say what was done, and when."""
        did = (
            f"made the account “{self.name}”"
            if self.is_account
            else f"gave the application “{self.name}” a secret or certificate"
        )
        return f"This account {did} ({self.at:%Y-%m-%d %H:%M} UTC)"


def ways_in(changes: Iterable[DirectoryAudit], *, until: datetime | None) -> tuple[WayIn, ...]:
    """Read off an account's own changes what lets its intruder back in, the oldest first.

    `until` is when the owner was let back in: what is made from then on is the owner's. What the
    log does not call a failure counts as done.
    """
    found: dict[str, WayIn] = {}
    for change in sorted(changes, key=lambda change: change.at):
        if change.result == "failure" or (until is not None and change.at >= until):
            continue
        for target in change.targets:
            way = _way(change, target)
            if way is not None:
                found[way.oid] = _joined(found[way.oid], way) if way.oid in found else way
    return tuple(found.values())


def still_serves(way: WayIn, held: Held) -> tuple[Credential, ...]:
    """Pick the credentials that still let somebody in; all there are, where the log names none."""
    if held.enabled is False:
        return ()
    return tuple(c for c in held.credentials if way.keys is None or c.id in way.keys)


def account_left(way: WayIn, case: CaseId) -> Leftover:
    """Say what a person does about a second account.

    Its name may be the intruder's choice, so commands hold ids alone.
    """
    asked = f"whether they made “{way.name}” themselves"
    opened = f"firebreak respond {way.oid} --reason 'Linked to case {case}'"
    disable = f"Update-MgUser -UserId {way.oid} -AccountEnabled:$false"
    held = f"Get-MgUserTransitiveMemberOf -UserId {way.oid}"
    return Leftover(
        reason=way.said,
        steps=(
            _ASK.format(asked=asked),
            f"If not, open a case for it: {opened}",
            f"Or by hand: {disable}, then Revoke-MgUserSignInSession -UserId {way.oid}",
            f"Look at what it was given before it is deleted: {held}",
        ),
        way_in=way.oid,
    )


def app_left(way: WayIn, serving: tuple[Credential, ...]) -> Leftover:
    """Say what a person does about an application's new credentials."""
    named = tuple(_removal(way, credential) for credential in serving[:_MANY])
    more = len(serving) - len(named)
    unsure = " (the log does not say which is new)" if way.keys is None else ""
    return Leftover(
        reason=way.said,
        steps=(
            _ASK.format(asked=f"whether they gave “{way.name}” a new secret or certificate"),
            f"If not, remove it{unsure} from {way.oid}, in {_WHERE[Holder(way.kind)]}",
            *named,
            *((f"And {more} more there",) if more else ()),
            _SINCE,
        ),
        way_in=way.oid,
    )


def _removal(way: WayIn, credential: Credential) -> str:
    kind = "Application" if way.kind == Holder.APPLICATION else "ServicePrincipal"
    if credential.certificate:
        return (
            f"The certificate {credential.id}: Update-Mg{kind} -{kind}Id {way.oid} -KeyCredentials"
            " with all the others and without this one"
        )
    return f"The secret: Remove-Mg{kind}Password -{kind}Id {way.oid} -KeyId {credential.id}"


def _way(change: DirectoryAudit, target: AuditTarget) -> WayIn | None:
    if target.id is None or target.kind is None:
        return None
    account = change.activity in _NEW_ACCOUNT and target.kind == _USER
    # A row that lists the credentials and adds none has taken one away.
    secret = target.kind in _HOLDERS and target.added != ()
    secret = secret and any(part in change.activity for part in _NEW_CREDENTIAL)
    if not account and not secret:
        return None
    return WayIn(
        kind=target.kind,
        oid=ObjectId(target.id),
        name=target.name or target.id,
        at=change.at,
        keys=target.added,
    )


def _joined(known: WayIn, more: WayIn) -> WayIn:
    """Put two changes of one thing together; where one does not say which, all may be new."""
    if known.keys is None or more.keys is None:
        return known.model_copy(update={"keys": None})
    return known.model_copy(update={"keys": tuple(sorted({*known.keys, *more.keys}))})
