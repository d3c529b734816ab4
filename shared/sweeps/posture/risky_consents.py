"""See which applications reach people's mail while nobody vouches for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients import consents
from shared.clients.consents import App, Grant
from shared.model import Json, ObjectId, Severity
from shared.policy.app_consents import JudgedConsent, judge_by_content, may_be_risky
from shared.posture import Budget, Finding
from shared.sweeps.parts import InParts, Part
from shared.sweeps.sweep import Look, Page

CONSENT: Final = "risky_consent"
_SIDE_BY_SIDE: Final = 8
DIRECTORY: Final = Budget(service="directory", calls=1_500, seconds=10)
"""Half of what the smallest tenants have for reads of one or two units.

Source: learn.microsoft.com/graph/throttling-limits, identity and access.
"""


async def _grants(look: Look, at: Json) -> Page:
    grants, link = await look.tenant.consents.page(at.get("link"))
    doubtful = [grant for grant in grants if may_be_risky(grant)]
    apps = await _apps(look, {grant.client for grant in doubtful})
    judged = (judge_by_content(g, apps[g.client], own=look.tenant.id) for g in doubtful)
    return Page(
        findings=tuple(_finding(one) for one in judged if one.reasons),
        subjects=len(grants),
        calls=1 + len(apps),
        next={"link": link} if link else None,
    )


async def _apps(look: Look, clients: set[ObjectId]) -> dict[ObjectId, App]:
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def read(client: ObjectId) -> App:
        async with gate:
            return await look.tenant.consents.app(client)

    ordered = sorted(clients)
    return dict(zip(ordered, await asyncio.gather(*map(read, ordered)), strict=True))


def _finding(judged: JudgedConsent) -> Finding:
    grant, app = judged.grant, judged.app
    whose = _whose(grant)
    return Finding(
        kind=CONSENT,
        subject=grant.id,
        account=grant.principal,
        title=f"“{app.name}” may act for {whose}: {grant.scope.strip()}",
        severity=Severity.MEDIUM if grant.principal else Severity.HIGH,
        weight=float(len(grant.scopes)),
        evidence={
            "app": app.name,
            "app's object id": app.object_id,
            "enabled": "unknown" if app.enabled is None else str(app.enabled),
            "for": whose,
            "why": "; ".join(judged.reasons),
        },
    )


def _whose(grant: Grant) -> str:
    return f"the account {grant.principal}" if grant.principal else "everybody"


class RiskyConsents(InParts):
    """See which applications reach people's mail while nobody vouches for them.

    Reads all delegated grants of the organisation. Told is what everything speaks against: it
    reaches mail, files or contacts, works while the owner is away, its publisher is not verified
    and another organisation registered it. Permissions that applications hold by themselves
    (application permissions) are not read.
    """

    every = timedelta(days=1)
    budget = DIRECTORY
    calls_per_page = 1 + consents.PAGE
    kinds: ClassVar[Mapping[str, str]] = {
        CONSENT: "Ask who uses the app; ask for it to be mended: revoke_app_consents "
        "takes the consent back; or accept it with a reason"
    }
    permissions = frozenset({consents.APPLICATION_READ_ALL})
    borrows = frozenset({consents.GRANT_WRITE_ALL})
    parts = (Part("grants", frozenset({CONSENT}), _grants),)
