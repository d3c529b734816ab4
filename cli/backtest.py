"""`firebreak backtest`: what a policy would have done with past alerts; changes nothing.

The parsers, the policy, the guards and the counters are the app's own. What takes a tenant is not
known here: accounts are judged by an assumption, which the answer states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cli.gather import NOWHERE
from shared.alerts import identity
from shared.alerts.carrier import FEEDBACK
from shared.model import (
    Account,
    AccountKind,
    AccountRef,
    Alert,
    CaseId,
    Json,
    Mode,
    ObjectId,
    ResponderName,
    Upn,
)
from shared.policy.brakes import standing_guards
from shared.policy.decide import Decision, merge
from shared.policy.document import Policy
from shared.policy.guards import OwnIdentity
from shared.store.memory import MemoryStore
from shared.tasks.answer import Moment, answer
from shared.tasks.brakes import Brakes

_OURSELVES: Final = ObjectId("00000000-0000-4000-8000-000000000001")
_SOMEBODY: Final = ObjectId("00000000-0000-4000-8000-000000000000")
_OWN_VERDICT: Final = ResponderName("confirm_compromised")


@dataclass(slots=True)
class Tally:
    """Sums of a day, of an account or of everything."""

    alerts: int = 0
    cases: int = 0
    acted: int = 0
    """Cases in which something would have been done without a person."""
    waited: int = 0
    """Cases in which something would have waited for a person."""
    observed: int = 0
    """Cases that would only have been reported."""
    nothing: int = 0
    """Cases for which the policy has no step, or which a guard refused."""
    radius: int = 0
    """Alerts for which the blast radius had no room."""
    storm: int = 0
    """Alerts of a rule that was held as a false-alarm storm."""
    responders: dict[str, Counter[str]] = field(default_factory=dict)

    def close(self, decision: Decision) -> None:
        """Count a case by what it came to."""
        modes = set(decision.modes.values())
        self.cases += 1
        self.acted += Mode.ENFORCE in modes
        self.waited += Mode.APPROVE in modes
        self.observed += modes == {Mode.OBSERVE}
        self.nothing += not modes
        for name, mode in decision.modes.items():
            self.responders.setdefault(str(name), Counter())[str(mode)] += 1

    def told(self) -> Json:
        """Give it as JSON."""
        names = ("alerts", "cases", "acted", "waited", "observed", "nothing", "radius", "storm")
        responders = {name: dict(modes) for name, modes in sorted(self.responders.items())}
        return {name: getattr(self, name) for name in names} | {"responders": responders}


@dataclass(slots=True)
class _Episode:
    case: CaseId
    opened_at: datetime
    decision: Decision


class Backtest:
    """Judges alerts in the order in which they are given."""

    def __init__(
        self, policy: Policy, kinds: frozenset[AccountKind], *, directory: int | None = None
    ) -> None:
        self._policy = policy
        self._kinds = kinds
        self._guards = standing_guards(policy, OwnIdentity(object_id=_OURSELVES))
        radius = policy.guards.radius
        if directory is None:
            radius = radius.model_copy(update={"share_per_hour": None})
        self._now = datetime.min.replace(tzinfo=UTC)
        self._brakes = Brakes(
            MemoryStore(),
            lambda: self._now,
            NOWHERE,
            policy.guards.model_copy(update={"radius": radius}),
            size=lambda: _counted(directory or 0),
        )
        self._people = People()
        self._episodes: dict[str, _Episode] = {}
        self.days: dict[str, Tally] = {}
        self.accounts: dict[str, Tally] = {}
        self.total = Tally()
        self.nobody = 0
        self.feedback = 0

    async def run(self, alerts: Iterable[Alert]) -> None:
        """Judge all of them, and close what is still open at the end."""
        for alert in alerts:
            if alert.account is None:
                self.nobody += 1
                continue
            await self._judge(alert, alert.account)
        for who in list(self._episodes):
            self._close(who)

    async def _judge(self, alert: Alert, ref: AccountRef) -> None:
        self._now = alert.received_at
        who = self._people.known_as(ref)
        episode = self._episodes.get(who)
        if episode and self._now - episode.opened_at >= self._policy.episode:
            self._close(who)
            episode = None
        if episode and FEEDBACK in alert.evidence and _confirmed(episode.decision):
            self.feedback += 1
            return
        case = episode.case if episode else CaseId(alert.id)
        decision = await self._decide(alert, self._account(who, ref), case, new=episode is None)
        if episode:
            # Its reasons are many and are not told; its steps are.
            merged = merge((episode.decision, decision))
            episode.decision = merged.model_copy(update={"reasons": ()})
        else:
            self._episodes[who] = _Episode(case, self._now, decision)
        for tally in self._tallies(who, self._now):
            tally.alerts += 1

    async def _decide(self, alert: Alert, account: Account, case: CaseId, *, new: bool) -> Decision:
        """Answer as triage does: what would act by itself finds room in the counters first."""
        moment = Moment(at=self._now)
        decision = self._answer(alert, account, moment)
        if Mode.ENFORCE not in decision.modes.values():
            return decision
        storm = await self._brakes.opened(case, alert.kind, decision.rules[0]) if new else ()
        radius = () if storm else await self._brakes.take(case, alert.kind)
        if not (storm or radius):
            return decision
        for tally in (self._day(self._now), self.total):
            tally.storm += bool(storm)
            tally.radius += bool(radius)
        return self._answer(
            alert, account, moment.model_copy(update={"crowded": (*storm, *radius)})
        )

    def _answer(self, alert: Alert, account: Account, moment: Moment) -> Decision:
        return answer(alert, account, policy=self._policy, guards=self._guards, moment=moment)

    def _account(self, who: str, ref: AccountRef) -> Account:
        kinds = frozenset({AccountKind.GUEST}) if identity.guest(ref.upn) else self._kinds
        roles = {"a directory role"} if AccountKind.PRIVILEGED in kinds else set()
        return Account(
            object_id=ref.object_id or _SOMEBODY,
            upn=Upn(ref.upn or ref.mailbox or who),
            kinds=kinds,
            groups=frozenset(),
            roles=frozenset(roles),
        )

    def _close(self, who: str) -> None:
        episode = self._episodes.pop(who)
        for tally in self._tallies(who, episode.opened_at):
            tally.close(episode.decision)

    def _tallies(self, who: str, at: datetime) -> tuple[Tally, ...]:
        return self._day(at), self.accounts.setdefault(who, Tally()), self.total

    def _day(self, at: datetime) -> Tally:
        return self.days.setdefault(f"{at:%Y-%m-%d}", Tally())


class People:
    """Tells which references mean one account, as far as alerts alone can say."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def known_as(self, ref: AccountRef) -> str:
        """Name the account; the first name it was seen under stays."""
        keys = sorted(identity.keys(ref))
        known = next((self._names[key] for key in keys if key in self._names), None)
        name = known or str(ref.upn or ref.mailbox or ref.best).lower()
        for key in keys:
            self._names.setdefault(key, name)
        return name


def _confirmed(decision: Decision) -> bool:
    return decision.modes.get(_OWN_VERDICT) is Mode.ENFORCE


async def _counted(size: int) -> int:
    return size
