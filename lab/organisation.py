"""An organisation of any size, made at once, and the truth of what a sweep must find in it.

What is wrong is dealt out by number, so that the same size is the same organisation, and each thing
that is wrong has a twin beside it that only looks so. Accounts share whatever is the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from lab.audit_trail import AuditTrail
from lab.enrolment import Enrolment
from lab.organisation_faults import FAULTS, PREMIUM, STANDARD
from lab.registrations import Registrations
from lab.tenant.graph_directory_audits import record
from lab.tenant.logbook import AuditRecord
from lab.tenant.mailbox_state import Auditing, Delegation, Protocols
from lab.tenant.population import Population
from lab.tenant.state import Authentication, AuthMethod, Mailbox, User
from lab.tenant.world import World
from shared.posture import SweepName

SPREAD: Final = 200
"""Of so many accounts one has each thing wrong; in a small organisation it is one of `CROWDED`."""
CROWDED: Final = 30
_SMALL: Final = 400
_REGISTERED: Final = Authentication(
    methods=(AuthMethod(id="a", kind="microsoftAuthenticator", created_at=None),)
)
_NOTHING_SHARED: Final = Delegation()


class Organisation:
    """Fills a tenant with `size` accounts and mailboxes; the switches of the whole are wishes.

    `truth` is what a sweep must find, as kind and subject, by the sweep's name.
    """

    def __init__(
        self,
        world: World,
        size: int,
        *,
        audits: bool = True,
        ingests: bool = True,
        smtp_for_all: bool = False,
    ) -> None:
        self.world = world
        self.people = Population(world)
        self.truth: dict[str, set[tuple[str, str]]] = {}
        world.state.audit_disabled = not audits
        world.state.log_ingestion = ingests
        world.state.smtp_auth_disabled = not smtp_for_all
        self._apps = Registrations(world)
        self._mallory = self._apps.app("Mail Backup Pro")
        self._minutes = self._apps.app("Minutes", publisher="Minutes Ltd")
        self._contact = self.people.contact("Supplier", "orders@mallory.example")
        self._excluded = self.people.group("Left out of MFA", [])
        inner = self.people.group("Left out of MFA, nested", [])
        self.world.state.memberships.seed(inner, frozenset({self._excluded}))
        self._nested = inner
        self._apps.access_rule(
            "Require MFA for all",
            controls=("mfa",),
            users=frozenset({"All"}),
            without_groups=frozenset({self._excluded}),
        )
        self._settle(size)
        self._of_the_whole(audits=audits, ingests=ingests, smtp_for_all=smtp_for_all)

    def wrong(self, sweep: str, kind: str, subject: str) -> None:
        """Note what a sweep must find."""
        self.truth.setdefault(SweepName(sweep), set()).add((kind, subject))

    def mailbox(self, oid: str, **changes: Any) -> None:
        """Change a mailbox as if it had always been so."""
        self.world.change_mailbox(oid, **changes)

    def audited(self, oid: str, **changes: Any) -> None:
        """Change how a mailbox is audited."""
        held = self.world.state.mailboxes[oid].auditing
        self.mailbox(oid, auditing=replace(held, **changes))

    def licensed(self, oid: str, *plans: tuple[str, str]) -> None:
        """Give an account service plans."""
        self.world.change_user(oid, plans=plans)

    def left_out(self, oid: str) -> None:
        """Put an account into a group within the group that no second factor is asked of."""
        held = self.world.state.memberships.get(oid) or frozenset()
        self.world.state.memberships.seed(oid, held | {self._nested})

    def registered(self, oid: str, *kinds: str, per_user_mfa: str = "disabled") -> None:
        """Let an account have these methods and no others."""
        self.world.state.authentication[oid] = Authentication(per_user_mfa=per_user_mfa)
        for kind in kinds:
            Enrolment(self.world).register(oid, kind, at=self.world.created_at)

    def grant(self, oid: str | None, app: str, scope: str) -> str:
        """Let an application act for an account, or for everybody; returns the grant's id."""
        return self._apps.consent(oid, app, scope, at=None).id

    @property
    def mallory(self) -> str:
        """An application of another organisation that nobody verified."""
        return self._mallory

    @property
    def minutes(self) -> str:
        """An application whose publisher Microsoft verified."""
        return self._minutes

    @property
    def contact(self) -> str:
        """A mail contact outside."""
        return self._contact

    def rule_written(self, oid: str, name: str, **parameters: str) -> None:
        """Let the audit log tell of a rule that an account made."""
        at = self.world.now() - timedelta(days=3)
        AuditTrail(self.world, oid).rule_made(name, at=at, ip="192.0.2.7", **parameters)

    def _settle(self, size: int) -> None:
        period = CROWDED if size < _SMALL else SPREAD
        shared, plain = Protocols(), Auditing()
        for number in range(size):
            oid = self._account(number, shared, plain)
            fault = FAULTS.get(number % period)
            if fault is not None:
                fault(self, oid)

    def _account(self, number: int, protocols: Protocols, auditing: Auditing) -> str:
        oid, alias = self.world.guid(), f"u{number}"
        address = f"{alias}@contoso.example"
        since = self.world.created_at
        self.world.state.add_user(
            User(
                id=oid,
                upn=address,
                display_name="Somebody",
                mail=address,
                created_at=since,
                sessions_valid_from=since,
                password_changed_at=since,
                plans=_PLANS[number % 2],
            )
        )
        self.world.state.mailboxes[oid] = Mailbox(
            oid=oid,
            guid=oid,
            alias=alias,
            delegation=_NOTHING_SHARED,
            protocols=protocols,
            auditing=auditing,
        )
        self.world.state.authentication[oid] = _REGISTERED
        return oid

    def _of_the_whole(self, *, audits: bool, ingests: bool, smtp_for_all: bool) -> None:
        if not audits:
            self.wrong("mailbox_auditing", "organisation_switch", "organisation")
        if not ingests:
            self.wrong("mailbox_auditing", "log_ingestion", "organisation")
            self.wrong("mailbox_auditing", "log_proof", "unified audit log")
        if smtp_for_all:
            self.wrong("legacy_protocols", "smtp_auth_for_all", "organisation")
        if self.world.state.mailboxes:
            self.wrong("legacy_protocols", "imap_or_pop", "organisation")
        # The shipped policy protects nobody.
        self.wrong("break_glass", "none_named", "policy")
        everybody = self.grant(None, self.mallory, "Mail.Read offline_access")
        self.wrong("risky_consents", "risky_consent", everybody)
        self._witness(arrives=ingests)

    def _witness(self, *, arrives: bool) -> None:
        """Let something have happened the day before yesterday that both logs should know."""
        at = self.world.now() - timedelta(hours=30)
        record(self.world, "Update user", by=self.world.own_object_id, targets=(), at=at)
        if arrives:
            self.world.state.logbook.records.append(
                AuditRecord(
                    id=self.world.guid(),
                    at=at + timedelta(seconds=2),
                    operation="Update user.",
                    service="Entra",
                    kind="AzureActiveDirectory",
                    upn="sync@contoso.example",
                    object_id="u0@contoso.example",
                    ip="192.0.2.7",
                )
            )


_PLANS: Final = ((PREMIUM, STANDARD), (STANDARD,))
