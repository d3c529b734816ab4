"""Rows in one Azure table.

PartitionKey and RowKey are ours as they are. The body is compact JSON in the string properties
Body0, Body1, ... (one holds 32 K characters), beside the schema it was written with.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from shared.errors import Defect
from shared.model import SCHEMA
from shared.store.account import Account
from shared.store.faults import Absent, Act, Effect, Missing, created_once, translated
from shared.store.rules import check_changes, check_key, pack, unpack
from shared.store.schema import check_schema, migrated
from shared.store.verbs import Drop, Partition, Put, Row

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

_CHUNK: Final = 32_768
_LAST: Final = "~"
_ROLE: Final = "Storage Table Data Contributor"
_READ: Final = Act("read a row", _ROLE, Effect.READS)
_WRITE: Final = Act("write rows", _ROLE, Effect.WRITES)
_CREATE: Final = Act("create the table", _ROLE, Effect.WRITES)

Operation = tuple[str, dict[str, Any], dict[str, Any]]
"""One change as the table client's transactions take it: what, the entity, how."""


class Tables:
    """The row verbs on one table, which is created when it is first missed."""

    def __init__(
        self, account: Account, *, table: str = "firebreak", page_size: int = 1000
    ) -> None:
        self._account = account
        self._table = table
        self._page_size = page_size

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        check_key(partition, key)
        try:
            with translated(_READ):
                return _row(await self._client.get_entity(partition, key))
        except (Missing, Absent):
            return None

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write up to 100 rows of one partition, all or none."""
        check_changes(changes)
        texts = pack(*changes)
        operations = {
            change.key: _operation(change, text)
            for change, text in zip(changes, texts, strict=True)
        }
        etags = await created_once(lambda: self._send(operations), self._create)
        return tuple(etags.get(change.key, "") for change in changes)

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Read the rows of a partition whose key starts with `prefix`, page after page."""
        check_key(partition, *filter(None, (prefix, after)))
        if most == 0:
            return
        size = min(self._page_size, most or self._page_size)
        read = 0
        try:
            with translated(_READ):
                # Without `select`, and with nothing but keys we checked in the filter: no quoting.
                async for entity in self._client.query_entities(
                    _filter(partition, prefix, after), results_per_page=size
                ):
                    yield _row(entity)
                    read += 1
                    if read == most:
                        return
        except Absent:
            return

    @property
    def _client(self) -> TableClient:
        return self._account.table(self._table)

    async def _create(self) -> None:
        with translated(_CREATE):
            await self._client.create_table()

    async def _send(self, operations: dict[str, Operation]) -> dict[str, str]:
        """Send the changes; returns the new etags by key."""
        if not operations:
            return {}
        try:
            with translated(_WRITE):
                if len(operations) == 1:
                    ((key, operation),) = operations.items()
                    return {key: await self._send_one(*operation)}
                answers = await self._client.submit_transaction(operations.values())
        except Missing:
            left = await self._without_gone_drops(operations)
            if len(left) == len(operations):
                raise
            return await self._send(left)
        etags = (answer.get("etag", "") for answer in answers)
        return dict(zip(operations, etags, strict=True))

    async def _send_one(self, what: str, entity: dict[str, Any], how: dict[str, Any]) -> str:
        """Send a single change as a plain operation, at half of a transaction's cost."""
        if what == "delete":
            # The client takes "not found" for done.
            await self._client.delete_entity(entity["PartitionKey"], entity["RowKey"])
            return ""
        send = self._client.create_entity if what == "create" else self._client.update_entity
        answer = await send(entity, **how)
        return str(answer["etag"])

    async def _without_gone_drops(self, operations: dict[str, Operation]) -> dict[str, Operation]:
        """Leave out the drops of rows that are gone: a transaction would fail on them."""
        return {
            key: (what, entity, how)
            for key, (what, entity, how) in operations.items()
            if what != "delete" or await self.read(entity["PartitionKey"], key)
        }


def _operation(change: Put | Drop, text: str | None) -> Operation:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    entity: dict[str, Any] = {"PartitionKey": change.partition, "RowKey": change.key}
    if isinstance(change, Drop) or text is None:
        return "delete", entity, {}
    entity["Schema"] = SCHEMA
    for number, start in enumerate(range(0, len(text), _CHUNK)):
        entity[f"Body{number}"] = text[start : start + _CHUNK]
    if change.etag is None:
        # Otherwise the service sends the row back that we just sent.
        return "create", entity, {"response_preference": "return-no-content"}
    unchanged = {"etag": change.etag, "match_condition": MatchConditions.IfNotModified}
    return "update", entity, {"mode": UpdateMode.REPLACE, **unchanged}


def _row(entity: Any) -> Row:
    partition, key = Partition(entity["PartitionKey"]), str(entity["RowKey"])
    where = f"Row {key} of {partition}"
    schema = entity.get("Schema")
    if not isinstance(schema, int):
        raise Defect(f"{where} was not written by Firebreak: it has no schema")
    check_schema(schema, where=where)
    chunks: list[str] = []
    while (chunk := entity.get(f"Body{len(chunks)}")) is not None:
        chunks.append(chunk)
    body = migrated(key, unpack("".join(chunks), where=where), schema=schema, where=where)
    return Row(partition, key, body, str(entity.metadata["etag"]))


def _filter(partition: Partition, prefix: str, after: str) -> str:
    clauses = [f"PartitionKey eq '{partition}'"]
    if after:
        clauses.append(f"RowKey gt '{after}'")
    if prefix:
        clauses.append(f"RowKey ge '{prefix}'")
    # The first key after all that start with the prefix. `~` is the last letter a key can have.
    if trimmed := prefix.rstrip(_LAST):
        clauses.append(f"RowKey lt '{trimmed[:-1]}{chr(ord(trimmed[-1]) + 1)}'")
    return " and ".join(clauses)
