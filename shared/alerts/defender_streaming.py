"""Read alerts that Defender XDR streams: AlertInfo and AlertEvidence rows, in any order.

An alert is one AlertInfo row, which says what happened and names nobody, and one AlertEvidence row
for each entity, which says who and, in today's schema, also what. They are exported separately. A
row of evidence that says both is an alert by itself and waits for nothing; any other row waits for
its counterpart.
Source: learn.microsoft.com/defender-xdr/advanced-hunting-alertevidence-table
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.alerts import identity, kinds
from shared.alerts.carrier import (
    Incomplete,
    JsonCarrier,
    NotForUs,
    Piece,
    Reading,
    Recognised,
    guest_mark,
    held,
)
from shared.alerts.kinds import Irrelevant
from shared.alerts.payload import Record, parse
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Awaited, Place

_TABLES: Final = "advancedhunting-"
_INFO: Final = "advancedhunting-alertinfo"
_EVIDENCE: Final = "advancedhunting-alertevidence"
_PEOPLE: Final = frozenset({"user", "mailbox"})
"""Entities that name an account; a process or a device carries accounts of bystanders."""


class DefenderStreaming(JsonCarrier):
    """Read alerts that Defender XDR streams: AlertInfo and AlertEvidence rows, in any order."""

    envelope = "records"
    tenant_key = "tenantId"

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one row is by itself."""
        category, row = fold(item.text("category") or ""), item.record("properties")
        if not category.startswith(_TABLES) or not row.fields:
            raise Undecodable(
                "not a row streamed by Defender XDR: category is not AdvancedHunting-... or"
                " properties are missing"
            )
        if category not in {_INFO, _EVIDENCE}:
            word = clean(item.text("category") or "", 80)
            reason = f"rows of {word} are not alerts"
            return (NotForUs(reason=reason, native_id=name(category), routine=True),)
        if not row.text("AlertId"):
            raise Undecodable("the row has no AlertId")
        return (_info(row),) if category == _INFO else (_evidence(row),)

    def settle(self, readings: list[Reading]) -> list[Reading]:
        """Join what says what happened with what says to whom, where both are in one body."""
        waiting = [reading.draft for reading in readings if isinstance(reading, Incomplete)]
        infos = {draft.native_id: draft for draft in waiting if draft.account is None}
        over = {each.native_id: each for each in readings if isinstance(each, NotForUs)}
        named = {each.draft.native_id for each in readings if isinstance(each, Recognised)}
        named |= {draft.native_id for draft in waiting if draft.account}
        return [_settled(reading, infos, over, named) for reading in readings]

    def pieces(self, body: bytes) -> tuple[Piece, ...]:
        """Name the rows that another row may have to be read with."""
        try:
            found = self.entries(body)
        except Undecodable:
            return ()
        return tuple(
            Piece(alert=alert, record=item.fields)
            for item in found
            if isinstance(item, Record) and (alert := _piece_of(item))
        )


def _piece_of(item: Record) -> str | None:
    category, row = fold(item.text("category") or ""), item.record("properties")
    entity = fold(row.text("EntityType") or "")
    kept = category == _INFO or (category == _EVIDENCE and entity in _PEOPLE)
    return row.text("AlertId") if kept else None


def _info(row: Record) -> Reading:
    meaning = _meaning(row)
    if isinstance(meaning, Irrelevant):
        return NotForUs(reason=meaning.reason, native_id=_alert(row))
    evidence = _lines(row) | held(meaning.held)
    return _incomplete(_draft(row, meaning.kind, None, evidence))


