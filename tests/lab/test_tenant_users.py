from __future__ import annotations

from urllib.parse import quote

import pytest

from lab.tenant import TenantSettings
from tests.lab.tenancy import Desk, code, make, message


async def test_account_enabled_is_shown_only_to_those_who_select_it() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        plain = (await desk.graph("GET", f"/users/{oid}")).json()
        chosen = (await desk.graph("GET", f"/users/{oid}?$select=accountEnabled")).json()
        assert "accountEnabled" not in plain
        assert plain["userPrincipalName"] == "ada.brandt@contoso.example"
        assert chosen["accountEnabled"] is True
        assert "displayName" not in chosen


async def test_selecting_what_a_user_does_not_have_is_refused() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        answer = await desk.graph("GET", f"/users/{oid}?$select=acountEnabled")
        assert answer.status_code == 400
        assert "acountEnabled" in message(answer)


async def test_a_user_is_found_by_object_id_and_by_upn_in_any_case() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        for key in (oid, oid.upper(), "ADA.brandt@contoso.example"):
            assert (await desk.graph("GET", f"/users/{key}")).json()["id"] == oid
        missing = await desk.graph("GET", "/users/ada.brandt")
        assert (missing.status_code, code(missing)) == (404, "Request_ResourceNotFound")


async def test_an_unencoded_hash_cuts_a_guests_name_off() -> None:
    async with Desk(make()) as desk:
        desk.people.guest("Eli Stern")
        upn = "eli.stern_partner.example#EXT#@contoso.example"
        assert (await desk.graph("GET", f"/users/{upn}")).status_code == 404
        assert (await desk.graph("GET", f"/users/{quote(upn)}")).json()["userPrincipalName"] == upn


@pytest.mark.parametrize(
    "condition",
    [
        "mail eq 'ada.brandt@contoso.example'",
        "userPrincipalName eq 'Ada.Brandt@contoso.example'",
        "proxyAddresses/any(x:x eq 'smtp:ada.brandt@contoso.example')",
        "securityIdentifier eq '{sid}'",
    ],
)
async def test_filters_find_exactly_the_one_they_name(condition: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.person("Ada Brandtner")
        text = condition.format(sid=desk.tenant.users[oid].sid)
        found = await desk.every(f"/users?$filter={quote(text)}")
        assert [user["id"] for user in found] == [oid]


async def test_a_synced_account_is_found_by_its_on_premises_sid() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.synced("Dana Roth")
        sid = desk.tenant.users[oid].on_premises_sid
        text = quote(f"onPremisesSecurityIdentifier eq '{sid}'")
        found = await desk.every(f"/users?$filter={text}&$select=id,onPremisesSyncEnabled")
        assert found == [{"id": oid, "onPremisesSyncEnabled": True}]


@pytest.mark.parametrize("text", ["startswith(mail,'a')", "mail eq 'a' or mail eq 'b'", "x eq '1'"])
async def test_a_filter_that_is_not_understood_is_refused_and_never_ignored(text: str) -> None:
    async with Desk(make()) as desk:
        desk.people.person("Ada Brandt")
        assert (await desk.graph("GET", f"/users?$filter={quote(text)}")).status_code == 400


async def test_lists_come_in_pages_and_following_the_links_loses_nobody() -> None:
    async with Desk(make()) as desk:
        oids = {desk.people.person(f"Person {n}") for n in range(5)}
        first = (await desk.graph("GET", "/users?$select=id")).json()
        assert len(first["value"]) == 2
        assert "$skiptoken=" in first["@odata.nextLink"]
        assert "$select=id" in first["@odata.nextLink"]
        assert {user["id"] for user in await desk.every("/users?$select=id")} == oids
        assert (await desk.graph("GET", "/users?$skiptoken=bogus")).status_code == 400


async def test_memberships_include_nested_groups_and_roles_on_every_page() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Frida Sand")
        inner = desk.people.group("Operators", [oid])
        outer = desk.people.group("Staff", [inner])
        role = desk.people.role("Helpdesk Administrator", [oid])
        found = await desk.every(f"/users/{oid}/transitiveMemberOf")
        kinds = {item["id"]: item["@odata.type"].rpartition(".")[2] for item in found}
        assert kinds == {inner: "group", outer: "group", role: "directoryRole"}


async def test_readers_of_a_lagging_directory_see_the_past() -> None:
    async with Desk(make(TenantSettings.instant(directory_lag=5.0))) as desk:
        oid = desk.people.person("Ada Brandt")
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        query = f"/users/{oid}?$select=accountEnabled"
        assert (await desk.graph("GET", query)).json()["accountEnabled"] is True
        desk.tenant.clock.advance(4.9)
        assert (await desk.graph("GET", query)).json()["accountEnabled"] is True
        desk.tenant.clock.advance(0.1)
        assert (await desk.graph("GET", query)).json()["accountEnabled"] is False


async def test_domains_say_which_are_federated() -> None:
    async with Desk(make()) as desk:
        found = {d["id"]: d for d in await desk.every("/domains")}
        assert found["fed.contoso.example"]["authenticationType"] == "Federated"
        assert found["contoso.example"]["isDefault"] is True
        assert all(domain["isVerified"] for domain in found.values())
        assert len(found) == 3


async def test_the_organization_is_a_list_of_one() -> None:
    async with Desk(make()) as desk:
        [organization] = await desk.every("/organization")
        assert organization["id"] == desk.tenant.tenant_id
        assert organization["onPremisesSyncEnabled"] is None
