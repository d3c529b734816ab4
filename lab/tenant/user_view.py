"""A user as Graph shows it: every property the simulated directory holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.state import User

TYPE: Final = "microsoft.graph.user"

DEFAULT: Final = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What Graph answers when nothing is selected. `accountEnabled` is not in it."""

PROPERTIES: Final[Mapping[str, Callable[[User], Any]]] = MappingProxyType(
    {
        "accountEnabled": lambda u: u.enabled,
        "assignedPlans": lambda u: [_plan(u, *plan) for plan in u.plans],
        "businessPhones": lambda _: [],
        "createdDateTime": lambda u: seconds(u.created_at),
        "department": lambda u: u.department,
        "displayName": lambda u: u.display_name,
        "givenName": lambda u: u.given_name,
        "id": lambda u: u.id,
        "isManagementRestricted": lambda u: True if u.restricted else None,
        "jobTitle": lambda u: u.job_title,
        "lastPasswordChangeDateTime": lambda u: seconds(u.password_changed_at),
        "mail": lambda u: u.mail,
        "mobilePhone": lambda _: None,
        "officeLocation": lambda u: u.office,
        "onPremisesDomainName": lambda u: u.on_premises_domain,
        "onPremisesSamAccountName": lambda u: u.sam_account_name,
        "onPremisesSecurityIdentifier": lambda u: u.on_premises_sid,
        "onPremisesSyncEnabled": lambda u: True if u.synced else None,
        "preferredLanguage": lambda u: u.language,
        "proxyAddresses": lambda u: list(u.proxy_addresses),
        "securityIdentifier": lambda u: u.sid,
        "signInSessionsValidFromDateTime": lambda u: seconds(u.sessions_valid_from),
        "surname": lambda u: u.surname,
        "usageLocation": lambda u: u.usage_location,
        "userPrincipalName": lambda u: u.upn,
        "userType": lambda u: u.user_type,
    }
)

WRITABLE_TEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "department": "department",
        "displayName": "display_name",
        "givenName": "given_name",
        "jobTitle": "job_title",
        "officeLocation": "office",
        "preferredLanguage": "language",
        "surname": "surname",
        "usageLocation": "usage_location",
    }
)
"""Ordinary properties a PATCH may set, and the fields they live in."""


def shown(user: User, wanted: tuple[str, ...] | None) -> dict[str, Any]:
    """Show a user with the selected properties, or with Graph's default ones."""
    names = DEFAULT if wanted is None else (*wanted, *(() if "id" in wanted else ("id",)))
    return {name: PROPERTIES[name](user) for name in names}


def _plan(user: User, service: str, plan: str) -> dict[str, Any]:
    return {
        "assignedDateTime": seconds(user.created_at),
        "capabilityStatus": "Enabled",
        "service": service,
        "servicePlanId": plan,
    }


def seconds(moment: datetime) -> str:
    """Write a time as the directory does: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(moment: datetime) -> str:
    """Write a time as Identity Protection and Defender do: UTC, with seven digits."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
