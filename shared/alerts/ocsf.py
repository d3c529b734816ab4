"""Read detection findings of the Open Cybersecurity Schema Framework, whoever sends them.

Source: schema.ocsf.io, classes detection_finding (2004) and the deprecated security_finding (2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Final

from shared.alerts import identity
from shared.alerts.carrier import NotForUs, Reading
from shared.alerts.payload import Record
from shared.alerts.siem import Carried, SiemCarrier, State, Told
from shared.alerts.text import clean, name
from shared.errors import Undecodable
from shared.model import AccountRef, Severity

_FINDINGS: Final = frozenset({"2001", "2004"})
_STATES: Final = MappingProxyType(
    {"1": "new", "2": "in progress", "3": "suppressed", "4": "resolved", "5": "archived"}
)
_CLOSE: Final = "3"
"""The activity that ends a finding."""
_LIVE: Final = frozenset({"new", "inprogress"})
_OVER: Final = frozenset({"suppressed", "resolved", "archived", "deleted", "closed"})
_LOUD: Final = MappingProxyType(
    {
        "1": Severity.INFORMATIONAL,
        "2": Severity.LOW,
        "3": Severity.MEDIUM,
        "4": Severity.HIGH,
        "5": Severity.HIGH,
        "6": Severity.HIGH,
    }
)
_NOBODY: Final = frozenset({"3", "4"})
"""User types System and Service."""
_PEOPLE: Final = frozenset({"user", "account", "user account", "aad user", "mailbox"})


class Ocsf(SiemCarrier):
    """Read detection findings of the Open Cybersecurity Schema Framework, whoever sends them."""

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one event is; other classes are logs, which come by the thousand."""
        kind = item.text("class_uid")
        if kind and kind.isdigit() and kind not in _FINDINGS:
            shown = clean(item.text("class_name") or kind, 60)
            reason = f"OCSF events of the class {shown} are no detection findings"
            return (NotForUs(reason=reason, native_id=name("class", kind[:9]), routine=True),)
        return super().read_one(item)

    def told(self, item: Record) -> Told:
        """Take one finding apart."""
        finding = item.record("finding_info" if item.has("finding_info") else "finding")
        native, title = finding.text("uid"), finding.text("title")
        if item.text("class_uid") not in _FINDINGS or not native or not title:
            raise Undecodable(
                "not a detection finding of OCSF: class_uid 2004, finding_info.uid and"
                " finding_info.title are not all there"
            )
        analytic = (finding if finding.has("analytic") else item).record("analytic")
        times = (*map(finding.value, ("first_seen_time", "created_time")), item.value("time"))
        return Told(
            native=name(native),
            title=title,
            rules=(analytic.text("name"), analytic.text("uid")),
            severity=_LOUD.get(item.text("severity_id") or "", Severity.UNKNOWN),
            times=times,
            accounts=tuple(_accounts(item)),
            state=State(word=_state(item), live=_LIVE, over=_OVER),
            places=(item.value("raw_data"), item.value("unmapped")),
            names=_names(item, finding),
            lines={
                "rule": analytic.text("name"),
                "source": item.record("metadata").record("product").text("name"),
                "ip": item.record("src_endpoint").text("ip"),
                "portal": finding.text("src_url"),
            },
        )


def _state(item: Record) -> str | None:
    if item.text("activity_id") == _CLOSE:
        return "closed"
    written = item.text("status_id", "state_id")
    return _STATES.get(written or "") or item.text("status", "state")


def _names(item: Record, finding: Record) -> Carried:
    product = item.record("metadata").record("product")
    named = (product.text("name"), product.record("feature").text("name"))
    codes = tuple(filter(None, (finding.text("product_uid"), *finding.texts("types"))))
    return Carried(
        title=finding.text("title") or "", products=tuple(filter(None, named)), codes=codes
    )


def _accounts(item: Record) -> Iterator[AccountRef]:
    """Name the accounts of the first place that names any: who acted, then what it is about."""
    evidences = [each.record("actor").record("user") for each in item.records("evidences")]
    places = (evidences, [item.record("actor").record("user")], [item.record("user")])
    for users in (*places, _resources(item)):
        found = [account for user in users if (account := _account(user))]
        if found:
            yield from found
            return


def _resources(item: Record) -> list[Record]:
    resources = item.records("resources")
    return [each for each in resources if (each.text("type") or "").lower() in _PEOPLE]


def _account(user: Record) -> AccountRef | None:
    """Find a user's account; a user's name may be a bare one, which is nobody."""
    if user.text("type_id") in _NOBODY:
        return None
    bare, told = user.text("name"), user.text("uid")
    return identity.account(
        directory=told or user.text("uid_alt"), upn=user.text("email_addr"), sid=told
    ) or identity.named(bare, domain=user.text("domain"))
