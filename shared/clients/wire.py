"""The connections of a deployment: one HTTP client and one credential for one event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients.tenant import Tenant, connect
from shared.model import ObjectId
from shared.settings import Settings
from shared.store.verbs import Store

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

_PATIENCE: Final = 20.0
"""Seconds an answer may take; after that the queue tries again."""
_CONNECT: Final = 5.0
"""Seconds a connection may take."""


class Wire:
    """Opens on first use on the running loop, and is closed with the app."""

    def __init__(
        self,
        settings: Settings,
        store: Store | None = None,
        *,
        block_group: ObjectId | None = None,
        acts_on_premises: bool = False,
    ) -> None:
        import httpx

        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_PATIENCE, connect=_CONNECT),
            # A redirect would carry the token along to wherever it points.
            follow_redirects=False,
        )
        self._credential = _credential(settings)
        self.tenant: Tenant = connect(
            settings.tenant,
            client=self._client,
            credential=self._credential,
            graph_base=str(settings.graph_url),
            exchange_base=str(settings.exchange_url),
            block_group=block_group,
            acts_on_premises=acts_on_premises,
            arm_base=str(settings.arm_url),
            sentinel_workspace=settings.sentinel_workspace,
            activity_base=str(settings.activity_url),
            store=store,
        )

    async def aclose(self) -> None:
        """Close client and credential."""
        await self._client.aclose()
        await self._credential.close()


def _credential(settings: Settings) -> AsyncTokenCredential:
    place = settings.place
    if place is None or not place.name:
        return _own_identity(settings, settings.client_id)
    from shared.clients.federated import FederatedCredential

    return FederatedCredential(
        _own_identity(settings, place.identity),
        tenant=settings.tenant,
        application=settings.client_id or "",
        authority=str(settings.entra_url),
    )


def _own_identity(settings: Settings, client_id: str | None) -> AsyncTokenCredential:
    if settings.managed_identity:
        from azure.identity.aio import ManagedIdentityCredential

        return ManagedIdentityCredential(
            client_id=client_id,
            # Its own retries would sleep for minutes inside a function; the queue waits instead.
            retry_total=0,
            connection_timeout=_CONNECT,
            read_timeout=_PATIENCE,
        )
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client_id)
