"""One account with one foothold of every kind, and what can be done about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lab.access import CaeToken, Password, PlainToken, Session, SessionBasis, SmtpAuth
from lab.footholds import Foothold, Forwarding, HiddenRule, InboxRule
from lab.intruder import Intruder
from tests.lab.tenancy import NOON, STRONG, Desk

DROP = "drop@mallory.example"
LAG = 120.0
LIFE = 3600.0
RULES = "/users/{}/mailFolders/inbox/messageRules"
type Action = Callable[[Scene], Awaitable[None]]


class Scene:
    """One account with one foothold of every kind, and ways to act on it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tenant = desk.tenant
        self.oid = oid = desk.people.person("Ada Brandt")
        self.contact = desk.people.contact("Archive", DROP)
        desk.people.forward(oid, forwarding_recipient=self.contact, forwarding_smtp=DROP)
        visible = desk.people.rule(oid, "visible")
        self.other = desk.people.rule(oid, "other")
        hidden = desk.people.rule(oid, "unseen", hidden=True)
        self.session = Session("session", opened_at=NOON, resets=0, basis=SessionBasis.PASSWORD)
        self.passkey = Session("passkey", opened_at=NOON, resets=0, basis=SessionBasis.OTHER)
        self.password = Password("password")
        self.kinds: dict[str, Foothold] = {
            "cae": CaeToken("cae", issued_at=NOON, session=self.session),
            "plain": PlainToken("plain", issued_at=NOON, session=self.session),
            "session": self.session,
            "passkey": self.passkey,
            "password": self.password,
            "smtp": SmtpAuth("smtp", password=self.password),
            "visible": InboxRule("visible", rule=visible),
            "hidden": HiddenRule("hidden", rule=hidden),
            "forwarding": Forwarding("forwarding", smtp=DROP, recipient=self.contact),
        }
        self.intruder = Intruder(self.tenant, oid, self.kinds.values())
        self.tenant.clock.advance(10)

    async def patch(self, **body: object) -> None:
        answer = await self.desk.graph("PATCH", f"/users/{self.oid}", body)
        assert answer.status_code == 204, answer.text

    async def rule(self, method: str, name: str, body: object = None) -> None:
        rules = await self.desk.every(RULES.format(self.oid))
        rid = next(rule["id"] for rule in rules if rule["displayName"] == name)
        answer = await self.desk.graph(method, f"{RULES.format(self.oid)}/{rid}", body)
        assert answer.is_success

    def closed(self) -> set[str]:
        return {name for name, f in self.kinds.items() if f.closed_at is not None}

    def dead(self) -> set[str]:
        return {name for name, f in self.kinds.items() if not f.alive(self.tenant)}


async def disable(scene: Scene) -> None:
    await scene.patch(accountEnabled=False)


async def revoke(scene: Scene) -> None:
    await scene.desk.graph("POST", f"/users/{scene.oid}/revokeSignInSessions")


async def reset(scene: Scene) -> None:
    await scene.patch(passwordProfile={"password": STRONG, "forceChangePasswordNextSignIn": True})


async def force_change(scene: Scene) -> None:
    await scene.patch(passwordProfile={"forceChangePasswordNextSignIn": True})


async def confirm(scene: Scene) -> None:
    body = {"userIds": [scene.oid]}
    path = "/identityProtection/riskyUsers/confirmCompromised"
    assert (await scene.desk.graph("POST", path, body)).status_code == 204


async def disable_visible(scene: Scene) -> None:
    await scene.rule("PATCH", "visible", {"isEnabled": False})


async def delete_visible(scene: Scene) -> None:
    await scene.rule("DELETE", "visible")


async def disable_another(scene: Scene) -> None:
    await scene.rule("PATCH", "other", {"isEnabled": False})


async def disable_all_visible(scene: Scene) -> None:
    await disable_visible(scene)
    await disable_another(scene)


async def disable_hidden(scene: Scene) -> None:
    await scene.desk.output("Disable-InboxRule", Mailbox=scene.oid, Identity="unseen")


async def clear_both(scene: Scene) -> None:
    await scene.desk.output(
        "Set-Mailbox", Identity=scene.oid, ForwardingAddress=None, ForwardingSmtpAddress=None
    )


async def clear_recipient(scene: Scene) -> None:
    await scene.desk.output("Set-Mailbox", Identity=scene.oid, ForwardingAddress=None)


async def clear_smtp(scene: Scene) -> None:
    await scene.desk.output("Set-Mailbox", Identity=scene.oid, ForwardingSmtpAddress=None)


async def smtp_off(scene: Scene) -> None:
    scene.tenant.change_mailbox(scene.oid, smtp_auth_disabled=True)
    scene.tenant.wrote(method="POST", path="x", actor="test", oid=scene.oid, what="SMTP off")
