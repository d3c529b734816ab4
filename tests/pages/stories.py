"""Invented cases, from the alert to the last journal line, as the worker would have left them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.model import (
    Account,
    AccountKind,
    AccountRef,
    Alert,
    AlertId,
    AlertKind,
    AlertState,
    Case,
    CaseId,
    CaseStatus,
    Difference,
    Entry,
    Event,
    Foothold,
    Json,
    Mode,
    ObjectId,
    Phase,
    ResponderName,
    Severity,
    Task,
    TaskState,
    TenantId,
    Upn,
    task_id,
)
from shared.pages import view
from shared.pages.choices import ChainState
from shared.pages.values import CaseView
from shared.tasks.journal import Journal

ZERO = datetime(2026, 3, 17, 2, 58, 41, 212_000, tzinfo=UTC)
"""When the first alert comes in."""
TENANT = TenantId("9a1d4c1e-4a0b-4c5e-9d55-1f6f7d1c0b11")
UPN = Upn("noor.haddad@contoso.example")
OBJECT = ObjectId("5f0c7a52-3d5e-4a39-8d0b-7f1f7a0e2c44")
CASE = CaseId("c7d21e90b4a84f5f")


@dataclass(frozen=True)
class Story:
    """What the store holds about a case, and when it is looked at."""

    case: Case
    tasks: tuple[Task, ...]
    entries: tuple[Entry, ...]
    alerts: tuple[Alert, ...]
    at: datetime
    chain: ChainState = ChainState.INTACT

    def view(self) -> CaseView:
        return view.case_view(
            self.case, self.tasks, self.entries, self.alerts, at=self.at, chain=self.chain
        )

    def later(self, **delta: float) -> Story:
        return replace(self, at=ZERO + timedelta(**delta))


def after(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def alert(**changes: object) -> Alert:
    return Alert.model_validate(
        {
            "id": AlertId("a1f09c77d2"),
            "tenant": TENANT,
            "source": "defender",
            "carrier": "graph_alerts_v2",
            "native_id": "da638772011934482210_-1173209114",
            "kind": AlertKind.RISKY_SIGN_IN,
            "title": "Anomalous token used from an unfamiliar network",
            "severity": Severity.HIGH,
            "occurred_at": after(-372),
            "received_at": ZERO,
            "account": AccountRef(object_id=OBJECT, upn=UPN),
            "evidence": {
                "ip_address": "203.0.113.77",
                "country": "unknown (hosting provider)",
                "application": "Office 365 Exchange Online",
                "user_agent": "axios/1.7.9",
            },
            "raw": "alerts/9a1d/a1f09c77d2",
            "state": AlertState.TRIAGED,
            "case": CASE,
            **changes,
        }
    )


def case(**changes: object) -> Case:
    return Case.model_validate(
        {
            "id": CASE,
            "tenant": TENANT,
            "account": Account(
                object_id=OBJECT,
                upn=UPN,
                display_name="Noor Haddad",
                kinds=frozenset({AccountKind.CLOUD}),
            ),
            "opened_at": after(0.31),
            "compromised_since": after(-372),
            "seen_until": after(0.31),
            "alerts": ("a1f09c77d2",),
            "kinds": frozenset({AlertKind.RISKY_SIGN_IN}),
            "title": "Anomalous token used from an unfamiliar network",
            "severity": Severity.HIGH,
            "reasons": (
                "rule 'stolen session' matched: kind risky_sign_in, severity high",
                "no guard objected: not protected, not our own identity",
            ),
            **changes,
        }
    )


def task(responder: str, **changes: object) -> Task:
    name = ResponderName(responder)
    evict = responder in {"disable_inbox_rules", "stop_forwarding"}
    return Task.model_validate(
        {
            "id": task_id(TENANT, OBJECT, CASE, name),
            "tenant": TENANT,
            "case": CASE,
            "responder": name,
            "phase": Phase.EVICT if evict else Phase.CONTAIN,
            "mode": Mode.ENFORCE,
            "attempts": 1,
            "created_at": after(0.52),
            **({"change": {}, **PLANS[responder]} if responder in PLANS else {}),
            **changes,
        }
    )


UNPLANNED: Json = {"change": None, "summary": "", "differences": (), "footholds": ()}
PLANS: dict[str, Json] = {
    "disable_sign_in": {
        "summary": "Block sign-in",
        "differences": (Difference(what="Sign-in", was="allowed", becomes="blocked"),),
        "footholds": (Foothold(kind="sign_in", label="Sign-in with whatever the intruder holds"),),
    },
    "revoke_sessions": {
        "summary": "End all sessions",
        "differences": (
            Difference(
                what="Sessions accepted",
                was="if issued after 2026-02-02 08:11:05 UTC",
                becomes="only if issued from now on",
            ),
        ),
        "footholds": (Foothold(kind="session", label="Refresh tokens and session cookies"),),
    },
    "reset_password": {
        "summary": "Set a random password that must be changed at the next sign-in",
        "differences": (
            Difference(
                what="Password",
                was="set 2025-09-30 07:12:44 UTC",
                becomes="random, known to nobody",
            ),
        ),
        "footholds": (Foothold(kind="password", label="The password the intruder may know"),),
    },
    "confirm_compromised": {
        "summary": "Confirm the account as compromised in Identity Protection",
        "differences": (
            Difference(what="User risk", was="atRisk (high)", becomes="confirmedCompromised"),
        ),
    },
    "disable_inbox_rules": {
        "summary": "Switch off 2 inbox rules",
        "differences": (
            Difference(what="inbox rule “..”", was="on", becomes="off"),
            Difference(what="hidden inbox rule “Sync helper”", was="on", becomes="off"),
        ),
        "footholds": (
            Foothold(
                kind="inbox_rule",
                label="inbox rule “..”",
                reasons=(
                    "moves mail to RSS Feeds, where nobody looks",
                    "watches for “invoice”, “payment”, “wire”",
                    "has a name made of dots",
                ),
            ),
            Foothold(
                kind="hidden_inbox_rule",
                label="hidden inbox rule “Sync helper”",
                reasons=("is hidden from Outlook", "sends mail out to cfo.archive@mail.example"),
            ),
        ),
    },
    "stop_forwarding": {
        "summary": "Stop forwarding all mail to cfo.archive@mail.example",
        "differences": (
            Difference(
                what="Forwarding to an address", was="smtp:cfo.archive@mail.example", becomes="none"
            ),
        ),
        "footholds": (
            Foothold(kind="forwarding", label="All mail is forwarded to cfo.archive@mail.example"),
        ),
    },
}
RESPONDERS = tuple(PLANS)
BEGUN = dict(zip(RESPONDERS, (0.93, 0.94, 0.97, 0.95, 1.52, 1.61), strict=True))
APPLIED = dict(zip(RESPONDERS, (1.12, 1.21, 1.34, 1.18, 2.31, 1.98), strict=True))
PROVEN = dict(zip(RESPONDERS, (2.66, 2.71, 2.69, 2.74, 3.12, 2.95), strict=True))


class Writer:
    """Writes a journal as the worker does."""

    def __init__(self) -> None:
        self._journal = Journal()

    def line(
        self,
        event: Event,
        text: str,
        *,
        at: float,
        responder: str | None = None,
        data: Json | None = None,
    ) -> None:
        name = ResponderName(responder) if responder else None
        self._journal.add(self._journal.line(event, text, at=after(at), responder=name, data=data))

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._journal.entries


def opened() -> Writer:
    writer = Writer()
    writer.line(Event.OPENED, "Case opened for noor.haddad@contoso.example", at=0.31)
    writer.line(Event.DECIDED, "rule 'stolen session': 6 responders", at=0.52)
    return writer


def contained() -> Story:
    """A stolen session: closed, evicted and proven within four seconds."""
    writer, tasks = opened(), []
    for name in RESPONDERS:
        said = PLANS[name]["summary"]
        writer.line(Event.CHANGE, f"{said}: starting", at=BEGUN[name], responder=name)
    for name in RESPONDERS:
        said = PLANS[name]["summary"]
        writer.line(Event.APPLIED, f"{said}: done", at=APPLIED[name], responder=name)
    for name in RESPONDERS:
        said = f"{PLANS[name]['summary']}: proven, nothing is left"
        writer.line(Event.VERIFIED, said, at=PROVEN[name], responder=name)
        tasks.append(
            task(
                name,
                state=TaskState.VERIFIED,
                applied_at=after(APPLIED[name]),
                finished_at=after(PROVEN[name]),
            )
        )
    writer.line(Event.STATUS, "The case is contained", at=3.14)
    return Story(
        case=case(status=CaseStatus.CONTAINED),
        tasks=tuple(tasks),
        entries=writer.entries,
        alerts=(alert(),),
        at=after(372),
    )


def running() -> Story:
    """One second in: the doors are being closed."""
    writer = opened()
    for name in RESPONDERS[:4]:
        writer.line(Event.CHANGE, PLANS[name]["summary"], at=BEGUN[name], responder=name)
    writer.line(Event.APPLIED, "Block sign-in: done", at=1.12, responder="disable_sign_in")
    tasks = (
        task("disable_sign_in", state=TaskState.APPLIED, applied_at=after(1.12)),
        *(task(name, state=TaskState.CLAIMED) for name in RESPONDERS[1:4]),
        *(task(name, attempts=0, **UNPLANNED) for name in RESPONDERS[4:]),
    )
    return Story(case(), tasks, writer.entries, (alert(),), after(1.3))


def waiting() -> Story:
    """Contained, and the rules wait for a person."""
    story = contained()
    writer = opened()
    writer.line(
        Event.WAITING,
        "Switch off 2 inbox rules: waits for a person's approval",
        at=1.6,
        responder="disable_inbox_rules",
    )
    tasks = tuple(
        task("disable_inbox_rules", mode=Mode.APPROVE, state=TaskState.WAITING)
        if t.responder == "disable_inbox_rules"
        else t
        for t in story.tasks
    )
    return replace(story, case=case(status=CaseStatus.WAITING), tasks=tasks, entries=writer.entries)


def synced() -> Story:
    """A synced account: the password has to be reset on premises, by hand."""
    story = contained()
    reason = "This account is synced: the directory on premises owns the password"
    refused = task(
        "reset_password",
        state=TaskState.REFUSED,
        finished_at=after(0.9),
        **UNPLANNED,
        reason=reason,
        steps=(
            "Reset the password in Active Directory on premises (Set-ADAccountPassword -Reset)",
            "Wait for one directory sync cycle, then reset it again: only that kills a stolen hash",
            "Tell the owner the password in person or by telephone, never by e-mail",
        ),
    )
    account = story.case.account.model_copy(update={"kinds": frozenset({AccountKind.SYNCED})})
    return replace(
        story,
        case=case(status=CaseStatus.NEEDS_PERSON, account=account),
        tasks=tuple(refused if t.responder == "reset_password" else t for t in story.tasks),
        entries=tuple(e for e in story.entries if e.responder != "reset_password"),
    )


def denied() -> Story:
    """The right to end sessions is missing, and sign-in was refused as well: nothing is closed."""
    writer, tasks = opened(), []
    for name, permission in (
        ("disable_sign_in", "User.EnableDisableAccount.All"),
        ("revoke_sessions", "User.RevokeSessions.All"),
    ):
        reason = (
            "Graph answered 403 Authorization_RequestDenied: Insufficient privileges to complete "
            f"the operation. The application needs {permission}, consented by an administrator."
        )
        data = {"permission": permission}
        writer.line(Event.FAILED, reason, at=1.1, responder=name, data=data)
        tasks.append(
            task(
                name,
                state=TaskState.FAILED,
                finished_at=after(1.1),
                reason=reason,
                **UNPLANNED,
            )
        )
    return Story(
        case(status=CaseStatus.NEEDS_PERSON), tuple(tasks), writer.entries, (alert(),), after(60)
    )


def observed() -> Story:
    """A dry run: everything is found, nothing is changed."""
    writer = opened()
    for name in RESPONDERS:
        said = f"{PLANS[name]['summary']}: would be done; nothing was changed"
        writer.line(Event.OBSERVED, said, at=BEGUN[name], responder=name)
    tasks = tuple(
        task(name, mode=Mode.OBSERVE, state=TaskState.OBSERVED, finished_at=after(BEGUN[name]))
        for name in RESPONDERS
    )
    return Story(
        case(status=CaseStatus.OBSERVED, dry_run=True),
        tasks,
        writer.entries,
        (alert(kind=AlertKind.ADMIN_REQUEST, title="Dry run asked for by the help desk"),),
        after(60),
    )


def failed() -> Story:
    """Sessions and sign-in are closed; the mailbox's rules could not be changed in part."""
    story = contained()
    reason = "gave up after 30 tries: Exchange answered 503 ServerBusy"
    bad = task(
        "disable_inbox_rules",
        state=TaskState.FAILED,
        attempts=30,
        finished_at=after(7100),
        reason=reason,
    )
    writer = Writer()
    writer.line(Event.CHANGE, "Switch off 2 inbox rules", at=1.5, responder="disable_inbox_rules")
    writer.line(Event.FAILED, reason, at=7100, responder="disable_inbox_rules")
    return replace(
        story,
        case=case(status=CaseStatus.NEEDS_PERSON),
        tasks=tuple(bad if t.responder == "disable_inbox_rules" else t for t in story.tasks),
        entries=writer.entries,
        at=after(7200),
    )


