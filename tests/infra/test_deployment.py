"""What the templates deploy fits the app: settings, rights, secrets, network, clouds, scale."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import pytest

from shared.principal import Role
from shared.settings import Settings
from shared.store.account import Identity, StorageConnection
from shared.tasks.intake import LARGEST
from shared.tasks.queue import POISON_QUEUE_NAME, QUEUE_NAME
from tests.infra.bicep_files import FILES, INFRA, ROOT, literals, modules, parsed, resources

ALWAYS: Final = ("platformSettings", "appSettings", "vaultSettings")
SOMETIMES: Final = ("eventHubSettings", "sentinelSettings")
DEPRECATED: Final = frozenset(
    {
        "AzureWebJobsStorage",
        "ENABLE_ORYX_BUILD",
        "FUNCTIONS_EXTENSION_VERSION",
        "FUNCTIONS_MAX_HTTP_CONCURRENCY",
        "FUNCTIONS_WORKER_PROCESS_COUNT",
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_WORKER_RUNTIME_VERSION",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
        "WEBSITE_CONTENTSHARE",
        "WEBSITE_DNS_SERVER",
        "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_VNET_ROUTE_ALL",
    }
)
"""What Flex Consumption refuses or does not read.

Source: learn.microsoft.com/azure/azure-functions/functions-app-settings, "Flex Consumption plan
deprecations"."""
APPS: Final = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "98785600-1bb7-4fb9-b9fa-19afe2c8a360": "Azure Security Insights, which is Sentinel",
}
"""Microsoft's own applications that the files name, the same in every tenant."""
CLOUDS: Final[Mapping[str, Any]] = json.loads((INFRA / "clouds.json").read_text(encoding="utf-8"))
ROLES: Final[Mapping[str, str]] = json.loads((INFRA / "roles.json").read_text(encoding="utf-8"))


def _settings(*variables: str) -> set[str]:
    found = parsed("main.bicep")["variables"]
    named = re.compile(r"^[A-Za-z]+(_[A-Z]+|__[A-Za-z]+)+$")
    return {
        key
        for variable in variables
        for key, _ in literals(found[variable]["value"])
        if named.match(key)
    }


def _resource(name: str, kind: str) -> Mapping[str, Any]:
    (found,) = (each for each in resources(name) if each.kind.partition("@")[0] == kind)
    return found.body


def test_every_setting_that_is_set_is_one_the_app_reads() -> None:
    known = {
        f"FIREBREAK_{name}".upper()
        for name, field in Settings.model_fields.items()
        if not field.validation_alias
    }
    ours = {name for name in _settings(*ALWAYS, *SOMETIMES) if name.startswith("FIREBREAK_")}
    assert ours
    assert ours <= known


def test_every_setting_the_app_requires_is_always_set() -> None:
    required = {
        f"FIREBREAK_{name}".upper()
        for name, field in Settings.model_fields.items()
        if field.is_required()
    }
    assert required
    assert required <= _settings(*ALWAYS)


def test_the_app_knows_itself_so_that_it_never_acts_on_its_own_identity() -> None:
    assert {"FIREBREAK_CLIENT_ID", "FIREBREAK_OWN_OBJECT_ID"} <= _settings("appSettings")


def test_no_setting_is_one_that_the_plan_does_not_take() -> None:
    assert _settings(*ALWAYS, *SOMETIMES) & DEPRECATED == set()


