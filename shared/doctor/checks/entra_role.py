"""How far the app reaches among administrators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from shared.clients.own_tokens import Api
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.errors import Defect
from shared.model import Mode

_EVERY_APP: Final = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""Stands in the token of every application and is no role anybody gave."""
CHOICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    }
)
"""Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference."""


class EntraRole(Check):
    """See which Entra role the app holds: without one it cannot shut an administrator out."""

    kinds: ClassVar = {
        "held": Kind(
            grade=Grade.OK,
            state="held",
            means="The app holds the Entra role {subject}, so it reaches accounts that hold roles.",
        ),
        "none_needed": Kind(
            grade=Grade.OK,
            state="none needed",
            means="The app holds no Entra role, and the policy only reports on administrators.",
        ),
        "none": Kind(
            grade=Grade.NOTE,
            state="no role",
            means="Blocking an account that holds a directory role, or setting its password, will "
            "be refused; the case calls a person.",
            do="Choose: leave it so, or give the app's identity User Administrator or Privileged "
            "Authentication Administrator",
            commands=(
                (
                    "pwsh ./infra/grant.ps1 -PrincipalId {principal} -ClientId {client} "
                    "-EntraRole 'User Administrator'"
                ),
            ),
        ),
        "other": Kind(
            grade=Grade.NOTE,
            state="surplus right",
            means="The app holds the Entra role {subject}, which nothing of it needs.",
            do="Remove the assignment of {subject} in Entra, under Roles & admins",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read the roles off the token for Graph."""
        token = await at.holdings.token(Api.GRAPH)
        if token.directory_roles is None:
            raise Defect("The app's token does not say which Entra roles it holds")
        roles = token.directory_roles - {_EVERY_APP}
        found = [self.found("held", CHOICES[role]) for role in sorted(roles & CHOICES.keys())]
        found += [self.found("other", role) for role in sorted(roles - CHOICES.keys())]
        if not roles & CHOICES.keys():
            said = {"principal": token.object_id, "client": token.app_id}
            only_told = at.policy.guards.privileged is Mode.OBSERVE
            found.append(
                self.found("none_needed" if only_told else "none", "administrators", **said)
            )
        return tuple(found)
