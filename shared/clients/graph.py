"""Microsoft Graph: requests built by msgraph-sdk, answers read as JSON.

The SDK's builders make every URL and body. Its retry is off (the queue waits), its answers are not
parsed into SDK entities (the first one imports some 1,240 modules: 1 to 2 s and 35 MB), and its
token goes to the Graph host and to no other: a next link that points elsewhere is refused before a
request is made.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from shared.clients.allowances import Allowances
from shared.clients.answers import read_answer, tokenless
from shared.clients.gangway import Gangway
from shared.clients.links import NextLinks
from shared.clients.sending import sent, shape
from shared.errors import Defect, Gone
from shared.model import Json, Value

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

USER_READ_ALL: Final = "User.Read.All"
USER_ENABLE_DISABLE_ALL: Final = "User.EnableDisableAccount.All"
USER_PASSWORD_ALL: Final = "User-PasswordProfile.ReadWrite.All"  # noqa: S105 - a permission's name
USER_REVOKE_SESSIONS_ALL: Final = "User.RevokeSessions.All"
DOMAIN_READ_ALL: Final = "Domain.Read.All"
MAILBOX_SETTINGS_READ: Final = "MailboxSettings.Read"
MAILBOX_SETTINGS_WRITE: Final = "MailboxSettings.ReadWrite"
RISK_EVENT_READ_ALL: Final = "IdentityRiskEvent.Read.All"
RISKY_USER_READ_ALL: Final = "IdentityRiskyUser.Read.All"
RISKY_USER_WRITE_ALL: Final = "IdentityRiskyUser.ReadWrite.All"
AUTHENTICATION_METHOD_WRITE_ALL: Final = "UserAuthenticationMethod.ReadWrite.All"
TEMPORARY_PASS_WRITE_ALL: Final = "UserAuthMethod-TAP.ReadWrite.All"  # noqa: S105 - a permission's name
AUTHENTICATION_POLICY_WRITE: Final = "Policy.ReadWrite.AuthenticationMethod"

_OUTLOOK: Final = ("mailFolders", "mailboxSettings", "messages", "calendar")
"""What of a user is in the mailbox."""

PUBLIC_CLOUD: Final = "https://graph.microsoft.com"

type Build = Callable[[GraphServiceClient], RequestInformation]
"""One request, told as a use of the SDK's builders."""


class Page(Value):
    """One page of a list, and the link to the page after it."""

    items: tuple[Json, ...]
    next: str | None = None


