"""Read Elastic Security's alerts as Kibana's webhook connector sends them, flat or nested.

Source: elastic.co/guide/en/security/current/alert-schema.html. The body is the operator's template:
one alert document, or several under `alerts`, with the keys of the document.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import Carried, SiemCarrier, State, Told, severity
from shared.alerts.text import name
from shared.errors import Undecodable
from shared.model import AccountRef

_ORIGINALS: Final = (
    "o365.audit",
    "azure.identity_protection.properties",
    "azure.identityprotection.properties",
    "m365_defender.alert",
    "m365_defender.incident",
    "microsoft_defender_endpoint",
)
"""Where Elastic's integrations keep what Microsoft sent, under Microsoft's names."""
_LIVE: Final = frozenset({"open", "acknowledged", "active"})
_OVER: Final = frozenset({"closed", "recovered", "untracked"})


class Elastic(SiemCarrier):
    """Read Elastic Security's alerts as Kibana's webhook connector sends them, flat or nested."""

    pages = ("alerts",)

    def told(self, item: Record) -> Told:
        """Take one alert document apart."""
        document = item.record("_source") if item.has("_source") else item
        alert = document.under("kibana.alert")
        native, rule = alert.path("uuid"), alert.under("rule")
        if not native or not rule.path("name"):
            raise Undecodable(
                "not an alert of Elastic Security: kibana.alert.uuid and kibana.alert.rule.name are"
                " not both there"
            )
        originals = (document.under(path).fields for path in _ORIGINALS)
        return Told(
            native=name(native),
            title=rule.path("name") or "",
            rules=(rule.path("name"), rule.path("uuid"), rule.path("rule_id")),
            severity=severity(alert.path("severity")),
            times=(alert.at("original_time"), document.at("@timestamp"), alert.at("start")),
            accounts=(_account(document.under("user")),),
            state=State(word=_state(alert), live=_LIVE, over=_OVER),
            places=(*originals, document.at("event.original")),
            names=Carried(
                title=document.path("rule.name") or "",
                products=tuple(filter(None, (document.path("event.provider"),))),
            ),
            lines={
                "rule": rule.path("name"),
                "reason": alert.path("reason"),
                "ip": document.path("source.ip"),
                "portal": alert.path("url"),
            },
        )


def _state(alert: Record) -> str | None:
    """Read both states: the detection's own, which ends by itself, and the analyst's."""
    status, workflow = alert.path("status"), alert.path("workflow_status")
    return status if (status or "").lower() in _OVER else workflow or status


def _account(user: Record) -> AccountRef | None:
    """Find the account in ECS's user fields; `user.name` may be a bare name, which is nobody."""
    domain, bare = user.path("domain"), user.path("name")
    return identity.account(
        directory=user.path("id"), upn=user.path("email"), sid=user.path("id")
    ) or identity.named(bare, domain=domain)