def test_the_host_turns_away_what_is_far_too_large_and_nothing_that_the_app_takes() -> None:
    said = dict(literals(parsed("main.bicep")["variables"]["platformSettings"]["value"]))
    limit = int(said["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])
    assert LARGEST < limit <= 8 * LARGEST


def test_storage_is_reached_by_identity_alone() -> None:
    ours = dict.fromkeys(_settings("platformSettings"), "https://x")
    ours |= {"AzureWebJobsStorage__credential": "managedidentity"}
    found = StorageConnection.from_env(ours)
    assert found.connection_string is None
    assert found.identity is Identity.MANAGED
    assert found.client_id


def test_no_service_takes_a_key() -> None:
    account = _resource("modules/storage.bicep", "Microsoft.Storage/storageAccounts")
    component = _resource("modules/monitoring.bicep", "Microsoft.Insights/components")
    vault = _resource("modules/key-vault.bicep", "Microsoft.KeyVault/vaults")
    passwords = _resource(
        "modules/function-app.bicep", "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
    )
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert component["properties"]["DisableLocalAuth"] is True
    assert vault["properties"]["enableRbacAuthorization"] is True
    assert passwords["properties"]["allow"] is False
    assert not any("listKeys" in (INFRA / name).read_text(encoding="utf-8") for name in FILES)


def test_the_queues_are_those_the_worker_reads() -> None:
    config = parsed("modules/storage.bicep")["resources"]["queue"]["config"]
    assert config["loop_type"]["detail"]["array_name"] == [QUEUE_NAME, POISON_QUEUE_NAME]


def test_instances_that_stand_ready_are_of_functions_there_are() -> None:
    groups = parsed("modules/function-app.bicep")["variables"]["alwaysReady"]["value"]
    functions = (ROOT / "function_app.py").read_text(encoding="utf-8")
    for group in groups:
        kind, _, function = group["name"].partition(":")
        assert kind == "http" or f'function_name("{function}")' in functions


def test_the_workers_batches_are_said_and_not_left_to_the_number_of_processors() -> None:
    queues = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["queues"]
    assert {"batchSize", "newBatchThreshold", "maxPollingInterval"} <= set(queues)


def test_the_webhook_takes_more_than_one_request_at_once() -> None:
    default = parsed("main.bicep")["parameters"]["httpConcurrency"]["default"]
    assert default > 1, "Python's own default: each alert of a storm would start an instance"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_table_is_used_and_has_an_id_of_its_own(role: str) -> None:
    assert str(UUID(ROLES[role])) == ROLES[role]
    assert list(ROLES.values()).count(ROLES[role]) == 1
    assert any(f"roles['{role}']" in (INFRA / each).read_text(encoding="utf-8") for each in FILES)


@pytest.mark.parametrize("name", FILES)
def test_rights_are_named_and_never_given_by_number(name: str) -> None:
    text = (INFRA / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\broles\['([^']+)'\]", text)) <= set(ROLES)
    if name != "permissions.bicep":
        assert set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)) <= set(APPS)


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_put_out(name: str) -> None:
    secure = {
        param
        for param, found in parsed(name).get("parameters", {}).items()
        if any(each["type"] == "secure" for each in found["decorators"])
    }
    for out, found in parsed(name).get("outputs", {}).items():
        said = json.dumps(found["value"], default=str)
        assert not any(re.search(rf"\b{param}\b", said) for param in secure), out
        assert not re.search(r"secret|password|\bkeys?\b|token", out, re.IGNORECASE), out


@pytest.mark.parametrize("name", FILES)
def test_what_is_secret_is_declared_so(name: str) -> None:
    for param, found in parsed(name).get("parameters", {}).items():
        if re.search(r"(secret|password|linkkey)(s|settings)?$", param, re.IGNORECASE):
            assert any(each["type"] == "secure" for each in found["decorators"]), param


def test_a_later_deployment_leaves_the_secrets_alone() -> None:
    found = parsed("modules/key-vault.bicep")["resources"]
    for each in found.values():
        if each["type"] == "Microsoft.KeyVault/vaults/secrets":
            assert {"onlyIfNotExists"} == {decorator["type"] for decorator in each["decorators"]}


def test_the_first_secrets_are_ones_the_app_can_read() -> None:
    from shared.alerts.source import Sources

    made = parsed("modules/key-vault.bicep")["resources"]["sources"]["config"]["properties"]
    (source,) = next(iter(made["value"]["function"]["parameters"].values()))
    guid = "3272ea75-4e08-474e-9784-d97c611e591f"
    text = json.loads(json.dumps(source, default=str).replace("operatorSecret", guid * 2))
    assert Sources.model_validate([text]).named("operator")
    assert Settings(tenant_id=guid, link_keys=(guid * 2,)).link_keys


def test_one_switch_closes_everything_that_holds_data() -> None:
    closed = {called.name: called.body["params"].get("closed") for called in modules("main.bicep")}
    assert {name for name, value in closed.items() if value == "vnetEnabled"} == {
        "storage",
        "vault",
        "eventHub",
    }
    text = (INFRA / "main.bicep").read_text(encoding="utf-8")
    reached = re.findall(r"group: '?(\w+)'?", text)
    assert reached == ["service", "vault", "namespace"]
    assert "vnetEnabled ? ['blob', 'queue', 'table'] : []" in text


def test_people_sign_in_with_the_roles_the_pages_ask_for() -> None:
    people = parsed("sign-in.bicep")["variables"]["people"]["value"]
    assert [each["value"] for each in people] == [f"Firebreak.{r.capitalize()}" for r in Role]


@pytest.mark.parametrize("cloud", CLOUDS["microsoft365"])
def test_every_cloud_is_reached_through_the_apps_settings_alone(cloud: str) -> None:
    there = CLOUDS["microsoft365"][cloud]
    assert set(there) == {"graph", "exchange", "activity"}
    made = Settings(
        tenant_id="3272ea75-4e08-474e-9784-d97c611e591f",
        **{f"{name}_url": url for name, url in there.items()},
    )
    assert made.graph_url.scheme == made.exchange_url.scheme == made.activity_url.scheme == "https"


def test_the_usual_cloud_is_the_one_the_app_takes_by_itself() -> None:
    shipped = Settings(tenant_id="3272ea75-4e08-474e-9784-d97c611e591f")
    for name, url in CLOUDS["microsoft365"]["worldwide"].items():
        assert str(getattr(shipped, f"{name}_url")).rstrip("/") == url
    offered = next(
        each["argument"]
        for each in parsed("main.bicep")["parameters"]["microsoft365Cloud"]["decorators"]
        if each["type"] == "allowed"
    )
    assert set(offered) == set(CLOUDS["microsoft365"])
