from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.queue.aio import QueueClient

from lab.host_config import read_config
from lab.host_timers import Schedule
from shared.model import CaseId, TenantId
from shared.store.account import Account, StorageConnection
from shared.store.queues import StorageQueue
from shared.tasks.queue import POISON_QUEUE_NAME, QUEUE_NAME, WorkMessage, decode, encode

ROOT = Path(__file__).resolve().parents[2]
HOSTED = Path(__file__).parent / "hosted.py"
TENANT = "3272ea75-4e08-474e-9784-d97c611e591f"
CONNECTION = "AzureWebJobsStorage"
QUEUE_NAMES = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
"""Source: learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata."""
MODELS_ALLOWED = 50
"""Modules of msgraph's models that a whole case may load; it loads 5, and one answer parsed by the
SDK some 1,240."""
FUNCTIONS = {
    "alerts": ("httpTrigger", "alerts/{source}", {"POST", "OPTIONS"}),
    "cases": ("httpTrigger", "cases/{*rest}", {"GET"}),
    "show_undo": ("httpTrigger", "cases/{id}/undo", {"GET"}),
    "undo": ("httpTrigger", "cases/{id}/undo", {"POST"}),
    "notifications": ("httpTrigger", "notifications", {"GET"}),
    "notify": ("httpTrigger", "notifications/{what}", {"POST"}),
    "guards": ("httpTrigger", "guards", {"GET"}),
    "move_guard": ("httpTrigger", "guards/{what}", {"POST"}),
    "judge": ("httpTrigger", "verdicts/{what}", {"POST"}),
    "erasures": ("httpTrigger", "erasures", {"GET"}),
    "erase": ("httpTrigger", "erasures/{what}", {"POST"}),
    "show_restore": ("httpTrigger", "cases/{id}/restore", {"GET"}),
    "restore": ("httpTrigger", "cases/{id}/restore", {"POST"}),
    "confirm": ("httpTrigger", "cases/{id}/confirm", {"POST"}),
    "access_pass": ("httpTrigger", "cases/{id}/access-pass", {"POST"}),
    "policy": ("httpTrigger", "policy/{what}", {"POST"}),
    "show_policy": ("httpTrigger", "policy", {"GET"}),
    "approvals": ("httpTrigger", "approvals", {"GET"}),
    "by_link": ("httpTrigger", "approve/{token}", {"GET"}),
    "approve": ("httpTrigger", "cases/{id}/approve", {"POST"}),
    "decline": ("httpTrigger", "cases/{id}/decline", {"POST"}),
    "since": ("httpTrigger", "cases/{id}/since", {"POST"}),
    "why": ("httpTrigger", "alert/{id}/why", {"GET"}),
    "read_again": ("httpTrigger", "alert/{id}/again", {"POST"}),
    "inbox": ("httpTrigger", "alerts", {"GET"}),
    "alert": ("httpTrigger", "alert/{id}", {"GET"}),
    "health": ("httpTrigger", "health", {"GET"}),
    "doctor": ("httpTrigger", "health/deep", {"GET"}),
    "remediate": ("queueTrigger", QUEUE_NAME, set()),
    "poison": ("queueTrigger", POISON_QUEUE_NAME, set()),
    "sweeps": ("timerTrigger", "", set()),
    "show_sweep": ("httpTrigger", "sweeps/{*rest}", {"GET"}),
    "move_sweep": ("httpTrigger", "sweeps/{name}/{what}", {"POST"}),
    "reconcile": ("timerTrigger", "", set()),
    "pull": ("timerTrigger", "", set()),
}

type Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(storage: str = "UseDevelopmentStorage=true", **more: str) -> dict[str, str]:
    theirs = ("FIREBREAK_", "AZURE", "Azure", "IDENTITY_", "MSI_", "WEBSITE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    return {**kept, CONNECTION: storage, "FIREBREAK_TENANT_ID": TENANT, **more}


def run(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def hosted(mode: str, folder: Path, env: dict[str, str]) -> dict[str, Any]:
    report = folder / f"{mode}.json"
    ended = run(str(HOSTED), mode, str(report), env=env)
    assert ended.returncode == 0, ended.stderr[-4000:]
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return hosted("index", tmp_path_factory.mktemp("indexed"), environment())


@pytest.fixture(scope="module")
def host_json() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    return found


def test_the_worker_library_finds_every_function_and_no_other(indexed: dict[str, Any]) -> None:
    found = {each["name"]: each["trigger"] for each in indexed["functions"]}
    assert found.keys() == FUNCTIONS.keys()
    for name, (kind, place, methods) in FUNCTIONS.items():
        trigger = found[name]
        assert trigger["type"] == kind
        assert trigger.get("route", trigger.get("queueName", "")) == place
        assert {method.upper() for method in trigger.get("methods", ())} == methods
    assert indexed["errors"] == []


def test_no_function_blocks_the_event_loop(indexed: dict[str, Any]) -> None:
    assert [each["name"] for each in indexed["functions"] if not each["async"]] == []


def test_the_host_asks_for_no_key_because_the_code_asks_for_proof(indexed: dict[str, Any]) -> None:
    levels = {
        each["trigger"]["authLevel"].lower()
        for each in indexed["functions"]
        if each["trigger"]["type"] == "httpTrigger"
    }
    assert levels == {"anonymous"}


def test_queues_have_legal_names_and_the_poison_queue_is_the_hosts(indexed: dict[str, Any]) -> None:
    triggers = [each["trigger"] for each in indexed["functions"]]
    queues = [trigger for trigger in triggers if trigger["type"] == "queueTrigger"]
    for trigger in queues:
        assert QUEUE_NAMES.fullmatch(trigger["queueName"])
        assert trigger["connection"] == CONNECTION
    # The host moves what fails too often to the queue's name with this end.
    assert f"{QUEUE_NAME}-poison" == POISON_QUEUE_NAME


def test_schedules_have_six_fields_and_come_round(indexed: dict[str, Any]) -> None:
    triggers = [each["trigger"] for each in indexed["functions"]]
    timers = [trigger for trigger in triggers if trigger["type"] == "timerTrigger"]
    assert timers
    noon = datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    for trigger in timers:
        assert len(trigger["schedule"].split()) == 6
        first = Schedule(trigger["schedule"]).after(noon)
        assert noon < first <= noon + timedelta(hours=1)
        assert not trigger.get("runOnStartup")


def test_host_json_says_what_the_runner_relies_on(host_json: dict[str, Any]) -> None:
    assert host_json["version"] == "2.0"
    assert host_json["extensions"]["queues"] == {
        "maxPollingInterval": "00:00:01",
        "visibilityTimeout": "00:00:30",
        "batchSize": 16,
        "newBatchThreshold": 8,
        "maxDequeueCount": 5,
        "messageEncoding": "base64",
    }
    assert host_json["extensions"]["http"] == {"routePrefix": "api"}
    assert host_json["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle"
    assert "concurrency" not in host_json, "dynamic concurrency would ignore the batch settings"
    config = read_config(ROOT, {})
    assert config.function_timeout == timedelta(minutes=10)
    assert config.queues.visibility_timeout < config.function_timeout


@pytest.mark.azurite
async def test_a_message_is_written_the_way_host_json_says_it_is_read(azurite: str) -> None:
    name = f"encoding-{uuid4().hex[:12]}"
    account = Account(StorageConnection(connection_string=azurite))
    message = WorkMessage(tenant=TenantId(TENANT), case=CaseId("0123456789abcdef"))
    await StorageQueue(account, name).put(encode(message))
    async with QueueClient.from_connection_string(azurite, name) as queue:
        raw = (await queue.peek_messages())[0].content
        await queue.delete_queue()
    await account.aclose()
    assert read_config(ROOT, {}).queues.base64
    assert decode(base64.b64decode(raw, validate=True).decode()) == message


def test_nothing_listens_to_an_event_hub_unless_one_is_named(
    indexed: dict[str, Any], tmp_path: Path
) -> None:
    assert "stream" not in {each["name"] for each in indexed["functions"]}
    named = hosted("index", tmp_path, environment(FIREBREAK_EVENT_HUB="entra"))
    (trigger,) = [each["trigger"] for each in named["functions"] if each["name"] == "stream"]
    assert (trigger["type"], trigger["eventHubName"]) == ("eventHubTrigger", "entra")
    assert (trigger["connection"], trigger["cardinality"].upper()) == ("EventHub", "MANY")


def test_a_provider_has_one_more_address_for_its_customers(
    indexed: dict[str, Any], tmp_path: Path
) -> None:
    registry = tmp_path / "tenants.toml"
    entry = f'name = "acme"\ntitle = "Acme"\nid = "{uuid4()}"\n'
    entry += f'application_id = "{uuid4()}"\nobject_id = "{uuid4()}"\n'
    registry.write_text(f"[[tenant]]\n{entry}", encoding="utf-8")
    found = hosted("index", tmp_path, environment(FIREBREAK_TENANTS=str(registry)))
    routes = {each["name"]: each["trigger"].get("route") for each in found["functions"]}
    assert routes.pop("tenants") == "tenants/{*rest}"
    assert set(routes) == {each["name"] for each in indexed["functions"]}


def test_an_event_hub_without_its_connection_stops_the_app_and_says_which_is_missing() -> None:
    ended = run("-m", "lab.host", "--app", ".", env=environment(FIREBREAK_EVENT_HUB="entra"))
    assert ended.returncode == 1
    assert "'EventHub' is missing" in ended.stderr


@pytest.mark.azurite
def test_a_broken_event_in_a_batch_is_shown_and_costs_its_neighbours_nothing(
    azurite: str, tmp_path: Path
) -> None:
    more = {"FIREBREAK_EVENT_HUB": "entra", "EventHub__fullyQualifiedNamespace": "hub.example"}
    found = hosted("stream", tmp_path, environment(azurite, **more))
    assert found["status"] == [202, 202]
    assert found["cases"] == 1
    assert found["unreadable"]
    assert not found["harmless"]


@pytest.mark.azurite
def test_the_webhook_answers_without_ever_loading_what_talks_to_graph(
    azurite: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = hosted("webhook", tmp_path, environment(azurite))
    assert found["status"] == [202]
    assert found["unsigned"] == 401
    assert found["imported"]["msgraph"] == found["loaded"]["msgraph"] == 0
    assert found["errors"] == []
    record_property("modules", found["loaded"])


@pytest.mark.azurite
def test_every_trigger_runs_and_a_whole_case_never_loads_all_of_graphs_models(
    azurite: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = hosted("case", tmp_path, environment(azurite))
    assert found["case"]["status"] == "contained"
    assert found["reconcile"] == 202
    assert found["pages"].pop("cases/nobody") == 404
    alert = next(path for path in found["pages"] if path.startswith("alert/"))
    assert found["pages"].pop(alert) == 303
    assert set(found["pages"].values()) == {200}
    # The one complaint is about the message that was made to be unreadable.
    assert ["message.poisoned" in said for said in found["errors"]] == [True], found["errors"]
    loaded = found["loaded"]
    print(f"a whole case loads {loaded['models']} modules of msgraph's models")  # noqa: T201
    record_property("modules", loaded)
    assert 0 < loaded["models"] < MODELS_ALLOWED


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("FIREBREAK_TENANT_ID", "contoso", "tenant_id"),
        ("FIREBREAK_POLCY", "policy.toml", "FIREBREAK_POLCY"),
        ("FIREBREAK_PAGES", "everybody", "pages"),
        ("FIREBREAK_PULL", '["everything"]', "pull"),
        ("FIREBREAK_EVENT_HUB", "a hub", "event_hub"),
        ("FIREBREAK_SOURCES", '[{"name": "a", "carrier": "pigeon"}]', "pigeon"),
    ],
)
def test_a_wrong_setting_stops_the_app_and_is_named(setting: str, value: str, reason: str) -> None:
    ended = run("-m", "lab.host", "--app", ".", env=environment(**{setting: value}))
    assert ended.returncode == 1
    assert reason in ended.stderr


def test_a_wrong_policy_stops_the_app_with_file_and_line(tmp_path: Path) -> None:
    shipped = (ROOT / "policy.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(f"{shipped}\n[unheard_of]\nkey = 1\n", encoding="utf-8")
    ended = run("-m", "lab.host", "--app", ".", env=environment(FIREBREAK_POLICY=str(wrong)))
    assert ended.returncode == 1
    line = shipped.count("\n") + 2
    assert re.search(rf"wrong\.toml:{line}\b.*unheard_of", ended.stderr), ended.stderr[-2000:]
