"""The built-in alert policies of Microsoft 365 that concern an account, and what each means to us.

Ids, codes and names: Get-ProtectionAlert of a tenant, published with CISA's ScubaGear. The ids are
the same in every tenant; the names of some end in U+200B and all are translated for some readers.
"""

from __future__ import annotations

from typing import Final

from shared.model import AlertKind, Value

_TENANT: Final = "it is about the whole tenant and names no user"
_FORMS: Final = "it restricts Microsoft Forms, not mail"
_REPORTER: Final = "the user it names is the one who reported, not one taken over"
_ADMIN: Final = "it records an administrator's own action"
_ANYBODY: Final = "any owner's rule raises it; suspicious forwarding comes as an alert of its own"
_RELEASE: Final = "a user asks for a quarantined message"


class Policy(Value):
    """One built-in alert policy of Microsoft 365 and what it means to us."""

    name: str
    id: str
    operation: str
    kind: AlertKind | None = None
    why_not: str = ""


def _policy(name: str, policy_id: str, operation: str, means: AlertKind | str) -> Policy:
    kind = means if isinstance(means, AlertKind) else None
    why_not = "" if kind else str(means)
    return Policy(name=name, id=policy_id, operation=operation, kind=kind, why_not=why_not)


POLICIES: Final = (
    _policy(
        "User restricted from sending email",
        "7a4e7306-bbcb-401f-b112-8ca5f798a230",
        "CompromisedAccount",
        AlertKind.OUTBOUND_SPAM,
    ),
    _policy(
        "Suspicious email sending patterns detected",
        "be215649-fba8-4339-9ddd-05991a43b948",
        "CompromisedWarningAccount",
        AlertKind.OUTBOUND_SPAM_WARNING,
    ),
    _policy(
        "Email sending limit exceeded",
        "2cc44934-4d16-420b-b4e8-74a77fd0ab24",
        "EmailSendingLimitExceeded",
        AlertKind.OUTBOUND_SPAM_WARNING,
    ),
    _policy(
        "Suspicious Email Forwarding Activity",
        "bfd48f06-0865-41a6-85ff-adb746423ebf",
        "SuspiciousForwarding",
        AlertKind.SUSPICIOUS_FORWARDING,
    ),
    _policy(
        "Creation of forwarding/redirect rule",
        "d59a8fd4-1272-41ee-9408-86f7bcf72479",
        "MailRedirect",
        _ANYBODY,
    ),
    _policy(
        "Admin triggered user compromise investigation",
        "845686e4-f843-42cf-36d7-08d8e2eca19c",
        "AirManualInvestigation",
        _ADMIN,
    ),
    _policy(
        "Admin triggered manual investigation of email",
        "cfb0af3a-7410-445c-a872-45f95c45f0de",
        "AirManualInvestigation",
        _ADMIN,
    ),
    _policy(
        "Administrative action submitted by an Administrator",
        "da9eb28a-4238-43d5-bc01-0e02842ecffe",
        "AirAdminActionInvestigation",
        _ADMIN,
    ),
    _policy(
        "Remediation action taken by admin on emails or URL or sender",
        "39c5b427-a54f-4c38-a799-8541c5a105a8",
        "AirAdminActionInvestigation",
        _ADMIN,
    ),
    _policy(
        "Tenant restricted from sending email",
        "a7032ff5-7eee-412b-805b-d1295c7e0932",
        "CompromisedTenantAccount",
        _TENANT,
    ),
    _policy(
        "Tenant restricted from sending unprovisioned email",
        "5ed2d687-9bd3-49e7-9b56-b7dc0d9af5cb",
        "CompromisedUnprovisionedTenantAccount",
        _TENANT,
    ),
    _policy(
        "Suspicious tenant sending patterns observed",
        "05b9e850-6d9d-4bab-a5c0-f54db2e7e887",
        "TenantExceedsThresholdEarlyAlert",
        _TENANT,
    ),
    _policy(
        "User restricted from sharing forms and collecting responses",
        "f86c81d5-272e-4825-a957-366e964f702c",
        "UserRestrictedByDistributingForms",
        _FORMS,
    ),
    _policy(
        "Email reported by user as malware or phish",
        "b26a5770-0c38-434a-9380-3a3c2c27bbb3",
        "UserSubmission",
        _REPORTER,
    ),
    _policy(
        "Email reported by user as junk",
        "a0e277be-7157-4907-874e-93e7b5170657",
        "UserSubmission",
        _REPORTER,
    ),
    _policy(
        "Email reported by user as not junk",
        "79b0a077-8446-4d8c-b335-d89cdcd60b08",
        "UserSubmission",
        _REPORTER,
    ),
    _policy(
        "User requested to release a quarantined message",
        "34116cef-7761-4cdf-a30b-5aa944d93d74",
        "QuarantineRequestReleaseMessage",
        _RELEASE,
    ),
)
