from __future__ import annotations

import json

import pytest

from lab.scenarios import STORIES
from lab.tenant import SimulatedTenant
from lab.tenant.population import Population
from shared.alerts.carrier import NotForUs, Recognised
from shared.alerts.catalogue import carriers
from shared.model import AlertKind
from tests.lab.tenancy import STRONG, Desk, make

CARRIERS = {
    "defender": "graph_alerts_v2",
    "identity-protection": "identity_protection",
    "office365": "o365_activity",
}
KINDS = {"spammer": AlertKind.OUTBOUND_SPAM, "forwarder": AlertKind.SUSPICIOUS_FORWARDING}
"""What the alerts say that tell of something else than a risky sign-in."""
HELD = {
    "token_thief": {1, 2, 3, 4, 9, 10, 11},
    "spammer": {1, 2, 3, 4, 8, 9},
    "forwarder": {1, 2, 3, 11},
    "synced_user": {1, 2, 3, 4, 21},
    "federated_user": {1, 2, 3, 4, 21},
    "restricted_user": {1, 2, 3, 4},
    "shared_mailbox": {1, 2, 3, 4, 12, 19},
    "guest": {2, 3},
    "admin": {1, 2, 3, 4},
    "false_alarm": set[int](),
}
EVERYTHING = {1, 2, 3, 4, 9, 10, 11}
"""What a full house holds at least; every family that is planted adds its own."""
every_story = pytest.mark.parametrize("story", STORIES)


@every_story
def test_the_intruder_holds_what_the_story_says_and_all_of_it_lives(story: str) -> None:
    scenario = STORIES[story](make())
    living = {f.number for f in scenario.intruder.living()}
    assert living == {f.number for f in scenario.intruder.open_doors()}
    assert living == HELD.get(story, living)
    if story == "full_house":
        assert living >= EVERYTHING
    assert scenario.losses() == []


@every_story
def test_carriers_understand_the_alert_and_it_is_about_the_victim(story: str) -> None:
    scenario = STORIES[story](make())
    user = scenario.tenant.users[scenario.oid]
    for alert in scenario.alerts:
        assert alert.path == f"/api/alerts/{alert.source}"
        readings = carriers()[CARRIERS[alert.source]].read(alert.body)
        drafts = [r.draft for r in readings if isinstance(r, Recognised)]
        if story == "false_alarm":
            assert [type(r) for r in readings] == [NotForUs]
            continue
        [draft] = drafts
        assert draft.kind is KINDS.get(story, AlertKind.RISKY_SIGN_IN)
        assert draft.account is not None
        assert draft.account.upn == user.upn
        assert draft.account.object_id in {None, user.id}
        assert draft.occurred_at is not None
        assert draft.occurred_at < scenario.tenant.now()


def test_stories_can_be_told_in_one_tenant_and_twice() -> None:
    tenant = make()
    told = [story(tenant) for story in (*STORIES.values(), *STORIES.values())]
    assert len({scenario.oid for scenario in told}) == len(told)
    assert len({tenant.users[scenario.oid].upn for scenario in told}) == len(told)
    assert len({scenario.bystanders for scenario in told}) == 1


def test_the_same_seed_tells_the_same_story() -> None:
    def tell(tenant: SimulatedTenant) -> tuple[str, list[bytes], str]:
        scenario = STORIES["token_thief"](tenant)
        bodies = [alert.body for alert in scenario.alerts]
        return scenario.oid, bodies, json.dumps(tenant.snapshot(), sort_keys=True)

    assert tell(make(seed=3)) == tell(make(seed=3))
    assert tell(make(seed=3)) != tell(make(seed=4))


@every_story
def test_no_name_or_address_could_be_somebodys(story: str) -> None:
    tenant = make()
    scenario = STORIES[story](tenant)
    text = json.dumps(tenant.snapshot()) + "".join(a.body.decode() for a in scenario.alerts)
    domains = {part.partition('"')[0].partition(";")[0] for part in text.split("@")[1:]}
    allowed = ("odata.", "contoso.example", "fed.contoso.example", "mallory.example")
    assert all(domain.startswith(allowed) or domain == "partner.example" for domain in domains)


async def test_the_thiefs_rule_is_on_the_second_page() -> None:
    async with Desk(make()) as desk:
        scenario = STORIES["token_thief"](desk.tenant)
        path = f"/users/{scenario.oid}/mailFolders/inbox/messageRules"
        first = (await desk.graph("GET", path)).json()
        names = [rule["displayName"] for rule in await desk.every(path)]
        assert [rule["displayName"] for rule in first["value"]] == names[:2]
        assert names == ["Newsletters", "Project Falcon", "."]


async def test_losses_name_what_the_owner_no_longer_has() -> None:
    async with Desk(make()) as desk:
        scenario = STORIES["spammer"](desk.tenant)
        await desk.output("Disable-InboxRule", Mailbox=scenario.oid, Identity="..")
        assert scenario.losses() == ["client-side Outlook rules"]
        await desk.output("Disable-InboxRule", Mailbox=scenario.oid, Identity="Orders")
        assert scenario.losses() == scenario.owner_things
        assert "inbox rule “Orders”" in scenario.owner_things


async def test_the_right_steps_end_the_spammer_and_cost_the_owner_nothing() -> None:
    async with Desk(make()) as desk:
        scenario = STORIES["spammer"](desk.tenant)
        others = desk.tenant.snapshot(without=scenario.oid)
        user = f"/users/{scenario.oid}"
        await desk.graph("PATCH", user, {"accountEnabled": False})
        await desk.graph("PATCH", user, {"passwordProfile": {"password": STRONG}})
        await desk.graph("POST", f"{user}/revokeSignInSessions")
        rules = await desk.every(f"{user}/mailFolders/inbox/messageRules")
        bad = next(rule["id"] for rule in rules if rule["displayName"] == "..")
        path = f"{user}/mailFolders/inbox/messageRules/{bad}"
        await desk.graph("PATCH", path, {"isEnabled": False})
        assert scenario.intruder.open_doors() == []
        desk.tenant.clock.advance(3600)
        assert scenario.intruder.living() == []
        assert not any(act.succeeded for act in scenario.intruder.attempt_all())
        assert scenario.losses() == []
        assert desk.tenant.snapshot(without=scenario.oid) == others


async def test_an_admin_cannot_be_contained_without_the_entra_role() -> None:
    async with Desk(make()) as desk:
        scenario = STORIES["admin"](desk.tenant)
        path = f"/users/{scenario.oid}"
        assert (await desk.graph("PATCH", path, {"accountEnabled": False})).status_code == 403


def test_a_crowd_is_found_as_fast_as_one() -> None:
    tenant = make()
    oids = Population(tenant).crowd(5000)
    user = tenant.users[oids[4321]]
    assert tenant.user(user.upn) == user
    assert len(set(oids)) == len(tenant.mailboxes) == 5000
