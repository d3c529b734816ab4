"""A town with brakes: some people, three workers on one store, and how it stands at a moment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from urllib.parse import urlencode

from lab.tenant.population import Population
from lab.workbench import as_operator
from shared.app import App
from shared.model import CaseId, Entry, Event, Json
from shared.policy.counters import Counters, Held, Taken
from shared.tasks import keys
from tests.shared.principals import NIA, OLGA
from tests.tasks.approving import AZURE, Person, signed_in
from tests.tasks.benches import policy

PER_HOUR: Final = 2
PER_DAY: Final = 3
POLICY: Final = f"""
[protected]
accounts = ["{{protected}}"]
[guards.radius]
per_hour = {PER_HOUR}
per_day = {PER_DAY}
[guards.burst]
cases = 2
minutes = 10
hold_minutes = 60
[[rule]]
name = "sure"
severity = ["high"]
[rule.responders]
disable_sign_in = "enforce"
require_mfa = "enforce"
[[rule]]
name = "likely"
severity = ["medium"]
[rule.responders]
disable_sign_in = "approve"
require_mfa = "approve"
"""
WORKERS: Final = 3
WHO: Final = ("nia", "olga", "owner", "line")


@dataclass(frozen=True)
class Stand:
    """How all stands at one moment, as it is stored and as the tenant has it."""

    journals: Mapping[CaseId, list[Entry]]
    owners: Mapping[CaseId, str]
    taken: tuple[Taken, ...]
    held: bool
    """Whether the rule that acts is held."""
    ours: tuple[str, ...]
    """Whom we changed, once for each write."""

    @property
    def acted(self) -> Counter[CaseId]:
        """How often each case changed something that nobody had released."""
        found = {case: unreleased(entries) for case, entries in self.journals.items()}
        return Counter({case: times for case, times in found.items() if times})

    @property
    def placed(self) -> set[CaseId]:
        """The cases that were given a place."""
        return {one.case for one in self.taken}


def unreleased(entries: Iterable[Entry]) -> int:
    """Count the changes that nobody had released."""
    free: set[str] = set()
    found = 0
    for entry in entries:
        name = str(entry.responder)
        if entry.event is Event.RELEASED:
            free.add(name)
        elif entry.event is Event.CHANGE and name not in free:
            found += 1
        elif entry.event in {Event.VERIFIED, Event.SKIPPED, Event.WAITING}:
            free.discard(name)
    return found


class Town(Person):
    """A bench with a protected account, an administrator, five others, and three workers."""

    def __init__(self) -> None:
        super().__init__(settings=AZURE)
        people = Population(self.tenant)
        self.who = [people.person(f"Person {number}") for number in range(7)]
        self.protected, self.admin = self.who[:2]
        people.role("Global Administrator", [self.admin])
        file = policy(Path(mkdtemp()), POLICY.replace("{protected}", self.protected))
        self.workers = [self.under(file) for _ in range(WORKERS)]
        self.app = self.workers[0]

    async def at_work(self, app: App) -> None:
        """Let one worker take one message."""
        if (message := await self.messages.receive()) is not None:
            await app.work(message.text)
            await self.messages.delete(message)

    async def cards_of_all(self) -> list[Json]:
        """Every card that a reader sees now."""
        page = await self.app.approvals({"accept": "application/json", **signed_in("reader")})
        cards: list[Json] = json.loads(page.body)["cards"]
        return cards

    async def yes(self, card: Json, who: str) -> None:
        """Let somebody approve a card as it was shown: a person, the command line, the owner."""
        app = self.workers[len(who) % WORKERS]
        wish = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        if who == "line":
            body = json.dumps({"by": "somebody", "changes": [wish]}).encode()
            await app.approve(
                card["case"],
                as_operator(f"cases/{card['case']}/approve", body, self.clock.now()),
                body,
            )
            return
        [owner] = [oid for oid in self.who if self.tenant.users[oid].upn == card["upn"]]
        oid = {"nia": NIA, "olga": OLGA, "owner": owner}[who]
        person = signed_in("approver", oid=oid, name=who)
        await app.approve(card["case"], person, urlencode(wish).encode())

    def due(self) -> bool:
        """Whether a message is to be seen now."""
        return any(one.visible_at <= self.clock.now() for one in self.messages.messages())

    def stand(self) -> Stand:
        """Read how all stands."""
        journals: dict[CaseId, list[Entry]] = {}
        owners: dict[CaseId, str] = {}
        taken, held = Counters(), Held()
        for row in self.store.rows():
            case = CaseId(row.partition.rpartition("|")[2])
            if row.key.startswith(keys.JOURNAL):
                journals.setdefault(case, []).append(Entry.model_validate(row.body))
            elif row.key == keys.CASE:
                owners[case] = row.body["account"]["object_id"]
            elif row.key == keys.RADIUS:
                taken = Counters.model_validate(row.body)
            elif row.key == keys.burst_row("sure"):
                held = Held.model_validate(row.body)
        own = self.tenant.own_object_id
        ours = tuple(write.oid for write in self.tenant.writes if write.actor == own)
        return Stand(journals, owners, taken.taken, held.holds(self.clock.now()), ours)
