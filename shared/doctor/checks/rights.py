"""Whether each part holds the rights and licences that it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from shared.clients.cmdlets import BY_ROLE
from shared.clients.exchange import MANAGE_AS_APP
from shared.clients.licences import LICENCE_READ_ALL, PLAN_NAMES
from shared.clients.own_tokens import Api
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.doctor.holdings import Held, held
from shared.needs import Declared, Needs, api_of

NEEDS: Final = Needs(
    what="Look whether the organisation has the licences that parts of the app need",
    permissions=frozenset({LICENCE_READ_ALL}),
    borrows=frozenset({MANAGE_AS_APP}),
)
_GRANT: Final = "pwsh ./grant.ps1 -PrincipalId {principal} -ClientId {client}"


class Rights(Check):
    """See whether each responder, sweep and other part holds the rights and licences it needs.

    Rights are read from the app's own tokens, the list of cmdlets Exchange lets it run and the
    subscriptions of the organisation; what is needed is what `firebreak permissions` says.
    """

    kinds: ClassVar = {
        "ready": Kind(grade=Grade.OK, state="ready", means="{subject} holds every right it needs."),
        "off": Kind(
            grade=Grade.OK,
            state="off",
            means="{subject} is in no rule of the policy or not switched on, so it needs nothing.",
        ),
        "missing_permission": Kind(
            grade=Grade.BAD,
            state="missing permission",
            means="{subject} will be refused: the app's token does not hold {missing}.",
            do="Grant the application permission {missing} to the app's identity; it can take "
            "hours to show in the token of a managed identity",
            commands=("{write}", _GRANT),
        ),
        "missing_role": Kind(
            grade=Grade.BAD,
            state="missing role",
            means="{subject} will be refused: the Exchange role {missing} is not held, so {cmdlets}"
            " may not be run.",
            do="Add the management role {missing} to the role group that grant.ps1 made for the "
            "app in Exchange",
            commands=("{write}", _GRANT),
        ),
        "missing_licence": Kind(
            grade=Grade.NOTE,
            state="missing licence",
            means="{subject} does nothing: the organisation has no {missing}.",
            do="Buy {missing}, or take {subject} out of the policy; until then the others do "
            "their work",
        ),
        "rights_unknown": Kind(
            grade=Grade.UNKNOWN,
            state="not known",
            means="It is not known whether {subject} holds its {what}: {why}",
            do="Mend what the reason names, then run `firebreak doctor`",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare what each part declares with what is held."""
        ours = await held(at.holdings)
        principal = ours.principal or at.settings.own_object_id
        us = {
            "write": at.permissions_command,
            "principal": principal or "OBJECT_ID",
            "client": ours.client or at.settings.client_id or "CLIENT_ID",
        }
        found: list[Finding] = []
        for part in at.rights.declared:
            lacks = list(self._lacks(part, ours, us)) if part.on else [self.found("off", part.name)]
            found += lacks or [self.found("ready", part.name)]
        return tuple(found)

    def _lacks(self, part: Declared, ours: Held, us: Mapping[str, str]) -> Iterator[Finding]:
        yield from self._permissions(part, ours, us)
        yield from self._roles(part, ours, us)
        for plan in sorted(part.licences):
            if isinstance(ours.plans, str):
                yield self._unknown(part, "licence", ours.plans)
            elif plan not in ours.plans:
                yield self.found("missing_licence", part.name, missing=PLAN_NAMES[plan])

    def _permissions(self, part: Declared, ours: Held, us: Mapping[str, str]) -> Iterator[Finding]:
        for api in Api:
            wanted = {right for right in part.permissions if api_of(right) is api}
            token = ours.tokens[api]
            if wanted and isinstance(token, str):
                yield self._unknown(part, "permissions", token)
            elif not isinstance(token, str):
                for missing in sorted(wanted - token.roles):
                    yield self.found("missing_permission", part.name, missing=missing, **us)

    def _roles(self, part: Declared, ours: Held, us: Mapping[str, str]) -> Iterator[Finding]:
        if part.exchange_roles and isinstance(ours.cmdlets, str):
            yield self._unknown(part, "Exchange roles", ours.cmdlets)
            return
        for role in sorted(part.exchange_roles):
            refused = sorted(name for name in BY_ROLE[role] if name.lower() not in ours.cmdlets)
            if refused:
                named = ", ".join(refused[:3]) + (" and others" if refused[3:] else "")
                yield self.found("missing_role", part.name, missing=role, cmdlets=named, **us)

    def _unknown(self, part: Declared, what: str, why: str) -> Finding:
        return self.found("rights_unknown", part.name, what=what, why=why)
