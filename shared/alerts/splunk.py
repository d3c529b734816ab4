"""Read Splunk's webhook alerts: the first row of a search's result, and the search's name.

Source: docs.splunk.com, "Use a webhook alert action". The owner of the search, its app and its link
say nothing about the account.
"""

from __future__ import annotations

import json
from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import Carried, SiemCarrier, State, Told, severity
from shared.alerts.text import name
from shared.errors import Undecodable
from shared.model import AccountRef, digest

_OBJECT_IDS: Final = ("UserId", "AccountObjectId", "AadUserId", "user_id")
_NAMES: Final = ("userPrincipalName", "AccountUpn", "user_principal_name")
_PRODUCTS: Final = ("serviceSource", "detectionSource", "ProviderName", "product", "vendor_product")
_LIVE: Final = frozenset({"unassigned", "new", "inprogress", "pending"})
_OVER: Final = frozenset({"resolved", "closed"})


class Splunk(SiemCarrier):
    """Read Splunk's webhook alerts: the first row of a search's result, and the search's name."""

    def told(self, item: Record) -> Told:
        """Take one alert apart. Every value is a string, and there is one row only."""
        row, search = item.record("result"), item.text("search_name")
        if not row.fields or not item.has("sid"):
            raise Undecodable("not a Splunk webhook alert: result and sid are not both there")
        return Told(
            native=name(item.text("sid"), _row_id(row)),
            title=row.text("title", "rule_title") or search or "Splunk alert",
            rules=(search, row.text("rule_name")),
            severity=severity(row.text("severity", "urgency")),
            times=(row.value("_time"), row.value("timestamp")),
            accounts=(_account(row),),
            # Enterprise Security's notables; `status` alone is that of a sign-in or a request.
            state=State(word=row.text("status_label"), live=_LIVE, over=_OVER),
            places=(row.fields, row.value("_raw")),
            names=Carried(
                title=row.text("title") or "",
                products=tuple(filter(None, map(row.text, _PRODUCTS))),
                codes=tuple(filter(None, (row.text("detectorId"), row.text("alertPolicyId")))),
            ),
            lines={
                "rule": search,
                "ip": row.text("src_ip", "src", "ipAddress"),
                "portal": item.text("results_link"),
            },
        )


def _row_id(row: Record) -> str:
    """Tell apart the rows of one search that come one by one, each under the search's id."""
    return digest(json.dumps(row.fields, sort_keys=True), length=16)


def _account(row: Record) -> AccountRef | None:
    """Find the account; `user` is free text, so only what is an identifier in it counts."""
    told = identity.account(directory=row.text(*_OBJECT_IDS), upn=row.text(*_NAMES))
    return told or identity.written(row.text("user"))
