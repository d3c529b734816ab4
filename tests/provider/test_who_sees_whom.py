from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.paths import Ask
from shared.principal import Role
from shared.tasks import keys
from shared.tasks.trail import Noted, Trail
from tests.contracts.needed_roles import FORM, NEEDED, allowed
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench, texts
from tests.tasks.approving import AZURE, signed_in

HOME, ELSEWHERE = "", "initech"
PLACES = (HOME, *BOTH)
JSON = {"accept": "application/json"}


def tid(bench: Bench, name: str) -> str:
    """The tenant that somebody signs in from."""
    if name == ELSEWHERE:
        return "f" * 8 + "-0000-4000-8000-" + "f" * 12
    return bench.tenant.tenant_id if name == HOME else bench.tenant_of(name)


async def opened(bench: Bench, name: str, who: dict[str, str]) -> bool:
    """Whether somebody is shown the cases of a tenant."""
    if name:
        return (await bench.get(f"{name}/cases", who)).status == 200
    return (await bench.app.page("cases", who)).status == 200


@pytest.mark.parametrize(
    ("signs_in_from", "roles", "sees"),
    [
        (HOME, ["reader"], {HOME}),
        (HOME, ["reader.acme"], {ACME}),
        (HOME, ["approver.acme", "reader.globex"], {ACME, GLOBEX}),
        (HOME, ["reader.all"], {HOME, ACME, GLOBEX}),
        (HOME, ["reader.initech"], set()),
        (HOME, [], set()),
        (ACME, ["reader"], {ACME}),
        (ACME, ["administrator"], {ACME}),
        (ACME, ["administrator.globex"], set()),
        (ACME, ["administrator.acme"], set()),
        (ACME, ["administrator.all"], set()),
        (ACME, ["reader", "administrator.all", "administrator.globex"], {ACME}),
        (ELSEWHERE, ["administrator", "administrator.all", "reader.acme"], set()),
        (None, ["administrator", "administrator.all", "reader.acme"], set()),
    ],
)
async def test_a_person_sees_the_tenants_assigned_and_no_other(
    signs_in_from: str | None, roles: list[str], sees: set[str], tmp_path: Path
) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        from_ = None if signs_in_from is None else tid(bench, signs_in_from)
        who = signed_in(*roles, **({"tid": from_} if from_ else {}))
        found = {name for name in PLACES if await opened(bench, name, who)}
        assert found == sees
        listed = await bench.get("", {**who, **JSON})
        rows = json.loads(listed.body).get("tenants", [])
        assert {row["name"] for row in rows} == sees
        assert listed.status == (200 if sees else 403)


async def test_an_analyst_may_do_in_each_tenant_what_the_role_there_says(tmp_path: Path) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        who = signed_in("administrator.acme", "reader.globex", tid=bench.tenant.tenant_id)
        for name, status in ((ACME, 303), (GLOBEX, 403)):
            ask = Ask(who, {}, b"ceiling=observe&reason=storm")
            page = await bench.app.at("POST", f"{name}/guards/switch", ask)
            assert page.status == status
            paused = await bench.store.read(keys.brakes(bench.tenant_of(name)), keys.PAUSE)
            assert bool(paused) is (status == 303)


@pytest.mark.parametrize("role", list(Role))
async def test_below_a_tenant_each_request_takes_its_role_in_that_tenant(
    role: Role, tmp_path: Path
) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        await bench.play(ACME, level="medium")
        alert = next(r for r in bench.rows(ACME) if r.key.startswith("alert:")).body["id"]
        places, before = {"case": bench.case_of(ACME).id, "alert": alert}, kept(bench)
        here = signed_in(f"{role}.acme", tid=bench.tenant.tenant_id)
        elsewhere = signed_in("administrator.globex", tid=bench.tenant.tenant_id)
        refused = [(path, elsewhere) for path in NEEDED]
        refused += [(path, here) for path in NEEDED if not allowed(role, path)]
        for path, who in refused:
            page = await bench.app.at(
                "POST", f"{ACME}/{path.format_map(places)}", Ask(who, {}, FORM)
            )
            assert page.status == 403, path
        assert kept(bench) == before
        for path in (path for path in NEEDED if allowed(role, path)):
            page = await bench.app.at(
                "POST", f"{ACME}/{path.format_map(places)}", Ask(here, {}, FORM)
            )
            assert page.status != 403, path


def kept(bench: Bench) -> list[str]:
    """All that is stored but the record of who tried."""
    return list(texts([r for r in bench.store.rows() if not r.partition.endswith("|audit")]))


async def test_who_tries_another_tenant_s_pages_is_on_the_provider_s_record_only(
    tmp_path: Path,
) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        who = signed_in("administrator", tid=bench.tenant_of(ACME))
        who |= {"x-ms-client-principal-id": "nia", "x-ms-client-principal-name": "Nia Okafor"}
        await bench.app.at("POST", f"{GLOBEX}/guards/switch", Ask(who, {}, b"ceiling=observe"))
        trail = Trail(bench.store, bench.clock.now, bench.app.settings.tenant)
        assert [mark.event async for mark in trail.lines()] == [Noted.REFUSED]
        assert not bench.rows(GLOBEX)


async def test_pages_and_links_of_a_tenant_stay_below_its_address(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.play(ACME)
        case = bench.case_of(ACME).id
        for path in ("cases", f"cases/{case}", "alerts", "approvals", "guards", "sweeps", "policy"):
            page = await bench.get(f"{ACME}/{path}")
            assert page.status == 200, path
            assert "Acme Ltd" in page.body
            assert 'href="/api/tenants/acme/cases"' in page.body
            elsewhere = page.body.replace("/api/tenants", "")
            assert "/api/" not in elsewhere, path


@pytest.mark.parametrize("place", ["", "acme/cases", "initech/cases"])
async def test_who_is_not_signed_in_yet_is_led_to_the_sign_in(place: str, tmp_path: Path) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        page = await bench.get(place, {"accept": "text/html"})
        assert page.status == 403
        assert "/.auth/login/aad" in page.body
