"""See which inbox rules hide mail or send it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from shared.clients import exchange, graph
from shared.clients.audit_search import AUDIT_SEARCH_READ_ALL
from shared.errors import Gone, Transient
from shared.model import Account, AccountRef, Json, Severity, Upn, digest
from shared.policy.inbox_rules import JudgedRule, judge
from shared.policy.written_rules import OPERATIONS, whose, worth_a_look
from shared.posture import Finding, Gap
from shared.sweeps.parts import EXCHANGE, InParts, Part
from shared.sweeps.sweep import Look, Page, Record

RULE: Final = "suspicious_rule"
_FIRST: Final = timedelta(days=30)
"""How far back the first search looks."""
_LATE: Final = timedelta(days=1)
"""How late rows may come: each search begins so much before the last run."""
_PATIENCE: Final = 20
"""How often in a row the search may be unfinished before the rules count as not looked at."""
_AGAIN: Final = 60.0
_ROWS: Final = 10_000
_MAILBOXES: Final = 5
"""Mailboxes in a page: each takes three calls."""
_WATCHED: Final = "watched:"


async def _ask(look: Look, _: Json) -> Page:
    """Start the search; one of this run's name is not started twice."""
    if await look.tenant.searches.named(_name(look)):
        return Page()
    await look.tenant.searches.start(
        _name(look),
        who=None,
        operations=OPERATIONS,
        since=_since(look),
        until=look.run.started_at,
    )
    return Page(calls=2)


async def _read(look: Look, _: Json) -> Page:
    """Note whose rules are to be read. Raises `Transient` until the search has finished."""
    found = await look.tenant.searches.named(_name(look))
    done = [search for search in found if search.finished]
    if not done and look.run.setbacks < _PATIENCE and not any(s.failed for s in found):
        raise Transient("The audit search for inbox rules is not finished", retry_after=_AGAIN)
    if not done:
        return Page(gaps=(_gap("Microsoft did not finish the audit search"),))
    own = (await look.tenant.directory.domains()).verified
    rows = await look.tenant.searches.records(done[-1], most=_ROWS)
    owners = {upn.lower() for row in rows if worth_a_look(row, own) and (upn := whose(row))}
    cut = "The audit log has more rows about rules than were read"
    return Page(
        records=tuple(_watch(upn, look, watched=True) for upn in sorted(owners)),
        gaps=(_gap(cut),) if len(rows) == _ROWS else (),
        tally={"rows of the audit log": float(len(rows))},
        calls=3,
    )


async def _mailboxes(look: Look, at: Json) -> Page:
    """Read the rules of some mailboxes as they are now."""
    after = str(at.get("after", ""))
    # What this very run let out of sight counts again: a killed worker's page is read once more.
    keys = [
        (key, str(body["upn"]))
        async for key, body in look.kept.all(_WATCHED)
        if key > after and (body["watched"] or body["run"] == look.run.id)
    ]
    some = keys[:_MAILBOXES]
    own = (await look.tenant.directory.domains()).verified
    findings: list[Finding] = []
    records: list[Record] = []
    for _, upn in some:
        found = await _rules(look, upn, own)
        if found:
            findings.append(found)
        else:
            records.append(_watch(upn, look, watched=False))
    more = len(keys) > len(some)
    return Page(
        findings=tuple(findings),
        records=tuple(records),
        subjects=len(some),
        calls=1 + 3 * len(some),
        next={"after": some[-1][0]} if more else None,
    )


async def _rules(look: Look, upn: str, own: frozenset[str]) -> Finding | None:
    try:
        account = await look.tenant.directory.find(AccountRef(upn=Upn(upn)))
        rules = await look.tenant.mailbox.rules(account.who)
    except Gone:
        return None
    judged = (judge(rule, own) for rule in rules if rule.enabled)
    bad = sorted((one for one in judged if one.suspicious), key=lambda one: -one.score)
    return _finding(account, bad) if bad else None


def _finding(account: Account, bad: list[JudgedRule]) -> Finding:
    """Tell of all rules of one mailbox together: whoever made one made the others."""
    return Finding(
        kind=RULE,
        subject=account.object_id,
        account=account.object_id,
        title=f"{account.upn} has rules like an intruder's: {_names(bad)}",
        severity=Severity.HIGH,
        weight=float(bad[0].score),
        evidence={
            "account": account.upn,
            "rules": _names(bad),
            "why": "; ".join(bad[0].reasons),
        },
    )


def _names(bad: list[JudgedRule]) -> str:
    return ", ".join(f"“{one.rule.name}”" for one in bad)


def _name(look: Look) -> str:
    return f"firebreak rules {look.run.id}"


def _since(look: Look) -> datetime:
    return look.before.started_at - _LATE if look.before else look.run.started_at - _FIRST


def _watch(upn: str, look: Look, *, watched: bool) -> Record:
    """Keep a mailbox in sight from run to run, until a run finds nothing in it."""
    key = f"{_WATCHED}{digest(upn)}"
    return Record(key=key, body={"upn": upn, "watched": watched, "run": look.run.id})


def _gap(reason: str) -> Gap:
    return Gap(kinds=frozenset({RULE}), reason=reason)


class InboxRules(InParts):
    """See which inbox rules hide mail or send it out.

    Reading every mailbox's rules would take two requests for each. So the unified audit log tells
    whose rules were made or changed since the last run (the first looks thirty days back), and
    those mailboxes are read; one in which something was found is read again in every run. Not
    covered: rules that are older, and those of mailboxes that are not audited.
    """

    every = timedelta(days=1)
    budget = EXCHANGE
    calls_per_page = 1 + 3 * _MAILBOXES
    kinds: ClassVar[Mapping[str, str]] = {
        RULE: "Respond to the account as compromised, or let its owner confirm the rule and accept "
        "the finding"
    }
    permissions = frozenset(
        {
            exchange.MANAGE_AS_APP,
            graph.USER_READ_ALL,
            graph.DOMAIN_READ_ALL,
            AUDIT_SEARCH_READ_ALL,
        }
    )
    exchange_roles = frozenset({exchange.USER_OPTIONS})
    parts = (
        Part("ask", frozenset({RULE}), _ask),
        Part("search", frozenset({RULE}), _read),
        Part("mailboxes", frozenset({RULE}), _mailboxes),
    )
