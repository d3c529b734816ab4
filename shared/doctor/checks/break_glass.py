"""Whether the emergency accounts are somebody else than the app."""

from __future__ import annotations

from typing import ClassVar

from shared.clients.own_tokens import Api
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment


class BreakGlass(Check):
    """See that no account kept for an emergency is the app itself.

    An app cannot sign in when people are locked out. Whether the accounts exist says the check
    `protected`, whether they may sign in the sweep `break_glass`.
    """

    kinds: ClassVar = {
        "apart": Kind(
            grade=Grade.OK,
            state="apart",
            means="{subject} is not the app's own identity.",
        ),
        "none": Kind(
            grade=Grade.NOTE,
            state="none named",
            means="No account is kept for an emergency: the policy protects none.",
            do="Make two cloud-only accounts for emergencies and write their object ids into "
            "policy.toml, under [protected]",
        ),
        "itself": Kind(
            grade=Grade.BAD,
            state="the app itself",
            means="{subject} is the app's own identity, which lets nobody in in an emergency.",
            do="Take {subject} off protected.accounts in policy.toml (the app never acts on itself "
            "anyway), and name accounts that people can sign in to",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare the protected accounts with who we are."""
        named = sorted(at.policy.protected.accounts)
        if not named:
            return (self.found("none", "break-glass accounts"),)
        token = await at.holdings.token(Api.GRAPH)
        known = (token.object_id, token.app_id, at.settings.own_id, at.settings.client_id)
        ours = {name.lower() for name in known if name}
        return tuple(self.found("itself" if one in ours else "apart", one) for one in named)
