"""The names under which Microsoft's products raise alerts, as their carriers write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.alerts.text import fold


def _folded(*names: str) -> frozenset[str]:
    return frozenset(map(fold, names))


ENTRA: Final = _folded(
    "azureAdIdentityProtection",
    "AAD Identity Protection",
    "Azure AD Identity Protection",
    "Azure Active Directory Identity Protection",
    "Microsoft Entra ID Protection",
    "Entra ID Protection",
    "IdentityProtection",
    "IPC",
)
MACHINES: Final = _folded(
    "microsoftDefenderForEndpoint",
    "microsoftDefenderForCloud",
    "microsoftDefenderForServers",
    "Microsoft Defender ATP",
    "ASC",
    "Azure Defender",
    "Azure Security Center",
    "Microsoft Defender Advanced Threat Protection",
    "Microsoft Defender for Cloud",
    "Microsoft Defender for Endpoint",
    "Microsoft Defender for Servers",
    "MDATP",
)
"""Products that watch machines; their titles sound like those about people."""
CUSTOM: Final = _folded(
    "ASI Scheduled Alerts",
    "ASI NRT Alerts",
    "CustomAlertRule",
    "NRT Alerts",
    "Scheduled Alerts",
    "microsoftSentinel",
    "Microsoft Sentinel",
    "Azure Sentinel",
    "customDetection",
    "customTi",
    "scheduledAlerts",
    "nrtAlerts",
    "manual",
)
"""Sources whose rules somebody in the tenant wrote."""
_MAIL_AND_APPS: Final = _folded(
    "microsoftDefenderForOffice365",
    "Microsoft Defender for Office 365",
    "Office 365 Advanced Threat Protection",
    "Office 365 Security & Compliance",
    "OfficeATP",
    "OATP",
    "SecurityComplianceCenter",
    "microsoftDefenderForCloudApps",
    "Microsoft Defender for Cloud Apps",
    "Microsoft Cloud App Security",
    "MCAS",
    "microsoftDefenderForIdentity",
    "Microsoft Defender for Identity",
    "microsoft365Defender",
    "Microsoft 365 Defender",
    "Microsoft Defender XDR",
)


def among(products: Iterable[str], known: frozenset[str]) -> bool:
    """Whether any of these is a known product, whatever its spelling."""
    return any(fold(product) in known for product in products)


def microsoft(products: Iterable[str]) -> bool:
    """Whether any of these is a product of Microsoft's that raises alerts."""
    return among(products, ENTRA | MACHINES | CUSTOM | _MAIL_AND_APPS)
