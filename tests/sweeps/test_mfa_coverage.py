"""Who is asked for a second factor, in tenants of every licence and with every way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.tenant.settings import Licence
from shared.model import Json
from shared.posture import RunState
from tests.sweeps.swept import Swept

NAME = "mfa_coverage"
WITHOUT_P1 = {"licences": frozenset(Licence) - {Licence.ENTRA_P1}}


class Town(Swept):
    """A small organisation in which everybody is asked and has a factor."""

    def __init__(self, tenant: Json | None = None) -> None:
        super().__init__(1, NAME, tenant=tenant)
        self.people = self.organisation.people

    def member(self, name: str, *methods: str, **wish: Any) -> str:
        """Hire somebody with a licence and these methods."""
        oid = self.people.person(name, plans=(("exchange", "plan"),), **wish)
        self.organisation.registered(oid, *methods)
        return oid

    def rule(self, **changes: Any) -> None:
        """Change the one policy."""
        rules = self.lab.state.directory.rules
        ((key, rule),) = [item for item in rules.items() if "mfa" in item[1].controls]
        rules[key] = replace(rule, **changes)

    async def of(self, oid: str) -> set[str]:
        """Run, and tell the kinds of what was found about an account."""
        await self.day()
        return {kind for kind, subject in self.found(NAME) if subject == oid}


async def test_an_organisation_where_all_is_well_has_no_finding() -> None:
    town = Town()
    await town.run()
    assert town.found(NAME) == set()
    assert town.last(NAME).state is RunState.COMPLETE


async def test_an_administrator_through_a_nested_group_is_one() -> None:
    town = Town()
    ada = town.member("Ada Brandt", "phone")
    inner = town.people.group("Inner", [ada])
    outer = town.people.group("Admins", [inner], role_assignable=True)
    town.people.role("Global Administrator", [outer])
    assert await town.of(ada) == {"admin_phishable"}
    town.organisation.registered(ada, "phone", "fido2")
    assert await town.of(ada) == set()


async def test_a_policy_for_a_role_covers_who_holds_it_and_nobody_else() -> None:
    town = Town()
    ada, ben = (town.member(name, "fido2") for name in ("Ada Brandt", "Ben Carus"))
    town.people.role("Global Administrator", [ada])
    template = next(iter(town.lab.state.roles.values())).template
    town.rule(users=frozenset(), roles=frozenset({template}))
    assert await town.of(ada) == set()
    assert await town.of(ben) == {"member_not_asked"}


async def test_a_guest_who_is_left_out_is_a_finding_of_its_own_kind() -> None:
    town = Town()
    guest = town.people.guest("Gast Eins")
    town.rule(without_guests="internalGuest,b2bCollaborationGuest")
    assert await town.of(guest) == {"guest_not_asked"}
    town.rule(without_guests="")
    assert await town.of(guest) == set()


async def test_a_report_only_policy_is_told_and_asks_nobody() -> None:
    town = Town()
    town.rule(state="enabledForReportingButNotEnforced")
    ada = town.member("Ada Brandt", "phone")
    assert await town.of(ada) == {"member_not_asked"}
    assert {"report_only", "nothing_asks_everybody"} <= {kind for kind, _ in town.found(NAME)}


async def test_a_policy_with_trusted_places_is_one_finding_and_not_one_for_each_account() -> None:
    town = Town()
    town.rule(locations=("HQ",))
    ada = town.member("Ada Brandt", "phone")
    assert await town.of(ada) == set()
    assert "asks_sometimes" in {kind for kind, _ in town.found(NAME)}


async def test_security_defaults_cover_a_tenant_without_a_licence_for_policies() -> None:
    town = Town(WITHOUT_P1)
    town.lab.state.directory.security_defaults = True
    ada, ben = town.member("Ada Brandt", "microsoftAuthenticator"), town.member("Ben Carus")
    assert await town.of(ada) == set()
    assert await town.of(ben) == {"not_registered"}
    town.lab.state.directory.security_defaults = False
    assert await town.of(ada) == {"member_not_asked"}
    assert town.last(NAME).state is RunState.COMPLETE


async def test_per_user_mfa_covers_without_any_licence() -> None:
    town = Town(WITHOUT_P1)
    ada = town.member("Ada Brandt", "phone")
    town.organisation.registered(ada, "phone", per_user_mfa="enabled")
    assert await town.of(ada) == set()


async def test_rules_that_may_not_be_read_are_a_gap_and_nobody_is_said_to_have_no_mfa() -> None:
    town = Town()
    ada = town.member("Ada Brandt", "phone")
    town.rule(users=frozenset())
    assert await town.of(ada) == {"member_not_asked"}
    town.lab.granted -= {"Policy.Read.All"}
    await town.day()
    assert town.last(NAME).state is RunState.PARTIAL
    assert "member_not_asked" in town.unknown(NAME)
    subjects = {held.finding.subject for held in town.held(NAME)}
    assert subjects == {ada, "tenant", *town.lab.state.users}


async def test_an_account_that_may_not_sign_in_is_no_finding() -> None:
    town = Town()
    town.rule(users=frozenset())
    ada = town.member("Ada Brandt", "phone", enabled=False)
    assert await town.of(ada) == set()
