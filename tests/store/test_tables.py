from __future__ import annotations

from uuid import uuid4

import pytest

from shared.errors import Defect
from shared.model import SCHEMA, TenantId
from shared.store.account import Account
from shared.store.blobs import Blobs
from shared.store.tables import Tables
from shared.store.verbs import Partition, Put

pytestmark = pytest.mark.azurite


@pytest.fixture
def table() -> str:
    return f"rows{uuid4().hex}"


async def test_a_row_carries_its_schema_and_its_body_in_pieces(
    account: Account, table: str, home: Partition
) -> None:
    await Tables(account, table=table).write(Put(home, "row", {"a": "x" * 32_768}))
    entity = await account.table(table).get_entity(home, "row")
    assert set(entity) == {"PartitionKey", "RowKey", "Schema", "Body0", "Body1"}
    assert (entity["Schema"], len(entity["Body0"]), entity["Body1"]) == (SCHEMA, 32_768, 'xxxxxx"}')


async def test_a_row_of_a_newer_schema_stops_the_reader(
    account: Account, table: str, home: Partition
) -> None:
    tables = Tables(account, table=table)
    await tables.write(Put(home, "a", {}))
    newer = {"PartitionKey": home, "RowKey": "b", "Schema": SCHEMA + 1, "Body0": "{}"}
    await account.table(table).create_entity(newer)
    with pytest.raises(Defect, match=f"schema {SCHEMA + 1}.*upgrade"):
        await tables.read(home, "b")
    with pytest.raises(Defect, match=f"Row b of {TenantId('contoso')}.*upgrade"):
        [row async for row in tables.scan(home)]


async def test_a_row_of_an_older_schema_is_migrated(
    account: Account, table: str, home: Partition
) -> None:
    tables = Tables(account, table=table)
    await tables.write(Put(home, "a", {}))
    older = {"PartitionKey": home, "RowKey": "journal:1", "Schema": 1, "Body0": '{"hash":"f"}'}
    await account.table(table).create_entity(older)
    row = await tables.read(home, "journal:1")
    assert row is not None
    assert row.body == {"hash": "f", "salt": "", "said": "f"}


async def test_a_blob_of_a_newer_schema_is_refused_and_one_without_is_of_the_first(
    account: Account, table: str
) -> None:
    blobs = Blobs(account, container=table)
    await blobs.keep("contoso/ours", b"ours")
    container = account.container(table)
    kept = await container.get_blob_client("contoso/ours").get_blob_properties()
    assert kept.metadata == {"schema": str(SCHEMA)}
    await container.upload_blob("contoso/newer", b"?", metadata={"schema": str(SCHEMA + 1)})
    await container.upload_blob("contoso/older", b"older")
    assert await blobs.fetch("contoso/older") == b"older"
    with pytest.raises(Defect, match="contoso/newer was written by a newer Firebreak"):
        await blobs.fetch("contoso/newer")


@pytest.mark.parametrize(
    "properties",
    [{}, {"Body0": "{}"}, {"Schema": 1}, {"Schema": 1, "Body0": "[]"}, {"Schema": 1, "Body0": "{"}],
)
async def test_a_row_somebody_else_wrote_is_never_read_as_ours(
    account: Account, table: str, home: Partition, properties: dict[str, object]
) -> None:
    tables = Tables(account, table=table)
    await tables.write(Put(home, "ours", {}))
    foreign = {"PartitionKey": home, "RowKey": "foreign", **properties}
    await account.table(table).create_entity(foreign)
    with pytest.raises(Defect, match="Row foreign of"):
        await tables.read(home, "foreign")


async def test_a_table_that_was_deleted_is_created_again(
    account: Account, table: str, home: Partition
) -> None:
    tables = Tables(account, table=table)
    await tables.write(Put(home, "a", {}))
    await account.table(table).delete_table()
    assert await tables.read(home, "a") is None
    await tables.write(Put(home, "a", {}), Put(home, "b", {}))
    assert [row.key async for row in tables.scan(home)] == ["a", "b"]