class Graph:
    """A Graph endpoint and the right to call it. Bound to one event loop, as httpx is.

    `client` is the HTTP client to send with and is not closed here; `base` is scheme and host.
    Keeps to `allowances`, and to four requests at once where Outlook answers: for one application,
    whatever the mailbox (learn.microsoft.com/graph/throttling-limits).
    """

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        credential: AsyncTokenCredential,
        base: str,
        allowances: Allowances | None = None,
    ) -> None:
        self._allowances = allowances
        self._outlook = Gangway(4, kept=2)
        self._http = client
        self._credential = credential
        self._base = base.rstrip("/")
        self._made: tuple[GraphRequestAdapter, GraphServiceClient] | None = None

    async def get(self, build: Build, *, permission: str) -> Json:
        """Read one object. `permission` is named to the operator where it is missing."""
        return await self._send(await self._request(build), permission=permission)

    async def write(self, build: Build, *, permission: str) -> Json:
        """Change something. An answer that was lost is marked as one that may have happened."""
        return await self._send(await self._request(build), permission=permission)

    async def pages(self, build: Build, *, permission: str) -> AsyncIterator[Json]:
        """Read every item of a list; the loop ends because the pages ended."""
        links = NextLinks("Graph", self._base)
        page = await self.get(build, permission=permission)
        while True:
            for item in _items(page):
                yield item
            link = links.after(page)
            if link is None:
                return
            page = await self._send(await self._follow(link), permission=permission, goes_on=True)

    async def page(self, build: Build, *, permission: str, link: str | None = None) -> Page:
        """Read one page of a list: the first, or the one that `link`, from an earlier page, names.

        For lists that are read bit by bit; a link that was kept meanwhile leads home or is refused.
        """
        links = NextLinks("Graph", self._base)
        links.after({"@odata.nextLink": link})
        request = await (self._follow(link) if link else self._request(build))
        answer = await self._send(request, permission=permission)
        return Page(items=tuple(_items(answer)), next=links.after(answer))

    async def _send(
        self, request: httpx.Request, *, permission: str, goes_on: bool = False
    ) -> Json:
        """Send in turn; what `goes_on` from an earlier page is counted and not held up again."""
        path = "/" + request.url.path.lstrip("/").partition("/")[2]
        if self._allowances and self._allowances.covers(path):
            response = await self._allowances.answer(
                request, path, lambda: self._sent(request, path), goes_on=goes_on
            )
        else:
            response = await self._sent(request, path)
        return read_answer("Graph", response, permission=permission)

    async def _sent(self, request: httpx.Request, path: str) -> httpx.Response:
        async with self._way(path):
            return await sent(self._http, "Graph", request, what=shape(path))

    def _way(self, path: str) -> AbstractAsyncContextManager[None]:
        _, _, what = path.removeprefix("/users/").partition("/")
        outlook = path.startswith("/users/") and what.startswith(_OUTLOOK)
        return self._outlook.crossing() if outlook else nullcontext()

    async def _request(self, build: Build) -> httpx.Request:
        adapter, service = self._sdk()
        information = build(service)
        if any(not str(part).strip(".") for part in information.path_parameters.values()):
            # The HTTP client would read "." and ".." as directions and ask for something else.
            raise Gone("Nothing in the directory is named by an empty name or by dots alone")
        return await self._native(adapter, information)

    async def _follow(self, link: str) -> httpx.Request:
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        information = RequestInformation()
        information.http_method = Method.GET
        information.url = link
        return await self._native(self._sdk()[0], information)

    async def _native(
        self, adapter: GraphRequestAdapter, information: RequestInformation
    ) -> httpx.Request:
        from azure.core.exceptions import AzureError

        adapter.set_base_url_for_request_information(information)
        # Expanded here once: the SDK would expand its template each time it looks at the address.
        information.url = information.url
        try:
            request: httpx.Request = await adapter.convert_to_native_async(information)
        except AzureError as error:
            raise tokenless(error) from error
        return request

    def _sdk(self) -> tuple[GraphRequestAdapter, GraphServiceClient]:
        if self._made is None:
            from kiota_authentication_azure.azure_identity_authentication_provider import (
                AzureIdentityAuthenticationProvider,
            )
            from kiota_http.observability_options import ObservabilityOptions
            from msgraph.graph_request_adapter import GraphRequestAdapter
            from msgraph.graph_service_client import GraphServiceClient

            parts = urlsplit(self._base)
            local = parts.scheme == "http"
            adapter = GraphRequestAdapter(
                AzureIdentityAuthenticationProvider(
                    self._credential,
                    scopes=[f"{PUBLIC_CLOUD if local else self._base}/.default"],
                    allowed_hosts=[parts.hostname or ""],
                    # A claims challenge would need an interactive answer; plain tokens expire soon.
                    is_cae_enabled=False,
                ),
                client=self._http,
            )
            # Its own spans would carry whole URLs, and people's addresses in them.
            adapter.observability_options = ObservabilityOptions(
                enabled=False, include_euii_attributes=False
            )
            service = GraphServiceClient(request_adapter=adapter)
            adapter.base_url = f"{self._base}/v1.0"
            self._made = adapter, service
        return self._made


def beta(method: str, template: str, /, *, body: Json | None = None, **ids: str) -> Build:
    """Tell a request to `/beta`, where v1.0 and with it the SDK have no such resource.

    `template` starts with a slash and names `ids` in braces; each is escaped as one path segment.
    """
    return _told("/beta", method, template, body, ids)


def stable(method: str, template: str, /, *, body: Json | None = None, **ids: str) -> Build:
    """Tell a request to `/v1.0`, as `beta` does, for what the SDK has no builder for."""
    return _told("/v1.0", method, template, body, ids)


def _told(
    version: str, method: str, template: str, body: Json | None, ids: dict[str, str]
) -> Build:
    def build(g: GraphServiceClient) -> RequestInformation:
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        root = g.request_adapter.base_url.removesuffix("/v1.0") + version
        information = RequestInformation(
            Method(method), "{+root}" + template, {**ids, "root": root}
        )
        information.headers.try_add("Accept", "application/json")
        if body is not None:
            information.set_stream_content(json.dumps(body).encode(), "application/json")
        return information

    return build


def _items(page: Json) -> list[Any]:
    value = page.get("value")
    if not isinstance(value, list):
        raise Defect("Graph answered a list request without a list")
    return value


async def every[T](items: AsyncIterator[T]) -> tuple[T, ...]:
    """Collect all pages of something small."""
    return tuple([item async for item in items])
