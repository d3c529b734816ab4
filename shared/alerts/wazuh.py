"""Read Wazuh's alerts: a rule that matched, around the event it matched on.

Source: documentation.wazuh.com, "Integrating with external APIs", and the modules for Office 365
and Microsoft Graph, which keep Microsoft's records under their own names.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import SiemCarrier, Told, graded
from shared.alerts.text import name
from shared.errors import Undecodable

_MODULES: Final = ("office365", "ms-graph", "azure", "aad")
_OBJECT_IDS: Final = ("userId", "aadUserId")


class Wazuh(SiemCarrier):
    """Read Wazuh's alerts: a rule that matched, around the event it matched on."""

    def told(self, item: Record) -> Told:
        """Take one alert apart; the scripts for chat services put it under `all_fields`."""
        alert = item.record("all_fields") if item.has("all_fields") else item
        rule, data = alert.record("rule"), alert.record("data")
        native, title = alert.text("id"), rule.text("description")
        if not native or not title or not rule.has("level"):
            raise Undecodable(
                "not an alert of Wazuh: id, rule.level and rule.description are not all there"
            )
        return Told(
            native=name(native),
            title=title,
            rules=(title, rule.text("id")),
            severity=graded(rule.text("level"), medium=7, high=12),
            times=(alert.value("timestamp"),),
            # `dstuser` is whom an event is about, `srcuser` who did it.
            accounts=(
                identity.account(
                    directory=data.text(*_OBJECT_IDS), upn=data.text("userPrincipalName")
                )
                or identity.written(data.text("dstuser")),
            ),
            places=(*(data.value(module) for module in _MODULES), data.fields),
            lines={
                "rule": title,
                "level": rule.text("level"),
                "ip": data.text("srcip"),
                "agent": alert.record("agent").text("name"),
            },
        )
