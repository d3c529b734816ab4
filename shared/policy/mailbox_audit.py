"""Judge how a mailbox is audited: what should be written down under its licence, and is not. Pure.

While the organisation audits by default, Microsoft chooses what is audited of each logon type until
somebody chooses for it; from then on what Microsoft adds does not arrive there. A mailbox's own
switch is ignored then but for one thing: without Audit (Premium) its entries reach the unified log
only if the switch is on.

Source: learn.microsoft.com/purview/audit-mailboxes, whose table has an asterisk for what is audited
by default of each logon type. It gives `MailItemsAccessed` and `Send` to Audit (Premium) alone;
Microsoft has announced them for Audit (Standard) as well (2024), and the table does not show it. So
they are asked only where the licence is known to bring them; letting Microsoft choose again, which
is how it is mended, brings them wherever they are due.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.clients.auditing import LOGONS
from shared.clients.licences import ADVANCED_AUDITING
from shared.clients.mailbox_lists import Box
from shared.model import Severity
from shared.posture import Certainty, Finding

SWITCH: Final = "mailbox_switch"
ACTIONS: Final = "mailbox_actions"
AGE: Final = "mailbox_age_limit"
AUDITED: Final = frozenset({"UserMailbox", "SharedMailbox"})
"""Mailboxes that are audited by their own settings; rooms and public folders are not at all."""
LEAST_DAYS: Final = 90
"""What Exchange keeps where nobody chose otherwise."""

_BY_ANYBODY: Final = frozenset(
    {"ApplyRecord", "HardDelete", "MoveToDeletedItems", "SoftDelete", "Update"}
    | {"UpdateFolderPermissions", "UpdateInboxRules"}
)
_FOR_ANOTHER: Final = frozenset({"Create", "SendAs", "SendOnBehalf"})
STANDARD: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Admin": _BY_ANYBODY | _FOR_ANOTHER | {"UpdateCalendarDelegation"},
        "Delegate": _BY_ANYBODY | _FOR_ANOTHER,
        "Owner": _BY_ANYBODY | {"UpdateCalendarDelegation"},
    }
)
"""What Microsoft audits under every licence, by logon type."""
PREMIUM: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Admin": frozenset({"MailItemsAccessed", "Send"}),
        "Delegate": frozenset({"MailItemsAccessed"}),
        "Owner": frozenset({"MailItemsAccessed", "Send"}),
    }
)
"""What it audits on top of that with Audit (Premium): E5, A5 and G5 hold it."""
_TELLING: Final = frozenset(
    {"HardDelete", "MailItemsAccessed", "Send", "SendAs", "UpdateInboxRules"}
    | {"UpdateFolderPermissions"}
)
"""What a case cannot be told without."""


def asks_licence(box: Box) -> bool:
    """Whether what is wrong with a mailbox depends on its licence."""
    return box.kind in AUDITED and (box.audited is False or bool(_chosen(box)))


def judge(box: Box, plans: frozenset[str] | None) -> tuple[Finding, ...]:
    """Say what is wrong with a mailbox's auditing. `plans` are its service plans, if known."""
    if box.kind not in AUDITED:
        return ()
    premium = None if plans is None else ADVANCED_AUDITING in plans
    found = (_switch(box, premium), _actions(box, premium), _age(box))
    return tuple(finding for finding in found if finding is not None)


def _switch(box: Box, premium: bool | None) -> Finding | None:  # noqa: FBT001 - unknown, yes or no
    if box.audited:
        return None
    counts = "under this licence it is ignored" if premium else "so its entries are in no search"
    return Finding(
        kind=SWITCH,
        subject=box.object_id,
        title=f"Auditing of {box.upn} is switched off, {counts}",
        severity=Severity.LOW if premium else Severity.MEDIUM,
        account=box.object_id,
        evidence=_evidence(box, premium, AuditEnabled=_said(box.audited)),
        certainty=Certainty.UNKNOWN if box.audited is None else Certainty.SEEN,
    )


def _actions(box: Box, premium: bool | None) -> Finding | None:  # noqa: FBT001 - as above
    chosen = _chosen(box)
    if not chosen:
        return None
    gaps = {logon: missing for logon in chosen if (missing := _missing(box, logon, premium))}
    telling = any(missing & _TELLING for missing in gaps.values())
    lacks = {f"missing of {logon}": ", ".join(sorted(gap)) for logon, gap in gaps.items()}
    what = "lacks what should be in it" if gaps else "is complete, but gets nothing new any more"
    return Finding(
        kind=ACTIONS,
        subject=box.object_id,
        title=f"What is audited of {box.upn} was chosen by hand and {what}",
        severity=Severity.MEDIUM if telling else Severity.LOW,
        weight=float(sum(len(missing) for missing in gaps.values())),
        account=box.object_id,
        evidence=_evidence(box, premium, **{"chosen for": ", ".join(chosen)}) | lacks,
    )


def _age(box: Box) -> Finding | None:
    if box.kept_days is not None and box.kept_days >= LEAST_DAYS:
        return None
    kept = "unknown" if box.kept_days is None else f"{box.kept_days} days"
    return Finding(
        kind=AGE,
        subject=box.object_id,
        title=f"Audit entries in the mailbox of {box.upn} are kept {kept}",
        severity=Severity.LOW,
        evidence={"account": box.upn, "AuditLogAgeLimit": kept},
        certainty=Certainty.UNKNOWN if box.kept_days is None else Certainty.SEEN,
    )


def _chosen(box: Box) -> tuple[str, ...]:
    return tuple(logon for logon in LOGONS if logon not in box.default_set)


def _missing(box: Box, logon: str, premium: bool | None) -> frozenset[str]:  # noqa: FBT001 - as above
    wanted = STANDARD[logon] | (PREMIUM[logon] if premium else frozenset())
    return wanted - set(box.actions[logon])


def _evidence(box: Box, premium: bool | None, **more: str) -> dict[str, str]:  # noqa: FBT001 - as above
    licence = {None: "unknown", True: "Audit (Premium)", False: "Audit (Standard)"}[premium]
    return {"account": box.upn, "mailbox": box.kind, "licence": licence, **more}


def _said(switch: bool | None) -> str:  # noqa: FBT001 - as above
    return "unknown" if switch is None else str(switch)
