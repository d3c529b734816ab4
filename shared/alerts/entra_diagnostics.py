"""Read Entra's diagnostic records: risky users, risk events and sign-ins of people.

Only `properties` says what happened to whom. The envelope around it is not believed: its `identity`
is a display name that can be somebody else's, its `correlationId` another detection's, its `time`
that of the export. `properties` are what Graph serves of the same thing and are read alike.
Source: concept-diagnostic-settings-logs-options at learn.microsoft.com/entra/identity
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.alerts import sign_in
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading
from shared.alerts.identity_protection import detection, risky_user
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name
from shared.errors import Undecodable

_SIGN_INS: Final = frozenset({"signinlogs", "noninteractiveusersigninlogs"})
_PRINCIPALS: Final = frozenset(
    {
        "serviceprincipalsigninlogs",
        "managedidentitysigninlogs",
        "riskyserviceprincipals",
        "serviceprincipalriskevents",
        "riskyagents",
        "agentriskevents",
        "agentsigninlogs",
    }
)
"""Categories about applications and agents; they carry the same fields for risk as people's."""
_NO_AGENT: Final = frozenset({"", "none", "notagentic"})
_RISKLESS: Final = frozenset({"", "none"})


class EntraDiagnostics(JsonCarrier):
    """Read Entra's diagnostic records: risky users, risk events and sign-ins of people."""

    envelope = "records"
    tenant_key = "tenantId"

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one diagnostic record is."""
        category = fold(item.text("category") or "")
        properties = item.record("properties")
        if not category or not properties.fields:
            raise Undecodable(
                "not a diagnostic record of Entra: category and properties are not both there"
            )
        if category in _PRINCIPALS or _agentic(properties):
            reason = "it is about an application or agent, not a user"
            return (NotForUs(reason=reason, native_id=name(properties.text("id")), routine=True),)
        if category == "userriskevents":
            return (detection(properties),)
        if category == "riskyusers":
            return (risky_user(properties),)
        if category in _SIGN_INS:
            return (_sign_in(properties),)
        word = clean(item.text("category") or "", 80)
        reason = f"records of the category {word!r} are not about risk"
        return (NotForUs(reason=reason, native_id=name(category), routine=True),)


def _agentic(properties: Record) -> bool:
    agent = fold(properties.record("agent").text("agentType") or "")
    principal = properties.text("servicePrincipalId", "agentId")
    person = properties.text("userId", "userPrincipalName") or properties.has("isDeleted")
    return agent not in _NO_AGENT or bool(principal and not person)


def _sign_in(properties: Record) -> Reading:
    """Read a sign-in. Nearly all are harmless, and an alert of none is worth a line of its own."""
    words = (properties.text("riskState"), properties.text("riskLevelDuringSignIn"))
    if all(fold(word or "") in _RISKLESS for word in words):
        return NotForUs(reason="the sign-in was not risky", native_id=_id(properties), routine=True)
    return sign_in.read(Record({**properties.fields, "id": _id(properties)}))


def _id(properties: Record) -> str:
    """Name the sign-in; forwarders drop its id, and several share one correlation id."""
    parts = (properties.text("correlationId"), properties.text("createdDateTime"))
    return properties.text("id") or name(*parts)
