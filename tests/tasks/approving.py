"""A bench with people who answer what waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from lab.tenant.state import Mailbox
from lab.workbench import as_operator
from shared.desk import Page
from shared.model import Json
from shared.settings import PageAccess
from tests.shared.principals import principal
from tests.tasks.benches import Bench

type Headers = Mapping[str, str]

AZURE: Final = {
    "pages": PageAccess.SIGNED_IN,
    "WEBSITE_INSTANCE_ID": "an instance",
    "WEBSITE_AUTH_ENABLED": "True",
}


def signed_in(*roles: str, **more: str) -> dict[str, str]:
    """The headers of a form that somebody with these roles sent from a page of ours."""
    return {"x-ms-client-principal": principal(*roles, **more), "sec-fetch-site": "same-origin"}


class Person(Bench):
    """A bench with somebody at the command line."""

    async def asked(self, *, as_: Headers | None = None) -> Json:
        """Let a medium risk wait for an answer; returns the cards by responder."""
        await self.detect(1, level="medium")
        self.clock.advance(2)
        await self.settle()
        return await self.cards(as_ or {})

    @property
    def box(self) -> Mailbox:
        return self.tenant.mailboxes[self.oid]

    def forward(self, address: str) -> None:
        """Let somebody else move the tenant while the change waits."""
        self.tenant.state.mailboxes[self.oid] = replace(self.box, forwarding_smtp=address)

    async def cards(self, as_: Headers | None = None) -> Json:
        page = await self.app.approvals({"accept": "application/json", **(as_ or {})})
        return {card["responder"]: card for card in json.loads(page.body)["cards"]}

    async def send(self, how: str, **request: Any) -> tuple[int, Json]:
        body = json.dumps({"by": "Nia", **request}).encode()
        case = self.the_case().id
        take = {
            "approve": self.app.approve,
            "decline": self.app.decline,
            "since": self.app.since,
            "restore": self.app.restore,
        }
        place = f"cases/{case}/{how}" if how in take else f"verdicts/{how}"
        headers = as_operator(place, body, self.clock.now())
        page = await (
            take[how](case, headers, body) if how in take else self.app.judge(how, headers, body)
        )
        return page.status, json.loads(page.body)

    async def approve(self, *cards: Json, **more: Any) -> tuple[int, Json]:
        wishes = [{"responder": c["responder"], "fingerprint": c["fingerprint"]} for c in cards]
        return await self.send("approve", changes=[{**wish, **more} for wish in wishes])

    async def form(self, how: str, who: Headers, **fields: Any) -> Page:
        """Press a button on a page, signed in as somebody."""
        take = {"approve": self.app.approve, "decline": self.app.decline, "since": self.app.since}
        return await take[how](self.the_case().id, who, urlencode(fields, doseq=True).encode())

    async def decline(self, card: Json, reason: str) -> tuple[int, Json]:
        named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        return await self.send("decline", reason=reason, **named)

    async def undo(self, responder: str | None = None) -> int:
        body = json.dumps({"by": "Nia", "responder": responder}).encode()
        case = self.the_case().id
        signed = as_operator(f"cases/{case}/undo", body, self.clock.now())
        return (await self.app.ask_undo(case, signed, body)).status

    def outbox(self) -> list[Json]:
        """What somebody should be told, oldest first."""
        return [row.body for row in self.store.rows() if row.partition.endswith("|outbox")]
