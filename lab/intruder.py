"""The attacker: footholds that are used again and again until the right action kills each.

Deaths are computed, not sampled: a door is shut at the moment of the write that shut it, and the
foothold dies when the platform's lag or the token's life is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lab.access import AccessToken, CaeToken, Password, PlainToken, Session, SessionBasis
from lab.footholds import Damage, Foiled, Foothold, InboxRule
from lab.tenant import SimulatedTenant
from lab.tenant.population import Population
from lab.tenant.records import Write


class Behaviour(StrEnum):
    """Whether the intruder answers an alert by making one more rule."""

    QUIET = "quiet"
    PERSISTENT = "persistent"


@dataclass(frozen=True, slots=True)
class Act:
    """One use of one foothold, and what came of it."""

    foothold: Foothold
    at: datetime
    succeeded: bool
    detail: str


class Intruder:
    """One attacker in one account. `interval` is lab seconds between two rounds."""

    def __init__(
        self,
        tenant: SimulatedTenant,
        oid: str,
        footholds: Iterable[Foothold],
        *,
        interval: float = 3.0,
        behaviour: Behaviour = Behaviour.QUIET,
    ) -> None:
        self.tenant = tenant
        self.oid = oid
        self.interval = interval
        self.behaviour = behaviour
        self.alerted_at: datetime | None = None
        self.acts: list[Act] = []
        self.damage: Counter[Damage] = Counter()
        """What was done after the alert arrived."""
        self.footholds: list[Foothold] = []
        self.add(*footholds)
        tenant.on_write(self._watch)
        tenant.reports[f"intruder {oid}"] = self.report

    def add(self, *footholds: Foothold) -> None:
        """Give the intruder more."""
        for foothold in footholds:
            foothold.settle(self.tenant, self.oid)
            self.footholds.append(foothold)

    def mark_alert(self, at: datetime | None = None) -> None:
        """Say when the alert arrived: from then on damage counts."""
        self.alerted_at = at or self.tenant.now()

    def attempt_all(self) -> list[Act]:
        """Use every foothold once, now."""
        return [self._attempt(foothold) for foothold in tuple(self.footholds)]

    async def run(self) -> None:
        """Act every interval of lab time until cancelled."""
        while True:
            self.attempt_all()
            await self.tenant.clock.sleep(self.interval)

    def living(self) -> list[Foothold]:
        """List the footholds that still serve."""
        return [foothold for foothold in self.footholds if foothold.alive(self.tenant)]

    def open_doors(self) -> list[Foothold]:
        """List the footholds that nothing has shut yet; the others die by themselves."""
        return [foothold for foothold in self.footholds if foothold.closed_at is None]

    def died_at(self, foothold: Foothold) -> datetime | None:
        """Tell when a foothold ended or is bound to end, which may lie ahead of now."""
        return foothold.died_at(self.tenant)

    @property
    def last_success(self) -> datetime | None:
        """The last time anything worked, as sampled by the rounds."""
        return max((act.at for act in self.acts if act.succeeded), default=None)

    @property
    def doors_shut_at(self) -> datetime | None:
        """When the last door was shut that anything but time can shut; `None` while one is open."""
        shut = [foothold.closed_at for foothold in self.footholds if foothold.killable]
        known = [moment for moment in shut if moment is not None]
        return max(known, default=None) if len(known) == len(shut) else None

    @property
    def contained_at(self) -> datetime | None:
        """When the last foothold ends, lags and token lives included; `None` while one lives on."""
        ends = [foothold.died_at(self.tenant) for foothold in self.footholds]
        known = [moment for moment in ends if moment is not None]
        return max(known, default=None) if len(known) == len(ends) else None

    def report(self) -> dict[str, Any]:
        """Tell the story so far as JSON."""
        return {
            "oid": self.oid,
            "alerted_at": _text(self.alerted_at),
            "last_success": _text(self.last_success),
            "doors_shut_at": _text(self.doors_shut_at),
            "contained_at": _text(self.contained_at),
            "damage": {kind.value: self.damage[kind] for kind in Damage},
            "footholds": [self._line(foothold) for foothold in self.footholds],
        }

    def _line(self, foothold: Foothold) -> dict[str, Any]:
        last = next((act for act in reversed(self.acts) if act.foothold is foothold), None)
        return {
            "number": foothold.number,
            "label": foothold.label,
            "alive": foothold.alive(self.tenant),
            "killable": foothold.killable,
            "closed_at": _text(foothold.closed_at),
            "died_at": _text(foothold.died_at(self.tenant)),
            "last_act": last.detail if last else None,
            "last_succeeded": last.succeeded if last else None,
        }

    def _watch(self, write: Write) -> None:
        for foothold in self.footholds:
            if write.oid in {self.oid, foothold.elsewhere}:
                foothold.judge(self.tenant, self.oid, at=write.at)

    def _attempt(self, foothold: Foothold) -> Act:
        try:
            detail = foothold.act(self.tenant, self.oid)
        except Foiled as error:
            return self._record(
                Act(foothold, self.tenant.now(), succeeded=False, detail=str(error))
            )
        act = self._record(Act(foothold, self.tenant.now(), succeeded=True, detail=detail))
        if isinstance(foothold, Password):
            self._open_session()
        if isinstance(foothold, CaeToken):
            self._dig_in()
        return act

    def _record(self, act: Act) -> Act:
        self.acts.append(act)
        if act.succeeded and act.foothold.damage and self.alerted_at is not None:
            self.damage[act.foothold.damage] += 1
        return act

    def _open_session(self) -> None:
        """Sign in anew with the password when no session is left."""
        sessions = [f for f in self.footholds if isinstance(f, Session)]
        if any(session.closed_at is None for session in sessions):
            return
        now = self.tenant.now()
        session = Session(
            f"session {len(sessions) + 1}, opened with the password",
            opened_at=now,
            resets=self.tenant.users[self.oid].password_resets,
            basis=SessionBasis.PASSWORD,
        )
        tokens: list[AccessToken] = [
            CaeToken(f"Exchange token of {session.label}", issued_at=now, session=session),
            PlainToken(f"Graph token of {session.label}", issued_at=now, session=session),
        ]
        for token in tokens:
            token.settle(self.tenant, self.oid)
        self.footholds += [session, *tokens]

    def _dig_in(self) -> None:
        """Make one more rule once an alert is out, if that is the intruder's way."""
        made = self.damage[Damage.RULES_MADE] > 0
        if self.behaviour is Behaviour.QUIET or made or self.alerted_at is None:
            return
        forward = [{"emailAddress": {"address": "drop@mallory.example"}}]
        rule = Population(self.tenant).rule(self.oid, "..", actions={"forwardTo": forward})
        self.footholds.append(InboxRule("inbox rule made after the alert", rule=rule))
        self.damage[Damage.RULES_MADE] += 1
        self.tenant.wrote(
            method="POST",
            path="/users/{id}/mailFolders/inbox/messageRules",
            actor="intruder",
            oid=self.oid,
            what=f"rule {rule.name!r}: made by the intruder",
        )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
