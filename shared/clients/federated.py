"""The app in a customer's tenant: no secret, only the managed identity's word.

The provider's app registration, to which the customer consented, trusts the managed identity as a
federated credential. The identity's token for the exchange is the assertion with which Entra gives
a token of the customer's tenant; each tenant has its own credential, so that no token of one can
ride on another's request.

Source: learn.microsoft.com/entra/workload-id, "Configure an application to trust a managed
identity"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential

_EXCHANGES: Final = {
    "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
_PUBLIC: Final = "api://AzureADTokenExchange"


class FederatedCredential:
    """Gets tokens of one customer's tenant. Raises what azure-identity raises.

    `more` goes to azure-identity as it is, such as its `transport`.
    """

    def __init__(
        self,
        identity: AsyncTokenCredential,
        *,
        tenant: str,
        application: str,
        authority: str,
        **more: Any,
    ) -> None:
        from azure.identity.aio import ClientAssertionCredential

        self._identity = identity
        self._scope = f"{exchange(authority)}/.default"
        self._assertion = ""
        self._credential = ClientAssertionCredential(
            tenant,
            application,
            # It asks for the assertion without waiting, so there is one before it is asked.
            lambda: self._assertion,
            authority=authority,
            # The queue waits, not the call.
            retry_total=0,
            **more,
        )

    async def get_token(self, *scopes: str, **wishes: Any) -> AccessToken:
        """Get a token of the customer's tenant; the identity's own is remembered and renewed."""
        self._assertion = (await self._identity.get_token(self._scope)).token
        return await self._credential.get_token(*scopes, **wishes)

    async def close(self) -> None:
        """Close both."""
        await self._credential.close()
        await self._identity.close()

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close both."""
        await self.close()


def exchange(authority: str) -> str:
    """Name the audience of an assertion in the cloud of that authority."""
    return _EXCHANGES.get(urlsplit(authority).hostname or "", _PUBLIC)
