"""Whether storage takes, gives back and removes what is stored."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.errors import Defect, FirebreakError
from shared.store.verbs import Drop, Put, partition

PROBE_QUEUE: Final = "firebreak-probe"
"""Tried out instead of the queue that is worked off: nobody listens to it."""
_BODY: Final = b"probe"


class Storage(Check):
    """See whether a probe row, blob and message can be written, read and deleted."""

    kinds: ClassVar = {
        "works": Kind(
            grade=Grade.OK,
            state="works",
            means="A probe {subject} was written, read and deleted.",
        ),
        "fails": Kind(
            grade=Grade.BAD,
            state="fails",
            means="A probe {subject} could not be written, read and deleted: {why}",
            do="Give the app's identity the roles Storage Table Data Contributor, Storage Blob "
            "Data Owner and Storage Queue Data Contributor on its storage account, and let the "
            "account's network rules admit it",
            commands=(
                (
                    "az role assignment create --assignee-object-id {principal} "
                    "--assignee-principal-type ServicePrincipal --role {role} --scope STORAGE_ID"
                ),
            ),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Write, read and delete one of each."""
        nonce = secrets.token_hex(8)
        return (
            await self._tried("row", _row(at, nonce), "Storage Table Data Contributor", at),
            await self._tried("blob", _blob(at, nonce), "Storage Blob Data Owner", at),
            await self._tried("message", _message(at), "Storage Queue Data Contributor", at),
        )

    async def _tried(self, what: str, probe: Awaitable[None], role: str, at: Deployment) -> Finding:
        try:
            await probe
        except FirebreakError as error:
            ours = at.settings.own_object_id or "OBJECT_ID"
            return self.found("fails", what, why=str(error), role=role, principal=ours)
        return self.found("works", what)


async def _row(at: Deployment, nonce: str) -> None:
    place = partition(at.tenant_id, "probe")
    await at.store.write(Put(place, nonce, {"at": at.clock().isoformat()}))
    read = await at.store.read(place, nonce)
    await at.store.write(Drop(place, nonce))
    if read is None:
        raise Defect("the row that was written was not there to be read")


async def _blob(at: Deployment, nonce: str) -> None:
    name = f"probe/{at.tenant_id}/{nonce}"
    await at.store.keep(name, _BODY)
    read = await at.store.fetch(name)
    await at.store.erase(name)
    if read != _BODY:
        raise Defect("the blob that was kept was not there to be fetched")


async def _message(at: Deployment) -> None:
    queue = at.queues(PROBE_QUEUE)
    await queue.put(_BODY.decode())
    if not await queue.take():
        raise Defect("the message that was put did not come out again")
