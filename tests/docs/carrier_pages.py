"""The pages about carriers, as a reader's machine reads them: their blocks, and what comes out."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench
from shared.alerts.authenticate import sign
from shared.alerts.schemes import Auth, ClientStateAuth, UrlAuth
from shared.alerts.source import Source
from shared.model import Alert
from shared.store.memory import MemoryStore
from shared.tasks import keys

PAGES = Path(__file__).resolve().parents[2] / "docs" / "carriers"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
_BLOCK = re.compile(r"^```json (source|payload|outcome)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> dict[str, str]:
    """Find the blocks of a page: one of each sort."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    assert sorted(sort for sort, _ in found) == ["outcome", "payload", "source"], page.name
    return dict(found)


async def outcome(source: dict[str, Any], payload: bytes) -> list[dict[str, Any]]:
    """Post a payload to an app that has one source, as that source's sender would."""
    lab = SimulatedTenant(clock=Clock.frozen(NOON), settings=TenantSettings.instant())
    store = MemoryStore()
    # A payload that says whose it is goes to the app of that tenant.
    named = Source.model_validate(source).reader().tenants(payload) or {lab.tenant_id}
    settings = {"sources": (source,), "tenant_id": min(named)}
    async with Workbench(lab, store=store, settings=settings) as bench:
        auth: Auth = TypeAdapter[Auth](Auth).validate_python(source["auth"])
        query = {auth.parameter: _secret(auth)} if isinstance(auth, UrlAuth) else {}
        unsigned = isinstance(auth, (UrlAuth, ClientStateAuth))
        proof = {} if unsigned else sign(auth, body=payload, now=NOON)
        headers = {"Content-Type": "application/json", **proof}
        reply = await bench.app.receive(source["name"], headers, payload, query=query)
        assert reply.status == 202, reply.body
        told = [told["id"] for told in reply.body["alerts"]]
        rows = store.scan(keys.inbox(bench.app.settings.tenant), prefix=keys.ALERT)
        kept = {row.body["id"]: Alert.model_validate(row.body) async for row in rows}
    return [_shown(kept[alert]) for alert in told]


def _secret(auth: UrlAuth) -> str:
    return auth.secrets[0].get_secret_value()


def _shown(alert: Alert) -> dict[str, Any]:
    names = {"state", "kind", "severity", "title", "occurred_at", "reason"}
    shown = alert.model_dump(mode="json", include=names)
    account = alert.account.model_dump(exclude_none=True) if alert.account else {}
    said = {"state": shown.pop("state"), "account": account, **shown}
    if alert.occurred_at_is_receipt:
        del said["occurred_at"]
    if alert.awaits:
        said["fetched_from"] = alert.awaits.place.value
    return json.loads(json.dumps({k: v for k, v in said.items() if v or k == "account"}))  # type: ignore[no-any-return]
