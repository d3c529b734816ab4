"""What the facts say about names: every one of them, however a carrier distorts it."""

from __future__ import annotations

import pytest

from shared.alerts.kinds import Irrelevant, Meaning, incident_title, of_alert
from shared.model import AlertKind

MDO = "microsoftDefenderForOffice365"
SPAM, WARNING = AlertKind.OUTBOUND_SPAM, AlertKind.OUTBOUND_SPAM_WARNING
FORWARDING, SIGN_IN = AlertKind.SUSPICIOUS_FORWARDING, AlertKind.RISKY_SIGN_IN

POLICIES: dict[str, tuple[str, str, AlertKind | str]] = {
    "User restricted from sending email": (
        "7a4e7306-bbcb-401f-b112-8ca5f798a230",
        "CompromisedAccount",
        SPAM,
    ),
    "Suspicious email sending patterns detected": (
        "be215649-fba8-4339-9ddd-05991a43b948",
        "CompromisedWarningAccount",
        WARNING,
    ),
    "Email sending limit exceeded": (
        "2cc44934-4d16-420b-b4e8-74a77fd0ab24",
        "EmailSendingLimitExceeded",
        WARNING,
    ),
    "Suspicious Email Forwarding Activity": (
        "bfd48f06-0865-41a6-85ff-adb746423ebf",
        "SuspiciousForwarding",
        FORWARDING,
    ),
    "Creation of forwarding/redirect rule": (
        "d59a8fd4-1272-41ee-9408-86f7bcf72479",
        "MailRedirect",
        "any owner's rule raises it",
    ),
    "Admin triggered user compromise investigation": (
        "845686e4-f843-42cf-36d7-08d8e2eca19c",
        "",
        "an administrator's own action",
    ),
    "Tenant restricted from sending email": (
        "a7032ff5-7eee-412b-805b-d1295c7e0932",
        "CompromisedTenantAccount",
        "the whole tenant",
    ),
    "Tenant restricted from sending unprovisioned email": (
        "5ed2d687-9bd3-49e7-9b56-b7dc0d9af5cb",
        "CompromisedUnprovisionedTenantAccount",
        "the whole tenant",
    ),
    "Suspicious tenant sending patterns observed": (
        "05b9e850-6d9d-4bab-a5c0-f54db2e7e887",
        "TenantExceedsThresholdEarlyAlert",
        "the whole tenant",
    ),
    "User restricted from sharing forms and collecting responses": (
        "f86c81d5-272e-4825-a957-366e964f702c",
        "UserRestrictedByDistributingForms",
        "Forms, not mail",
    ),
    "User requested to release a quarantined message": (
        "34116cef-7761-4cdf-a30b-5aa944d93d74",
        "QuarantineRequestReleaseMessage",
        "quarantined",
    ),
    "Email reported by user as malware or phish": (
        "b26a5770-0c38-434a-9380-3a3c2c27bbb3",
        "",
        "the one who reported",
    ),
    "Email reported by user as junk": (
        "a0e277be-7157-4907-874e-93e7b5170657",
        "",
        "the one who reported",
    ),
}
"""Name, id and code of each built-in policy; a code that several share says nothing of one."""


def distortions(name: str) -> tuple[str, ...]:
    return (
        name,
        f"{name}\u200b",
        f"\u200b {name.upper()} \ufeff",
        name.replace(" ", ""),
        name.replace(" ", "\u00a0\u2003"),
    )


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_means_the_same_by_name_by_id_and_by_code(name: str) -> None:
    policy, code, means = POLICIES[name]
    found = [of_alert(title=each, products=[MDO]) for each in distortions(name)]
    found.append(of_alert(ids=[policy.upper()], title="Ein anderer Titel", products=[MDO]))
    if code:
        found.append(of_alert(operations=[code.lower()], title="", products=[MDO]))
    for each in found:
        if isinstance(means, AlertKind):
            assert each == Meaning(kind=means)
        else:
            assert isinstance(each, Irrelevant)
            assert means in each.reason


@pytest.mark.parametrize(
    "title",
    [
        "Unfamiliar sign-in properties",
        "Anomalous Token",
        "Anonymous IP address",
        "Password Spray",
        "Malicious IP address",
        "Impossible travel activity",
    ],
)
@pytest.mark.parametrize("product", ["microsoftDefenderForIdentity", MDO, "", "OATP"])
def test_a_detection_s_title_counts_under_whatever_product_it_comes(
    title: str, product: str
) -> None:
    for each in distortions(title):
        assert of_alert(title=each, products=[product]) == Meaning(kind=SIGN_IN)


@pytest.mark.parametrize(
    "code",
    [
        "UnfamiliarLocation",
        "AnomalousToken",
        "AnonymousLogin",
        "PasswordSpray",
        "ImpossibleTravel",
        "MCAS_ALERT_ANUBIS_DETECTION_VELOCITY",
    ],
)
def test_a_detector_s_code_counts_whatever_the_title_is_translated_to(code: str) -> None:
    assert of_alert(codes=[code], title="Ein Titel", products=[MDO]) == Meaning(kind=SIGN_IN)


@pytest.mark.parametrize(
    "product",
    [
        "azureAdIdentityProtection",
        "AAD Identity Protection",
        "AADIdentityProtection",
        "IPC",
        "Azure Active Directory Identity Protection",
        "IdentityProtection",
        "Microsoft Entra ID Protection",
    ],
)
def test_whatever_identity_protection_reports_is_a_risk(product: str) -> None:
    assert of_alert(title="A detection of next year", products=[product]) == Meaning(kind=SIGN_IN)


@pytest.mark.parametrize(
    ("title", "product"),
    [
        ("Possible outgoing spam activity detected", "Azure Security Center"),
        ("Possible outgoing spam activity detected", "InternalDemo"),
        ("Outbound port scan", "QRadar"),
        ("User account disabled for spamming", "Google Workspace"),
        ("Malicious IP address", "Azure Security Center"),
        ("Malicious IP address", "MDATP"),
        ("Anonymous IP address", "Microsoft Defender for Cloud"),
        ("User restricted from sending email", "ASI Scheduled Alerts"),
        ("User restricted from sending email", "Azure Sentinel"),
        ("Unfamiliar sign-in properties", "CustomAlertRule"),
        ("User restricted from sending email to group X", MDO),
        ("Spam", MDO),
        ("", MDO),
    ],
)
def test_what_only_looks_alike_means_nothing(title: str, product: str) -> None:
    assert isinstance(of_alert(title=title, products=[product]), Irrelevant)


@pytest.mark.parametrize(
    ("title", "alert"),
    [
        ("Password Spray involving one user", "Password Spray"),
        ("Anomalous Token involving multiple users", "Anomalous Token"),
        ("Malware on one endpoint involving one user", "Malware"),
        ("Impossible travel activity reported by multiple sources", "Impossible travel activity"),
        ("Password Spray", "Password Spray"),
        ("Mail involving one user of ours", "Mail involving one user of ours"),
        ("involving one user", "involving one user"),
    ],
)
def test_an_incident_is_called_after_its_alert(title: str, alert: str) -> None:
    assert incident_title(title) == alert
