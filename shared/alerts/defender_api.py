"""Alerts as the Microsoft 365 Defender API (api.security.microsoft.com) puts them in incidents.

Source: learn.microsoft.com/defender-xdr/api-list-incidents
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.alerts import identity, kinds
from shared.alerts.carrier import NotForUs, Reading
from shared.alerts.disruption import NOTE, disrupted
from shared.alerts.drafting import Form, about, drafted, relevant
from shared.alerts.kinds import OUTBOUND, Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, notes
from shared.errors import Undecodable
from shared.model import AccountRef, AlertKind

_FORM: Final = Form(
    vendor="Microsoft Defender",
    times=("firstActivity", "creationTime"),
    live=frozenset({"new", "inprogress"}),
)
_UNSAID: Final = frozenset({"", "unknown", "unspecified"})
_HARMLESS: Final = frozenset({"falsepositive", "informationalexpectedactivity"})
_PEOPLE: Final = frozenset({"user", "mailbox"})
"""Entity types that name an account; processes and devices carry accounts of bystanders."""


def read_alert(item: Record) -> Iterator[Reading]:
    """Say what one alert is. Raises `Undecodable`."""
    native = item.text("alertId")
    if not native:
        raise Undecodable("the alert has no alertId")
    meaning = relevant(item, native, _meaning(item), _over)
    if isinstance(meaning, NotForUs):
        yield meaning
        return
    draft = drafted(item, meaning, native, _FORM, _lines(item))
    yield from about(draft, _accounts(item, meaning.kind))


def _meaning(item: Record) -> Meaning | Irrelevant:
    detector = item.text("detectorId") or ""
    sources = [word for key in ("serviceSource", "detectionSource") if (word := item.text(key))]
    return kinds.of_alert(
        ids=[detector], codes=[detector], title=item.text("title") or "", products=sources
    )


def _over(item: Record, status: str) -> str | None:
    if status == "resolved":
        return "the alert is resolved"
    if status not in _FORM.live | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one the Defender API documents")
    if fold(item.text("classification") or "") in _HARMLESS:
        return f"it is classified as {clean(item.text('classification') or '', 40)}"
    return None


def _accounts(item: Record, kind: AlertKind) -> tuple[AccountRef, ...]:
    entities = item.records("entities")
    recipients = {(each.text("recipient") or "").lower() for each in entities} - {""}
    named = [
        reference
        for each in entities
        if fold(each.text("entityType") or "") in _PEOPLE and (reference := _account(each))
    ]
    if kind in OUTBOUND:
        named = [each for each in named if (each.mailbox or "").lower() not in recipients]
    return tuple(identity.distinct(named))


def _account(entity: Record) -> AccountRef | None:
    return identity.account(
        directory=entity.text("aadUserId"),
        upn=entity.text("userPrincipalName"),
        mailbox=entity.text("mailboxAddress"),
        sid=entity.text("userSid"),
        on_windows=identity.windows(entity.text("domainName"), entity.text("accountName")),
    )


def _lines(item: Record) -> dict[str, str]:
    ips = dict.fromkeys(ip for each in item.records("entities") if (ip := each.text("ipAddress")))
    return notes(
        ip=", ".join([*ips][:10]),
        detector=item.text("detectorId"),
        category=item.text("category"),
        source=item.text("serviceSource"),
        incident=item.text("incidentId"),
        activity_time=item.text("lastActivity", "firstActivity"),
        disruption=NOTE if disrupted(item.text("title") or "") else None,
    )
