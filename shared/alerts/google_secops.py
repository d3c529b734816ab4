"""Read detections of Google SecOps (Chronicle), with the events they were made from.

Source: cloud.google.com/chronicle/docs/reference/detection-engine-api and udm-field-list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import Carried, SiemCarrier, State, Told, severity
from shared.alerts.text import clean, name
from shared.errors import Undecodable
from shared.model import AccountRef

_LIVE: Final = frozenset({"alerting"})
_OVER: Final = frozenset({"not_alerting", "notalerting"})
_NOUNS: Final = ("target", "principal")


class GoogleSecOps(SiemCarrier):
    """Read detections of Google SecOps (Chronicle), with the events they were made from."""

    pages = ("detections",)

    def told(self, item: Record) -> Told:
        """Take one detection apart."""
        made = next(iter(item.records("detection")), Record({}))
        native, rule = item.text("id"), made.text("ruleName")
        if not native or not rule:
            raise Undecodable(
                "not a detection of Google SecOps: id and detection[].ruleName are not both there"
            )
        events = list(_events(item))
        return Told(
            native=name(native),
            title=made.text("summary") or rule,
            rules=(rule, made.text("ruleId")),
            severity=severity(made.text("severity")),
            times=(item.record("timeWindow").value("startTime"), item.value("detectionTime")),
            accounts=_accounts(events),
            state=State(word=made.text("alertState"), live=_LIVE, over=_OVER),
            names=_names(events),
            lines={
                "rule": rule,
                "ip": ", ".join(_ips(events)[:10]),
                "portal": made.text("urlBackToProduct"),
            },
        )


def _events(item: Record) -> Iterator[Record]:
    for element in item.records("collectionElements"):
        for reference in element.records("references"):
            yield reference.record("event")


def _accounts(events: list[Record]) -> tuple[AccountRef, ...]:
    """Find the one account of all events. Where they name two, which is meant would be a guess."""
    named = (_account(event.record(noun).record("user")) for event in events for noun in _NOUNS)
    found = identity.distinct(each for each in named if each)
    return tuple(found) if len(found) == 1 else ()


def _account(user: Record) -> AccountRef | None:
    addresses = set(user.texts("emailAddresses"))
    return identity.account(
        directory=user.text("productObjectId"),
        upn=addresses.pop() if len(addresses) == 1 else None,
        sid=user.text("windowsSid"),
    ) or identity.written(user.text("userid"))


def _names(events: list[Record]) -> Carried:
    """Name the Microsoft alert, where all events are of one product and tell of one."""
    products = {event.record("metadata").text("productName") or "" for event in events}
    results = [result for event in events for result in event.records("securityResult")]
    titles = {title for result in results if (title := result.text("summary", "ruleName"))}
    if len(products) != 1 or len(titles) != 1:
        return Carried()
    return Carried(title=clean(titles.pop()), products=(products.pop(),))


def _ips(events: list[Record]) -> list[str]:
    found = (ip for event in events for ip in event.record("principal").texts("ip"))
    return list(dict.fromkeys(found))