def _evidence(row: Record) -> Reading:
    entity = row.text("EntityType") or "none"
    if fold(entity) not in _PEOPLE:
        reason = f"evidence about an entity of type {clean(entity, 40)} names no account"
        native = name(_alert(row), entity)
        return NotForUs(reason=reason, native_id=native, routine=True)
    if fold(row.text("EvidenceRole") or "") != "impacted":
        reason = "the account is evidence and not the one that was hit"
        return NotForUs(reason=reason, native_id=name(_alert(row), entity, "related"))
    account = _account(row)
    lines = _lines(row) | guest_mark(account)
    if not row.has("Title"):
        if account is None:
            raise Undecodable("the row of evidence says neither what happened nor to whom")
        return _incomplete(_draft(row, AlertKind.UNSUPPORTED, account, lines))
    meaning = _meaning(row)
    if isinstance(meaning, Irrelevant):
        return NotForUs(reason=meaning.reason, native_id=name(_alert(row), entity))
    return Recognised(draft=_draft(row, meaning.kind, account, lines | held(meaning.held)))


def _alert(row: Record) -> str:
    return name(row.text("AlertId"))


def _incomplete(draft: AlertDraft) -> Incomplete:
    return Incomplete(draft=draft, awaits=Awaited(place=Place.PIECES, id=draft.native_id))


def _meaning(row: Record) -> kinds.Meaning | Irrelevant:
    products = [text for key in ("ServiceSource", "DetectionSource") if (text := row.text(key))]
    return kinds.of_alert(title=row.text("Title") or "", products=products)


def _draft(
    row: Record, kind: AlertKind, account: AccountRef | None, lines: dict[str, str]
) -> AlertDraft:
    return AlertDraft(
        native_id=_alert(row),
        kind=kind,
        title=clean(row.text("Title") or "Microsoft Defender alert"),
        severity=kinds.severity(row.text("Severity")),
        occurred_at=moment(row.value("Timestamp")),
        account=account,
        evidence=lines,
    )


def _account(row: Record) -> AccountRef | None:
    """Find the account in the columns and in the entity they were made of.

    Where the two name different objects, neither is taken.
    """
    entity = _entity(row)
    claims = (row.text("AccountObjectId"), entity.text("AadId", "AadUserId"))
    oids = {oid for claim in claims if (oid := identity.object_id(claim))}
    if len(oids) > 1:
        return None
    return identity.account(
        directory=next(iter(oids), None),
        upn=row.text("AccountUpn") or entity.text("Upn"),
        mailbox=entity.text("MailboxPrimaryAddress"),
        sid=row.text("AccountSid") or entity.text("Sid"),
        on_windows=identity.windows(row.text("AccountDomain"), row.text("AccountName")),
    )


def _entity(row: Record) -> Record:
    """Read `AdditionalFields`: a JSON text, and beside the point where it is broken."""
    value = row.value("AdditionalFields")
    try:
        found = parse(value) if isinstance(value, str) and value.strip() else value
    except Undecodable:
        return Record({})
    return Record(found if isinstance(found, dict) else {})


def _lines(row: Record) -> dict[str, str]:
    return notes(
        alert_id=row.text("AlertId"),
        source=row.text("ServiceSource"),
        detection_source=row.text("DetectionSource"),
        category=row.text("Category", "Categories"),
        entity=row.text("EntityType"),
        ip=row.text("RemoteIP"),
        activity_time=row.text("Timestamp"),
    )


def _settled(
    reading: Reading,
    infos: dict[str, AlertDraft],
    over: dict[str, NotForUs],
    named: set[str],
) -> Reading:
    """Read a waiting row with its counterpart, if it is here."""
    if not isinstance(reading, Incomplete):
        return reading
    draft, native = reading.draft, reading.draft.native_id
    if draft.account is None:
        reason = "the alert's evidence names the account"
        return NotForUs(reason=reason, native_id=native) if native in named else reading
    if native in infos:
        info = infos[native]
        evidence = draft.evidence | info.evidence
        joined = info.model_copy(update={"account": draft.account, "evidence": evidence})
        return Recognised(draft=joined)
    if native in over:
        return NotForUs(reason=over[native].reason, native_id=name(native, draft.account.best))
    return reading
