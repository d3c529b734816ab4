"""Take back the sharing links that were made since the compromise."""

from __future__ import annotations

from contextlib import suppress

from shared.clients import audit_search, files
from shared.clients.audit_search import AuditRecord
from shared.clients.files import SharedItem, SharingLink
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Foothold, Phase, Utc, Value, number_of
from shared.policy.file_links import OPERATIONS, made_by
from shared.responder import Change, Impact, Responder


class MadeLink(Value):
    """One link, the file it opens, and when and from where it was made."""

    item: SharedItem
    link: SharingLink
    at: Utc
    ip: str | None

    @property
    def label(self) -> str:
        """Name it as a person would."""
        people = f" for {', '.join(self.link.people)}" if self.link.people else ""
        scope = self.link.scope or "sharing"
        return f"{scope} link to “{self.item.name}”{people}"


class FileLinksRevoked(Change):
    """The links as found: what was shared and with whom, because a new link has a new address.

    `unsure` are links that cannot be told from the owner's; they stay.
    """

    choices = "links"
    links: tuple[MadeLink, ...]
    unsure: tuple[str, ...] = ()

    def summary(self) -> str:
        """Say what will be done."""
        return f"Take back {number_of(len(self.links), 'sharing link')}"

    def differences(self) -> tuple[Difference, ...]:
        """List the links that go, and those that stay because nobody can be sure."""
        gone = (
            Difference(what=made.label, was=made.link.kind or "works", becomes="deleted")
            for made in self.links
        )
        kept = (
            Difference(what=label, was="works", becomes="stays: cannot be told from the owner's")
            for label in self.unsure
        )
        return (*gone, *kept)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each link and why it is the intruder's."""
        return tuple(
            Foothold(kind="sharing_link", label=made.label, reasons=(_reason(made),))
            for made in self.links
        )


class RevokeFileLinks(Responder[FileLinksRevoked]):
    """Take back the sharing links that were made since the compromise.

    They work without any account, so that nothing done to the account touches them. The unified
    audit log says which were made; a search takes minutes and is collected by a later pass. Links
    made under a former name of the account are not found, because the log knows names only. Cannot
    be undone: a new link has a new address, so what was shared with whom is kept.
    """

    phase = Phase.EVICT
    hunts = True
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1213.002", "T1537"})
    permissions = frozenset({audit_search.AUDIT_SEARCH_READ_ALL, files.FILES_WRITE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> FileLinksRevoked | None:
        """Look up what the log says was shared, and which of it still is."""
        records = await tenant.searches.collect(
            f"firebreak {case.id} links",
            who=case.account.upn,
            operations=OPERATIONS,
            since=case.compromised_since,
        )
        found: dict[tuple[str, str, str], MadeLink] = {}
        unsure: list[MadeLink] = []
        intruders = tuple(record for record in records if not case.owners(record.at))
        for url, of in sorted(_by_file(intruders).items()):
            for made, sure in await _still_there(url, of, tenant):
                if sure:
                    found[made.item.drive, made.item.id, made.link.id] = made
                else:
                    unsure.append(made)
        known = {link for _, _, link in found}
        labels = tuple(dict.fromkeys(m.label for m in unsure if m.link.id not in known))
        if found:
            return FileLinksRevoked(
                who=case.account.who, links=tuple(found.values()), unsure=labels
            )
        _hand_over(labels)
        return None

    async def apply(self, change: FileLinksRevoked, tenant: Tenant) -> None:
        """Delete them; a link or a file that is gone is fine."""
        for made in change.links:
            with suppress(Gone):
                await tenant.files.take_back(made.item, made.link.id)


def _by_file(records: tuple[AuditRecord, ...]) -> dict[str, list[AuditRecord]]:
    by_file: dict[str, list[AuditRecord]] = {}
    for record in sorted(records, key=lambda record: (record.at, record.id)):
        if record.object_id:
            by_file.setdefault(record.object_id, []).append(record)
    return by_file


async def _still_there(
    url: str, records: list[AuditRecord], tenant: Tenant
) -> list[tuple[MadeLink, bool]]:
    """Pair each record with the links it may have made, and whether that is sure."""
    try:
        item = await tenant.files.at(url)
        links = await tenant.files.links(item)
    except Gone:
        return []
    pairs = []
    for record in records:
        fitting = made_by(record, links)
        sure = len(fitting) == 1 and not fitting[0].inherited
        pairs += [
            (MadeLink(item=item, link=link, at=record.at, ip=record.ip), sure) for link in fitting
        ]
    return pairs


def _reason(made: MadeLink) -> str:
    where = f" from {made.ip}" if made.ip else ""
    return f"made at {made.at:%Y-%m-%d %H:%M} UTC{where}, since the compromise"


def _hand_over(labels: tuple[str, ...]) -> None:
    """Ask a person when nothing is left but links that may be the owner's."""
    if labels:
        raise Refused(
            f"{number_of(len(labels), 'sharing link')} cannot be told from the owner's",
            steps=tuple(f"Ask the owner about the {label}; remove it there" for label in labels),
        )
