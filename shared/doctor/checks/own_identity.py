"""Whether the app knows who it is, so that it never acts on itself."""

from __future__ import annotations

from typing import ClassVar, Final

from shared.clients.own_tokens import Api
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import SET, Check
from shared.doctor.deployment import Deployment

_SET: Final = f"{SET}FIREBREAK_OWN_OBJECT_ID={{principal}}"


class OwnIdentity(Check):
    """See whether the app knows its own object id: a guard keeps it from acting on itself."""

    kinds: ClassVar = {
        "known": Kind(
            grade=Grade.OK,
            state="known",
            means="The app knows itself by the object id {subject}, as its token says.",
        ),
        "not_set": Kind(
            grade=Grade.BAD,
            state="not set",
            means="The guard that keeps the app from acting on itself knows nobody: "
            "FIREBREAK_OWN_OBJECT_ID is not set.",
            do="Set FIREBREAK_OWN_OBJECT_ID to {principal}",
            commands=(_SET,),
        ),
        "another": Kind(
            grade=Grade.BAD,
            state="another's",
            means="FIREBREAK_OWN_OBJECT_ID is {subject}, but the app's token is {principal}'s: the "
            "guard protects somebody else.",
            do="Set FIREBREAK_OWN_OBJECT_ID to {principal}",
            commands=(_SET,),
        ),
        "another_tenant": Kind(
            grade=Grade.BAD,
            state="another tenant",
            means="The app's token is for the tenant {subject}, and FIREBREAK_TENANT_ID is "
            "{tenant}: it watches over one and acts in another.",
            do="Set FIREBREAK_TENANT_ID to the tenant the app's identity belongs to",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare the settings with the token for Graph."""
        token = await at.holdings.token(Api.GRAPH)
        ours = at.settings.own_id
        if token.tenant != at.tenant_id:
            return (self.found("another_tenant", token.tenant, tenant=at.tenant_id),)
        if ours is None:
            return (self.found("not_set", "own object id", principal=token.object_id),)
        if ours != token.object_id:
            return (self.found("another", ours, principal=token.object_id),)
        return (self.found("known", ours),)
