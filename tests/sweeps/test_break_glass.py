"""Accounts for an emergency: whether they would let somebody in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.registrations import Registrations
from lab.tenant.settings import Licence
from tests.sweeps.swept import Swept

SHIPPED = Path(__file__).resolve().parents[2] / "policy.toml"
NAME = "break_glass"


class Emergency(Swept):
    """An organisation with one account for emergencies, which the policy protects."""

    def __init__(self, folder: Path, *, named: bool = True, **wishes: object) -> None:
        super().__init__(1, NAME, tenant=dict(wishes))
        self.oid = self.organisation.people.account("Emergency One")
        self.group = Registrations(self.lab).quarantine()
        ids = f'["{self.oid}", "gone@contoso.example"]' if named else "[]"
        policy = folder / "policy.toml"
        policy.write_text(SHIPPED.read_text().replace("accounts = []", f"accounts = {ids}"))
        self.settings = {"policy": policy}

    def leave_out(self) -> None:
        """Exclude the account from the policy that blocks."""
        rules = self.lab.state.directory.rules
        ((key, rule),) = [item for item in rules.items() if "block" in item[1].controls]
        left_out = replace(rule, without_users=frozenset({self.oid}))
        self.lab.state.directory.rules[key] = left_out

    async def kinds(self) -> set[tuple[str, str]]:
        """Run, and tell what was found: kind, and the start of the subject."""
        await self.run()
        return {(kind, subject.partition(":")[0]) for kind, subject in self.found(NAME)}


async def test_an_account_that_is_gone_and_one_that_is_not_left_out_are_found(
    tmp_path: Path,
) -> None:
    emergency = Emergency(tmp_path)
    missing = ("account_missing", "gone@contoso.example")
    assert await emergency.kinds() == {missing, ("not_left_out", emergency.oid)}
    emergency.leave_out()
    emergency.clock.advance(90_000)
    assert await emergency.kinds() == {missing}


async def test_an_account_that_may_not_sign_in_is_found(tmp_path: Path) -> None:
    emergency = Emergency(tmp_path)
    emergency.leave_out()
    emergency.lab.change_user(emergency.oid, enabled=False)
    assert ("account_disabled", emergency.oid) in await emergency.kinds()
    emergency.lab.change_user(emergency.oid, enabled=True)
    emergency.lab.state.memberships.seed(emergency.oid, frozenset({emergency.group}))
    emergency.clock.advance(90_000)
    assert ("account_blocked", emergency.oid) in await emergency.kinds()


async def test_a_policy_that_protects_nobody_is_found(tmp_path: Path) -> None:
    assert await Emergency(tmp_path, named=False).kinds() == {("none_named", "policy")}


async def test_what_the_licence_does_not_let_be_read_is_a_gap_of_that_alone(
    tmp_path: Path,
) -> None:
    without = frozenset(Licence) - {Licence.ENTRA_P1}
    emergency = Emergency(tmp_path, licences=without)
    assert await emergency.kinds() == {("account_missing", "gone@contoso.example")}
    assert emergency.last(NAME).state == "partial"
    (gap,) = emergency.last(NAME).gaps
    assert gap.kinds == {"not_left_out"}