def nobody_acted() -> Story:
    """A protected account: no rule may touch it, so a person decides."""
    reason = "a guard refused: noor.haddad@contoso.example is a protected account"
    return Story(
        case(status=CaseStatus.NEEDS_PERSON, reasons=(reason,)),
        (),
        opened().entries,
        (alert(),),
        after(30),
    )


def crowded() -> Story:
    """Forty tasks over seven days, some of 200 milliseconds."""
    story, writer, tasks = contained(), opened(), []
    for n in range(40):
        name = f"invented_step_{n:02d}"
        start = 0.9 + 0.2 * n if n < 30 else 900.0 * (n - 29) if n < 36 else 86_400.0 * (n - 33)
        writer.line(Event.CHANGE, f"Step {n}: starting", at=start, responder=name)
        tasks.append(
            task(
                name,
                phase=list(Phase)[n % 5],
                state=TaskState.VERIFIED,
                applied_at=after(start + 0.2),
                finished_at=after(start + 0.5),
                footholds=(Foothold(kind="mfa_method", label=f"Phone number ending in {n:02d}"),),
            )
        )
    return replace(
        story,
        tasks=(*story.tasks[:2], *tasks),
        entries=writer.entries,
        at=after(604_800),
    )


STORIES = {
    "contained": contained,
    "running": running,
    "waiting": waiting,
    "synced": synced,
    "denied": denied,
    "observed": observed,
    "failed": failed,
    "nobody_acted": nobody_acted,
    "crowded": crowded,
}
