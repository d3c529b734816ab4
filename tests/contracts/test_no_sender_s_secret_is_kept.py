"""What a sender proves itself with, right or wrong, is kept and shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from lab.workbench import sources
from shared.alerts.authenticate import sign
from shared.alerts.schemes import BasicAuth, BearerAuth, HeaderAuth, HmacAuth
from shared.telemetry import open_log
from tests.tasks.benches import Bench

CANARY = 'canary-of-a-sender-"0123456789"'
WRONG = "a-canary-that-is-wrong-0123456789"
SCHEMES: dict[str, dict[str, Any]] = {
    "hmac": {"secrets": [CANARY]},
    "bearer": {"secrets": [CANARY]},
    "header": {"secrets": [CANARY], "header": "X-Api-Key"},
    "basic": {"secrets": [CANARY], "user": "kibana"},
    "url": {"secrets": [CANARY]},
    "client_state": {"secrets": [CANARY]},
    "entra": {"audiences": ["api://x"], "apps": ["461e8683-5575-4561-ac7f-899cc907d62a"]},
}
MODELS: dict[str, type[HmacAuth | BearerAuth | HeaderAuth | BasicAuth]] = {
    "hmac": HmacAuth,
    "bearer": BearerAuth,
    "header": HeaderAuth,
    "basic": BasicAuth,
}


class Sender(Bench):
    """A bench with one more source, which proves itself by the scheme."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.said: list[str] = []
        carrier = "graph_notifications" if scheme == "client_state" else "identity_protection"
        auth = {"scheme": scheme, **SCHEMES[scheme]}
        more = {"name": "canary", "carrier": carrier, "auth": auth}
        super().__init__(settings={"sources": (*sources(), more)}, log=open_log())

    async def send(self, body: bytes, secret: str) -> int:
        """Deliver a body with a secret where the scheme has it; gives the status."""
        headers, query = {"Content-Type": "application/json"}, dict[str, str]()
        if model := MODELS.get(self.scheme):
            auth = model.model_validate({**SCHEMES[self.scheme], "secrets": [secret]})
            headers |= sign(auth, body=body, now=self.clock.now())
        elif self.scheme == "url":
            query = {"code": secret}
        elif self.scheme == "entra":
            headers["Authorization"] = f"Bearer {secret}"
        reply = await self.app.receive("canary", headers, body, query=query)
        self.said.append(json.dumps(reply.body))
        return reply.status

    def bodies(self, secret: str) -> list[bytes]:
        """One alert, and two that repeat the secret where nobody asked for it."""
        if self.scheme == "client_state":
            one = {"subscriptionId": "s", "clientState": secret, "resource": f"users/{secret}"}
            return [json.dumps({"value": [one]}).encode()]
        page = json.loads(self.scenario.alerts[0].body)
        page["value"][0] |= {"riskEventType": secret, "id": "c" * 64}
        odd = {"value": [{"you sent": secret}]}
        return [self.scenario.alerts[0].body, json.dumps(page).encode(), json.dumps(odd).encode()]

    async def shown(self) -> dict[str, str]:
        """Every place that could keep it or show it."""
        json_, html = {"accept": "application/json"}, {"accept": "text/html"}
        places = {
            "rows": "".join(f"{row.key} {json.dumps(row.body)}" for row in self.store.rows()),
            "blobs": b"".join([n.encode() + d for n, d in self.store.blobs().items()]).decode(),
            "queue": "".join(message.text for message in self.messages.messages()),
            "answers": "".join(self.said),
        }
        for accept in (json_, html):
            for path in ("cases", "alerts"):
                places[f"{path} {accept}"] = (await self.app.page(path, accept)).body
            places[f"health {accept}"] = (await self.app.health(accept)).body
            places[f"channels {accept}"] = (await self.app.notifications(accept)).body
            for alert in self.alerts():
                places[f"why {alert.id} {accept}"] = (await self.app.why(alert.id, accept)).body
        for case in await self.cases():
            for below in ("", "/evidence", "/report"):
                page = await self.app.page(f"cases/{case['id']}{below}", html)
                places[f"case {case['id']}{below}"] = page.body
        return places


def written(secret: str) -> set[str]:
    """The ways in which a secret may stand somewhere."""
    pair = base64.b64encode(f"kibana:{secret}".encode()).decode()
    return {secret, json.dumps(secret)[1:-1], secret.replace('"', "&#34;"), pair}


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_secret_of_a_sender_is_kept_or_shown_anywhere(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Sender(scheme) as bench:
        refused = [await bench.send(body, WRONG) for body in bench.bodies(WRONG)]
        assert set(refused) == {401}
        taken = [await bench.send(body, CANARY) for body in bench.bodies(CANARY)]
        assert 202 in taken or scheme == "entra"
        await bench.settle()
        places = {**await bench.shown(), "log": caplog.text}
        for secret in written(WRONG) | written(CANARY):
            for place, text in places.items():
                assert secret not in text, f"a secret of a sender is in: {place}"
