from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.workbench import sources
from responders import catalogue
from shared import registry
from shared.errors import Defect
from shared.policy.reading import PolicyError
from shared.provider import Provider
from shared.settings import Settings
from shared.store.memory import MemoryQueue, MemoryStore
from tests.tasks.benches import NOON, POLICY

HOME = "11111111-1111-4111-8111-111111111111"
ACME = "22222222-2222-4222-8222-222222222222"
APP = "33333333-3333-4333-8333-333333333333"
OWN = "44444444-4444-4444-8444-444444444444"
ENTRY = f"""[[tenant]]
name = "acme"
title = "Acme Ltd"
id = "{ACME.upper()}"
application_id = "{APP}"
object_id = "{OWN}"
"""


def settings(folder: Path, text: str, **more: Any) -> Settings:
    file = folder / "tenants.toml"
    file.write_text(text, encoding="utf-8")
    return Settings(**{"tenant_id": HOME, "policy": POLICY, "tenants": file, **more})


def provider(given: Settings) -> Provider:
    return Provider(
        given, catalogue(), store=MemoryStore(), queue=MemoryQueue(lambda: NOON), clock=lambda: NOON
    )


def test_a_tenant_has_settings_of_its_own_and_shares_the_rest(tmp_path: Path) -> None:
    more = '[tenant.protected]\naccounts = ["break.glass@acme.example"]\n'
    more += "[tenant.guards.radius]\nper_hour = 3\n"
    app = provider(settings(tmp_path, ENTRY + 'pull = ["alerts_v2"]\n' + more)).customers["acme"]
    assert app.settings.tenant == ACME
    assert (app.settings.client_id, app.settings.own_id) == (APP, OWN)
    assert app.settings.policy == POLICY
    assert app.settings.pull == ("alerts_v2",)
    assert "break.glass@acme.example" in app.policy.protected.accounts
    assert app.policy.guards.radius.per_hour == 3


def test_what_is_special_about_one_is_not_so_of_the_others(tmp_path: Path) -> None:
    special = '[tenant.protected]\naccounts = ["break.glass@acme.example"]\n'
    other = ENTRY.replace("acme", "globex").replace(ACME, OWN)
    made = provider(settings(tmp_path, f"{ENTRY}{special}\n{other}"))
    for app in (made, made.customers["globex"]):
        assert not app.policy.protected.accounts
        assert app.policy.guards == provider(settings(tmp_path, ENTRY)).policy.guards


def test_limits_that_are_not_named_stay_as_the_policy_says(tmp_path: Path) -> None:
    policy = tmp_path / "own.toml"
    limits = "[guards]\nstale_hours = 5\n[guards.radius]\nper_day = 9\n"
    rule = '[[rule]]\nname = "all"\nresponders = { disable_sign_in = "enforce" }\n'
    policy.write_text(f"version = 1\n{limits}{rule}", encoding="utf-8")
    given = f'{ENTRY}policy = "own.toml"\n[tenant.guards.radius]\nper_hour = 3\n'
    app = provider(settings(tmp_path, given)).customers["acme"]
    assert app.policy.guards.stale_hours == 5
    assert (app.policy.guards.radius.per_day, app.policy.guards.radius.per_hour) == (9, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "tenant"),
        ("[[tenant]", "tenants.toml:1: this is not TOML"),
        (ENTRY + 'poilcy = "x"\n', "tenants.toml:7: unknown key 'poilcy'; did you mean 'policy'?"),
        (ENTRY.replace("Acme Ltd", ""), "tenants.toml:3: 'title'"),
        (ENTRY.replace('"acme"', '"all"'), "tenants.toml:2: 'name': 'all' means every tenant"),
        (ENTRY.replace('"acme"', '"Acme"'), "tenants.toml:2: 'name'"),
        (ENTRY.replace(ACME.upper(), "acme.example"), "tenants.toml:4: 'id'"),
        (ENTRY.replace(f'object_id = "{OWN}"', ""), "'object_id' is missing; add it"),
        (ENTRY.replace(ACME.upper(), HOME), "the id of FIREBREAK_TENANT_ID"),
        (ENTRY + ENTRY, "tenants.toml:8: 'acme' is the name of 'Acme Ltd' already"),
        (ENTRY + "[tenant.guards]\nstale_hour = 3\n", "did you mean 'stale_hours'?"),
        (ENTRY + '[tenant.protected]\ngroups = ["admins"]\n', "tenants.toml:8"),
    ],
)
def test_a_mistake_stops_start_up_and_is_named_with_its_line(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as caught:
        registry.read(settings(tmp_path, text))
    assert said in str(caught.value)


def test_a_registry_that_is_not_there_stops_start_up(tmp_path: Path) -> None:
    given = settings(tmp_path, ENTRY).model_copy(update={"tenants": tmp_path / "nowhere.toml"})
    with pytest.raises(PolicyError, match="FIREBREAK_TENANTS names a file that cannot be read"):
        registry.read(given)


def test_a_wrong_policy_is_named_with_its_tenant(tmp_path: Path) -> None:
    with pytest.raises(Defect, match=r"Tenant 'acme': .*own\.toml"):
        provider(settings(tmp_path, ENTRY + 'policy = "own.toml"\n'))


@pytest.mark.parametrize("setting", ["sources", "channels"])
def test_a_setting_for_a_tenant_that_is_not_here_stops_start_up(
    setting: str, tmp_path: Path
) -> None:
    given = settings(tmp_path, ENTRY, **{setting: [{"name": "x", "tenant": "globex"}]})
    with pytest.raises(PolicyError, match="names a tenant 'globex' that is not here"):
        registry.read(given)


def test_one_secret_never_opens_two_tenants(tmp_path: Path) -> None:
    shared = [*sources("the very same secret"), *theirs("the very same secret")]
    with pytest.raises(PolicyError, match="the same secret in FIREBREAK_SOURCES") as caught:
        registry.read(settings(tmp_path, ENTRY, sources=shared))
    assert "very same" not in str(caught.value)
    assert registry.read(
        settings(tmp_path, ENTRY, sources=[*sources("one secret 0123456789"), *theirs("another")])
    )


def test_an_identity_that_cannot_vouch_stops_start_up(tmp_path: Path) -> None:
    azure = {"IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token"}
    with pytest.raises(PolicyError, match="set FIREBREAK_CLIENT_ID"):
        registry.read(settings(tmp_path, ENTRY, **azure))
    assert registry.read(settings(tmp_path, ENTRY, client_id=APP, **azure))


def theirs(secret: str) -> list[dict[str, Any]]:
    return [{**source, "tenant": "acme"} for source in sources(secret)]


def test_without_a_registry_there_is_one_tenant_as_before() -> None:
    given = Settings(tenant_id=HOME, policy=POLICY)
    made = provider(given)
    assert not made.customers
    assert made.settings == given
