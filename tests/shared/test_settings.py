from __future__ import annotations

import json
import os
import traceback

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.alerts.source import Sources
from shared.errors import Defect
from shared.settings import PageAccess, Settings

TENANT = "3272EA75-4e08-474e-9784-d97c611e591f"
CANARY = "secret-canary-0123456789"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    theirs = ("FIREBREAK_", "WEBSITE_", "IDENTITY_")
    for name in [name for name in os.environ if name.upper().startswith(theirs)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FIREBREAK_TENANT_ID", TENANT)
    return monkeypatch


def failure() -> str:
    """Read settings and sources as the app does; give all that a failure shows to anybody."""
    with pytest.raises((Defect, ValidationError, SettingsError)) as caught:
        Sources.model_validate(Settings.from_environment().sources)
    return str(caught.value) + "".join(traceback.format_exception(caught.value))


def test_the_tenant_is_all_that_has_to_be_said() -> None:
    settings = Settings.from_environment()
    assert settings.tenant == TENANT.lower()
    assert settings.own_id is None
    assert settings.pages is PageAccess.SIGNED_IN
    assert not settings.in_azure
    assert not settings.managed_identity
    assert settings.policy.is_file()
    assert str(settings.graph_url) == "https://graph.microsoft.com/"


def test_no_tenant_stops(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("FIREBREAK_TENANT_ID")
    assert "tenant_id" in failure()


def test_a_secret_that_the_vault_did_not_give_stops_and_says_what_is_missing(
    environment: pytest.MonkeyPatch,
) -> None:
    where = "https://kv.vault.example/secrets/firebreak-sources"
    environment.setenv("FIREBREAK_SOURCES", f"@Microsoft.KeyVault(SecretUri={where})")
    told = failure()
    assert "FIREBREAK_SOURCES" in told
    assert "Key Vault Secrets User" in told


@pytest.mark.parametrize("name", ["FIREBREAK_TENANTID", "FIREBREAK_PAGE", "firebreak_tennant_id"])
def test_a_misspelt_setting_stops_and_the_right_names_are_told(
    name: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(name, CANARY)
    told = failure()
    assert name.upper() in told
    assert "FIREBREAK_TENANT_ID" in told
    assert CANARY not in told


@pytest.mark.parametrize("name", ["FIREBREAK_URL", "FIREBREAK_OPERATOR_SECRET", "FIREBREAK_TOKEN"])
def test_the_command_lines_settings_may_stand_beside(
    name: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(name, "anything")
    assert Settings.from_environment().tenant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TENANT_ID", "contoso.onmicrosoft.com"),
        ("CLIENT_ID", "not-a-guid"),
        ("OWN_OBJECT_ID", "me"),
        ("PUBLIC_URL", "somewhere"),
        ("GRAPH_URL", "ftp://graph.microsoft.com"),
        ("PAGES", "everybody"),
        ("SOURCES", "{"),
        ("SOURCES", "7"),
    ],
)
def test_a_value_that_makes_no_sense_stops_and_names_the_setting(
    name: str, value: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(f"FIREBREAK_{name}", value)
    assert name.lower() in failure()


@pytest.mark.parametrize(
    "sources",
    [
        f'[{{"name": "a", "carrier": "pigeon", "auth": {{"secrets": ["{CANARY}"]}}}}]',
        f'[{{"name": "A b", "carrier": "o365_activity", "auth": {{"secrets": ["{CANARY}"]}}}}]',
        f'[{{"name": "a", "carrier": "o365_activity", "auth": {{"secrets": "{CANARY}"}}}}]',
        f'[{{"name": "a", "carrier": "o365_activity", "secret": "{CANARY}"}}]',
        f'[{{"name": "a", "secrets": ["{CANARY}"]',
        f'"{CANARY}"',
        CANARY,
    ],
)
def test_a_secret_that_stands_in_a_wrong_setting_is_not_in_the_error(
    sources: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FIREBREAK_SOURCES", sources)
    assert CANARY not in failure()


PLANS = {
    "app service": {"WEBSITE_INSTANCE_ID": "an instance", "WEBSITE_SKU": "PremiumV3"},
    "flex consumption": {"WEBSITE_POD_NAME": "a-pod", "WEBSITE_SKU": "FlexConsumption"},
    "flex consumption, by its host": {"CONTAINER_NAME": "a", "LEGION_SERVICE_HOST": "b"},
    "linux consumption": {"CONTAINER_NAME": "a", "WEBSITE_HOME_STAMPNAME": "b"},
    "a platform that names no instance": {"WEBSITE_INSTANCE_ID": "", "WEBSITE_POD_NAME": ""},
}
"""What the platform sets on its plans; Firebreak is deployed to Flex Consumption."""


@pytest.mark.parametrize("plan", PLANS)
def test_whichever_plan_it_is_the_app_knows_that_it_runs_in_azure(
    plan: str, environment: pytest.MonkeyPatch
) -> None:
    for name, value in PLANS[plan].items():
        environment.setenv(name, value)
    environment.setenv("IDENTITY_ENDPOINT", "http://169.254.0.1/msi/token")
    settings = Settings.from_environment()
    assert settings.in_azure
    assert settings.managed_identity


def test_settings_do_not_change_while_the_app_runs() -> None:
    settings = Settings.from_environment()
    with pytest.raises(ValidationError, match="frozen"):
        settings.pages = PageAccess.LOCAL  # type: ignore[misc]


HIDDEN = {
    "application_insights",
    "channels",
    "identity_endpoint",
    "link_keys",
    "place",
    "policy",
    "sources",
    "tenants",
    "website",
}
"""Secrets, and what differs from instance to instance."""


def test_what_is_shown_holds_every_setting_but_secrets_and_what_differs_by_instance(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("FIREBREAK_LINK_KEYS", json.dumps([CANARY * 2]))
    environment.setenv("FIREBREAK_SOURCES", json.dumps([{"secrets": [CANARY]}]))
    environment.setenv("FIREBREAK_CHANNELS", json.dumps([{"token": CANARY}]))
    shown = Settings.from_environment().shown()
    assert CANARY not in json.dumps(shown)
    assert set(Settings.model_fields) - set(shown) == HIDDEN
