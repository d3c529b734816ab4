"""Read legacy Graph security alerts (v1): one, a list page, an array or NDJSON.

Graph stopped serving them on 31 August 2026; connectors and archives still do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.alerts import identity, kinds
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading
from shared.alerts.drafting import Form, about, drafted, relevant
from shared.alerts.kinds import OUTBOUND, Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, notes
from shared.errors import Undecodable
from shared.model import AccountRef, AlertKind

_FORM: Final = Form(
    vendor="Microsoft Graph",
    times=("eventDateTime", "createdDateTime"),
    live=frozenset({"newalert", "inprogress"}),
)
_CLOSED: Final = frozenset({"resolved", "dismissed"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_HARMLESS: Final = {
    "falsepositive": "its feedback is false positive",
    "benignpositive": "its feedback is benign positive",
}


class GraphAlertsLegacy(JsonCarrier):
    """Read legacy Graph security alerts (v1): one, a list page, an array or NDJSON."""

    envelope = "value"
    tenant_key = "azureTenantId"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one alert is; each user state it is about makes a draft of its own."""
        if item.graph_type != "alert" and not item.has("vendorInformation", "eventDateTime"):
            raise Undecodable("not a legacy Graph alert: no vendorInformation and eventDateTime")
        native = item.text("id")
        if not native:
            raise Undecodable("the alert has no id")
        meaning = relevant(item, native, _meaning(item), _over)
        if isinstance(meaning, NotForUs):
            yield meaning
            return
        draft = drafted(item, meaning, native, _FORM, _lines(item))
        yield from about(draft, _accounts(item, meaning.kind))


def _meaning(item: Record) -> Meaning | Irrelevant:
    vendor, category = item.record("vendorInformation"), item.text("category") or ""
    sources = [word for key in ("provider", "subProvider") if (word := vendor.text(key))]
    return kinds.of_alert(
        operations=[category], codes=[category], title=item.text("title") or "", products=sources
    )


def _over(item: Record, status: str) -> str | None:
    if status in _CLOSED:
        return f"the alert is {status}"
    if status not in _FORM.live | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Graph documents for legacy alerts")
    return _HARMLESS.get(fold(item.text("feedback") or ""))


def _accounts(item: Record, kind: AlertKind) -> tuple[AccountRef, ...]:
    """Name the users of the alert; who only received the mail is a victim of outgoing spam."""
    states = [
        state
        for state in item.records("userStates")
        if kind not in OUTBOUND or fold(state.text("emailRole") or "") != "recipient"
    ]
    found = (
        identity.account(
            directory=state.text("aadUserId"),
            upn=state.text("userPrincipalName"),
            sid=state.text("onPremisesSecurityIdentifier"),
            on_windows=identity.windows(state.text("domainName"), state.text("accountName")),
        )
        for state in states
    )
    return tuple(identity.distinct(each for each in found if each))


def _lines(item: Record) -> dict[str, str]:
    states, vendor = item.records("userStates")[:10], item.record("vendorInformation")
    ips = dict.fromkeys(ip for state in states if (ip := state.text("logonIp")))
    places = dict.fromkeys(at for state in states if (at := state.text("logonLocation")))
    return notes(
        ip=", ".join(ips),
        location="; ".join(places),
        category=item.text("category"),
        source=vendor.text("provider"),
        activity_time=item.text("eventDateTime"),
        portal=", ".join(item.texts("sourceMaterials")[:3]),
    )
