"""Whether the app holds rights that nothing of it needs."""

from __future__ import annotations

from typing import ClassVar, Final

from shared.clients.cmdlets import TOO_FAR
from shared.clients.own_tokens import API_NAMES, Api
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.doctor.holdings import Held, held

_EXCHANGE: Final = "Exchange roles"


class Surplus(Check):
    """See whether the app holds rights that nothing of it needs: whoever takes it over has them."""

    kinds: ClassVar = {
        "exact": Kind(
            grade=Grade.OK, state="exact", means="{subject}: nothing is held that is not needed."
        ),
        "surplus_permission": Kind(
            grade=Grade.NOTE,
            state="surplus right",
            means="The app's token holds {subject}, which nothing that is switched on needs.",
            do="Take the application permission away from the app's identity, unless an "
            "administrator granted it for `firebreak sweep control`",
            commands=(
                "{write}",
                "pwsh ./grant.ps1 -PrincipalId {principal} -ClientId {client} -Prune -WhatIf",
            ),
        ),
        "surplus_role": Kind(
            grade=Grade.NOTE,
            state="surplus right",
            means="Exchange lets the app run {cmdlet}, which comes with the role {subject} and "
            "which nothing of it runs.",
            do="Take the app out of every Exchange role group but the one that grant.ps1 made, and "
            "out of Entra's role Exchange Administrator",
        ),
        "rights_unknown": Kind(
            grade=Grade.UNKNOWN,
            state="not known",
            means="{subject}: it is not known what is held there: {why}",
            do="Mend what the reason names, then run `firebreak doctor`",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare what is held with what is needed, API by API."""
        ours = await held(at.holdings)
        found: list[Finding] = []
        for api in Api:
            found += self._of(at, api, ours)
        return (*found, *self._exchange(ours))

    def _of(self, at: Deployment, api: Api, ours: Held) -> list[Finding]:
        token, needed = ours.tokens[api], set(at.rights.of(api))
        if isinstance(token, str):
            return [self._unknown(API_NAMES[api], token)]
        said = {
            "write": at.permissions_command,
            "principal": token.object_id or "OBJECT_ID",
            "client": token.app_id or "CLIENT_ID",
        }
        more = sorted(token.roles - needed)
        surplus = [self.found("surplus_permission", right, **said) for right in more]
        return surplus or [self.found("exact", API_NAMES[api])]

    def _exchange(self, ours: Held) -> list[Finding]:
        if isinstance(ours.cmdlets, str):
            return [self._unknown(_EXCHANGE, ours.cmdlets)]
        surplus = [
            self.found("surplus_role", role, cmdlet=name)
            for name, role in TOO_FAR.items()
            if name.lower() in ours.cmdlets
        ]
        return surplus or [self.found("exact", _EXCHANGE)]

    def _unknown(self, where: str, why: str) -> Finding:
        return self.found("rights_unknown", where, why=why)
