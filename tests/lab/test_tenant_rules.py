from __future__ import annotations

from typing import Any

import pytest

from tests.lab.tenancy import Desk, code, make

RULES = "/users/{}/mailFolders/inbox/messageRules"
AWAY = {"redirectTo": [{"emailAddress": {"name": "x", "address": "x@mallory.example"}}]}


async def test_graph_lists_visible_rules_on_all_pages_and_no_hidden_one() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        for name in ("one", "two", "three"):
            desk.people.rule(oid, name)
        desk.people.rule(oid, "unseen", hidden=True, actions=AWAY)
        first = (await desk.graph("GET", RULES.format(oid))).json()
        assert len(first["value"]) == 2
        names = [rule["displayName"] for rule in await desk.every(RULES.format(oid))]
        assert names == ["one", "two", "three"]


async def test_a_hidden_rule_cannot_be_reached_through_graph_even_by_id() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        rule = desk.people.rule(oid, "unseen", hidden=True)
        path = f"{RULES.format(oid)}/{rule.id}"
        for method, body in (("GET", None), ("PATCH", {"isEnabled": False}), ("DELETE", None)):
            answer = await desk.graph(method, path, body)
            assert (answer.status_code, code(answer)) == (404, "ErrorItemNotFound")


async def test_switching_a_rule_through_graph_leaves_outlooks_own_rules_alone() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.forward(oid, outlook_rules=("sound",))
        rule, other = desk.people.rule(oid, "one", actions=AWAY), desk.people.rule(oid, "two")
        body = {"@odata.type": "#microsoft.graph.messageRule", "isEnabled": False}
        answer = await desk.graph("PATCH", f"{RULES.format(oid)}/{rule.id}", body)
        box = desk.tenant.mailboxes[oid]
        assert (answer.status_code, answer.json()["isEnabled"]) == (200, False)
        assert [r.enabled for r in box.rules if not r.hidden] == [False, True]
        assert other in box.rules
        assert box.outlook_rules == ("sound",)


async def test_a_deleted_rule_is_gone() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        rule = desk.people.rule(oid, "one")
        path = f"{RULES.format(oid)}/{rule.id}"
        assert (await desk.graph("DELETE", path)).status_code == 204
        assert (await desk.graph("DELETE", path)).status_code == 404
        assert rule not in desk.tenant.mailboxes[oid].rules


async def test_a_read_only_rule_shows_nothing_and_refuses_to_change() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        rule = desk.people.rule(oid, "odd", read_only=True, actions=AWAY)
        [shown] = await desk.every(RULES.format(oid))
        answer = await desk.graph("PATCH", f"{RULES.format(oid)}/{rule.id}", {"isEnabled": False})
        assert shown["isReadOnly"] is True
        assert not {"actions", "conditions"} & shown.keys()
        assert answer.status_code == 400
        assert rule in desk.tenant.mailboxes[oid].rules


@pytest.mark.parametrize(
    "body", [{"enabled": False}, {"isEnabled": 0}, {"isEnabled": "no"}, {"isReadOnly": False}]
)
async def test_rule_bodies_with_unknown_or_wrong_properties_are_refused(
    body: dict[str, Any],
) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        rule = desk.people.rule(oid, "one")
        answer = await desk.graph("PATCH", f"{RULES.format(oid)}/{rule.id}", body)
        assert answer.status_code == 400
        assert rule in desk.tenant.mailboxes[oid].rules


async def test_graph_names_folders_by_opaque_id() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.rule(oid, "one", actions={"moveToFolder": "RSS Feeds"})
        [shown] = await desk.every(RULES.format(oid))
        assert shown["actions"]["moveToFolder"]
        assert "RSS" not in shown["actions"]["moveToFolder"]


async def test_an_account_without_a_mailbox_has_no_rules_endpoint() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.guest("Eli Stern")
        answer = await desk.graph("GET", RULES.format(oid))
        assert (answer.status_code, code(answer)) == (404, "MailboxNotEnabledForRESTAPI")
        nobody = await desk.graph("GET", RULES.format(desk.tenant.guid()))
        assert (nobody.status_code, code(nobody)) == (404, "ErrorInvalidUser")


async def test_reading_rules_does_not_allow_changing_them() -> None:
    async with Desk(make(granted=frozenset({"MailboxSettings.Read"}))) as desk:
        oid = desk.people.person("Ada Brandt")
        rule = desk.people.rule(oid, "one")
        assert (await desk.graph("GET", RULES.format(oid))).status_code == 200
        answer = await desk.graph("PATCH", f"{RULES.format(oid)}/{rule.id}", {"isEnabled": False})
        assert (answer.status_code, code(answer)) == (403, "ErrorAccessDenied")
