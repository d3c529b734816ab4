"""Who may do what, by the platform's header; and what another site's page cannot make them do."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from shared.model import TaskState, TenantId
from shared.principal import Person as SignedIn
from shared.principal import Role, person
from tests.shared.principals import NIA, TENANT_CLAIM, principal
from tests.tasks.approving import AZURE, Person, signed_in

OURS = TenantId("3272ea75-4e08-474e-9784-d97c611e591f")
THEIRS = "99999999-4e08-474e-9784-d97c611e5999"


def encoded(found: object) -> str:
    return b64encode(json.dumps(found).encode()).decode()


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_read_with_the_object_id_and_the_name(role: Role) -> None:
    found = person(principal(role), OURS)
    assert isinstance(found, SignedIn)
    assert (found.role, found.actor.id, found.actor.name) == (role, NIA, "Nia Okafor")
    order = list(Role)
    assert [other for other in order if found.may(other)] == order[: order.index(role) + 1]


def test_of_several_roles_the_highest_counts() -> None:
    found = person(principal("reader", "approver", "responder"), OURS)
    assert isinstance(found, SignedIn)
    assert found.role is Role.APPROVER


@pytest.mark.parametrize(
    "header",
    [
        "",
        "no base64!",
        b64encode(b"not json").decode(),
        encoded([]),
        encoded({"claims": "none"}),
        encoded({"claims": [{"typ": "roles", "val": "Firebreak.Administrator"}]}),
        principal(),
        principal("owner"),
        principal("approver", oid=""),
        encoded({"claims": [{"typ": "oid", "val": NIA}, {"typ": "groups", "val": "Firebreak.R"}]}),
    ],
)
def test_whatever_names_nobody_with_a_role_lets_nobody_in(header: str) -> None:
    found = person(header, OURS)
    assert isinstance(found, str)
    assert found


@pytest.mark.parametrize("claim", [TENANT_CLAIM, "tid"])
def test_a_role_that_another_organisation_gave_counts_nowhere(claim: str) -> None:
    def of(tenant: str) -> SignedIn | str:
        claims = [("oid", NIA), ("roles", "Firebreak.Administrator"), (claim, tenant)]
        return person(encoded({"claims": [{"typ": t, "val": v} for t, v in claims]}), OURS)

    assert isinstance(of(OURS.upper()), SignedIn)
    assert of(THEIRS) == (
        "Your account is another organisation's; sign in with one of this organisation"
    )


def test_a_role_that_another_identity_provider_names_counts_nowhere() -> None:
    claims = [{"typ": "oid", "val": NIA}, {"typ": "roles", "val": "Firebreak.Administrator"}]
    found = person(encoded({"auth_typ": "github", "claims": claims}), OURS)
    assert isinstance(found, str)
    assert "Microsoft Entra" in found


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person(settings=AZURE) as made:
        yield made


NEEDED = [("approve", "approver"), ("decline", "approver"), ("since", "responder")]


@pytest.mark.parametrize(("how", "needed"), NEEDED)
async def test_each_answer_takes_its_role(bench: Person, how: str, needed: str) -> None:
    card = (await bench.asked(as_=signed_in("reader")))["stop_forwarding"]
    fields = {
        "responder": "stop_forwarding",
        "fingerprint": card["fingerprint"],
        "reason": "because",
        "since": "2026-11-20T08:00:00",
    }
    order = [role.value for role in Role]
    for low in order[: order.index(needed)]:
        page = await bench.form(how, signed_in(low), **fields)
        assert page.status == 403
        assert f"Firebreak.{needed.capitalize()}" in page.body
    assert (await bench.form(how, {"sec-fetch-site": "same-origin"}, **fields)).status == 403
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING
    assert (await bench.form(how, signed_in(needed), **fields)).status == 303


@pytest.mark.parametrize(
    "more",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": "https://mallory.example"},
        {"sec-fetch-site": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
async def test_another_site_releases_nothing_in_a_persons_name(
    bench: Person, more: dict[str, str]
) -> None:
    card = (await bench.asked(as_=signed_in("reader")))["stop_forwarding"]
    fields = {"responder": "stop_forwarding", "fingerprint": card["fingerprint"]}
    page = await bench.form("approve", {**signed_in("administrator"), **more}, **fields)
    assert page.status == 403
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_a_reader_sees_what_waits_without_a_button(bench: Person) -> None:
    await bench.asked(as_=signed_in("reader"))
    page = await bench.app.approvals(signed_in("reader"))
    assert "Stop forwarding" in page.body
    assert "<form" not in page.body
    assert "Firebreak.Approver" in page.body
    assert "<form" in (await bench.app.approvals(signed_in("approver"))).body


async def test_without_authentication_no_answer_is_taken_and_nothing_shown() -> None:
    async with Person(settings={**AZURE, "WEBSITE_AUTH_ENABLED": None}) as bench:
        await bench.detect(1, level="medium")
        await bench.settle()
        who = signed_in("administrator")
        assert (await bench.app.approvals(who)).status == 403
        assert (await bench.app.by_link("x", who)).status == 403
        assert (await bench.form("approve", who, responder="stop_forwarding")).status == 403


async def test_a_local_stack_says_so_and_answers_to_its_own_names_only() -> None:
    async with Person() as bench:
        await bench.asked()
        page = await bench.app.approvals({"host": "localhost:7071"})
        assert "Local stack" in page.body
        assert (await bench.app.approvals({"host": "mallory.example:7071"})).status == 403
