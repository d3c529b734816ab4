from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from shared.errors import Defect
from shared.store.account import Account, Identity, StorageConnection
from shared.store.azure import AzureStore
from shared.store.blobs import Blobs
from shared.store.queues import StorageQueue

SECRET = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;"


def test_the_plain_setting_wins_over_the_prefix() -> None:
    env = {"AzureWebJobsStorage": SECRET, "AzureWebJobsStorage__accountName": "other"}
    assert StorageConnection.from_env(env) == StorageConnection(connection_string=SECRET)


def test_an_account_name_is_enough_for_all_three_services() -> None:
    connection = StorageConnection.from_env({"AzureWebJobsStorage__accountName": "stcontoso"})
    assert (connection.table_url, connection.blob_url, connection.queue_url) == (
        "https://stcontoso.table.core.windows.net",
        "https://stcontoso.blob.core.windows.net",
        "https://stcontoso.queue.core.windows.net",
    )
    assert connection.connection_string is None


def test_addresses_and_a_user_assigned_identity_are_taken_as_given() -> None:
    env = {
        "Alerts__tableServiceUri": "https://t.example",
        "Alerts__blobServiceUri": "https://b.example",
        "Alerts__queueServiceUri": "https://q.example",
        "Alerts__accountName": "not-asked",
        "Alerts__credential": "managedidentity",
        "Alerts__clientId": "5f2c",
    }
    assert StorageConnection.from_env(env, "Alerts") == StorageConnection(
        table_url="https://t.example",
        blob_url="https://b.example",
        queue_url="https://q.example",
        identity=Identity.MANAGED,
        client_id="5f2c",
    )


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "AzureWebJobsStorage__tableServiceUri"),
        ({"AzureWebJobsStorage": ""}, "Set AzureWebJobsStorage"),
        (
            {
                "AzureWebJobsStorage__tableServiceUri": "https://t",
                "AzureWebJobsStorage__blobServiceUri": "https://b",
            },
            "AzureWebJobsStorage__queueServiceUri",
        ),
        ({"AzureWebJobsStorage__tableServiceUri": "http://t"}, "https://"),
        (
            {"AzureWebJobsStorage__accountName": "a", "AzureWebJobsStorage__credential": "magic"},
            "AzureWebJobsStorage__credential",
        ),
    ],
)
def test_a_connection_that_lacks_something_says_which_setting(
    env: Mapping[str, str], named: str
) -> None:
    with pytest.raises(Defect, match=named):
        StorageConnection.from_env(env)


@pytest.mark.parametrize("setting", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_in_the_environment_is_respected(setting: str) -> None:
    env = {"AzureWebJobsStorage": SECRET, setting: "http://proxy:3128"}
    assert StorageConnection.from_env(env).behind_proxy
    assert not StorageConnection.from_env({**env, setting: ""}).behind_proxy


def test_the_key_is_in_no_representation() -> None:
    assert "c2VjcmV0" not in repr(StorageConnection(connection_string=SECRET))


@pytest.mark.parametrize("connection", ["nonsense", "AccountName", "a=b"])
async def test_a_connection_string_nobody_can_read_is_a_defect(connection: str) -> None:
    account = Account(StorageConnection(connection_string=connection))
    store = AzureStore(account)
    for act in (store.fetch("a"), StorageQueue(account, "tasks").put("text")):
        with pytest.raises(Defect):
            await act


@pytest.mark.azurite
def test_one_account_serves_one_event_loop_after_another(azurite: str) -> None:
    account = Account(StorageConnection(connection_string=azurite))
    blobs = Blobs(account, container=f"loops-{uuid4().hex}")

    async def keep_and_fetch(name: str) -> bytes | None:
        await blobs.keep(name, name.encode())
        found = await blobs.fetch("first")
        await account.aclose()
        return found

    assert asyncio.run(keep_and_fetch("first")) == b"first"
    assert asyncio.run(keep_and_fetch("second")) == b"first"


@pytest.mark.azurite
async def test_a_closed_store_opens_again_on_use(azurite: str) -> None:
    store = AzureStore.connect(StorageConnection(connection_string=azurite))
    name = uuid4().hex
    await store.keep(name, b"here")
    await store.aclose()
    await store.aclose()
    assert await store.fetch(name) == b"here"
    await store.aclose()


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("managedidentity", ManagedIdentityCredential), ("", DefaultAzureCredential)],
)
async def test_with_identities_one_credential_serves_all_three_clients(
    setting: str, kind: type
) -> None:
    env = {
        "AzureWebJobsStorage__accountName": "a",
        "AzureWebJobsStorage__credential": setting,
    }
    account = Account(StorageConnection.from_env(env))
    account.table("firebreak")
    account.container("firebreak-raw")
    account.queue("remediate")
    (clients,) = account._open.values()
    assert sorted(clients) == [
        "container firebreak-raw",
        "credential",
        "queue remediate",
        "table firebreak",
    ]
    assert isinstance(clients["credential"], kind)
    assert account.table("firebreak") is clients["table firebreak"]
    await account.aclose()
