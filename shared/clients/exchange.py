"""Exchange Online: how its cmdlets are run.

The route is the REST call the Exchange Online PowerShell module makes itself
(`adminapi/beta/{tenant}/InvokeCommand`); Microsoft does not document it, and its documented Admin
API cannot read rules or forwarding. A mailbox is named by its owner's object id, never by a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from shared.clients.answers import read_answer, tokenless
from shared.clients.gangway import Gangway
from shared.clients.graph import Page
from shared.clients.links import NextLinks
from shared.clients.sending import sent
from shared.errors import Defect, NoMailbox
from shared.model import Json, TenantId, Utc, Who

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential

MANAGE_AS_APP: Final = "Exchange.ManageAsApp"
MAIL_RECIPIENTS: Final = "Mail Recipients"
USER_OPTIONS: Final = "User Options"
AUDIT_LOGS: Final = "Audit Logs"
TRANSPORT_HYGIENE: Final = "Transport Hygiene"
ORGANIZATION_CONFIGURATION: Final = "Organization Configuration"
VIEW_ONLY_CONFIGURATION: Final = "View-Only Configuration"

PUBLIC_CLOUD: Final = "https://outlook.office365.com"
_PAGE: Final = 1000
"""Objects in a page of what a cmdlet puts out; more are never given."""
_MODULE: Final = "3.9.2"
"""The version of the PowerShell module whose requests ours look like."""
AT_ONCE: Final = 4
"""Cmdlets that one process runs at once; Microsoft publishes no limit, and more are refused."""
_REQUEST_IS_WRONG: Final = (400, 404)
"""Statuses that speak of the request: a server in trouble cannot know that something is gone."""
_NOT_FOUND: Final = (
    "ManagementObjectNotFoundException",
    "couldn't be found",
    # Names need not be unique; one that means several recipients names none.
    "ManagementObjectAmbiguousException",
    "UserNotFoundInPermissionEntryException",
)
_NOT_ALLOWED: Final = ("CmdletAccessDeniedException", "isn't within your current write scopes")
_ORGANISATION: Final = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""Where cmdlets about the whole organisation are sent, as the PowerShell module does it."""
_TIME: Final = TypeAdapter(Utc)


class Exchange:
    """Cmdlets of one tenant. Bound to one event loop; `client` is not closed here."""

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        credential: AsyncTokenCredential,
        base: str,
        tenant: TenantId,
    ) -> None:
        self._http = client
        self._credential = credential
        self._base = base.rstrip("/")
        self._tenant = tenant
        self._way = Gangway(AT_ONCE, kept=AT_ONCE // 2)

    async def run(self, cmdlet: str, parameters: Json, who: Who | None = None) -> list[Json]:
        """Run a cmdlet near a mailbox, or near none, and read all pages of what it puts out.

        Source: POST /adminapi/beta/{tenant}/InvokeCommand.
        """
        body, first = self._command(cmdlet, parameters)
        url: str | None = first
        links = NextLinks("Exchange", self._base)
        items: list[Json] = []
        while url:
            page = await self._send(url, body, who)
            items.extend(_output(cmdlet, page))
            # The next page is asked for by posting the same body to its link.
            url = links.after(page)
        return items

    async def page(
        self, cmdlet: str, parameters: Json, *, size: int, link: str | None = None
    ) -> Page:
        """Read one page of a listing: the first, or the one that an earlier one's `link` names.

        Without `ResultSize` a listing ends after a thousand objects, with no more than a warning.
        Source: POST /adminapi/beta/{tenant}/InvokeCommand.
        """
        links = NextLinks("Exchange", self._base)
        links.after({"@odata.nextLink": link})
        body, first = self._command(cmdlet, {**parameters, "ResultSize": "Unlimited"})
        answer = await self._send(link or first, body, None, size=size)
        return Page(items=tuple(_output(cmdlet, answer)), next=links.after(answer))

    async def allowed(self) -> frozenset[str]:
        """List the cmdlets that Exchange lets us run: those of all management roles we hold.

        Source: GET /adminapi/v1.0/{tenant}/EXOModuleFile, as the PowerShell module asks for it.
        """
        url = f"{self._base}/adminapi/v1.0/{self._tenant}/EXOModuleFile?Version={_MODULE}"
        request = self._http.build_request(
            "GET", url, headers={**await self._headers(None), "CommandName": "*"}
        )
        answer = await self._answered(request, "EXOModuleFile")
        told = answer.get("value")
        files = told if isinstance(told, list) else [told]
        listed = [file.get("exportedCmdlets") for file in files if isinstance(file, dict)]
        lists = [names for names in listed if isinstance(names, str)]
        if not lists or len(lists) < len(listed):
            raise Defect("Exchange did not list the cmdlets that we may run")
        names = (name.strip() for names in lists for name in names.split(","))
        return frozenset(name for name in names if name)

    def _command(self, cmdlet: str, parameters: Json) -> tuple[Json, str]:
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        return body, f"{self._base}/adminapi/beta/{self._tenant}/InvokeCommand"

    async def _send(self, url: str, body: Json, who: Who | None, *, size: int = _PAGE) -> Json:
        headers = {**await self._headers(who), "Prefer": f"odata.maxpagesize={size}"}
        request = self._http.build_request("POST", url, json=body, headers=headers)
        return await self._answered(request, body["CmdletInput"]["CmdletName"])

    async def _answered(self, request: httpx.Request, what: str) -> Json:
        async with self._way.crossing():
            response = await sent(self._http, "Exchange", request, what=what)
        missing = any(sign in response.text for sign in _NOT_FOUND)
        if missing and response.status_code in _REQUEST_IS_WRONG:
            raise NoMailbox("Exchange has no single mailbox, recipient or entry of that name")
        if any(sign in response.text for sign in _NOT_ALLOWED) and not response.is_success:
            response.status_code = 403
        return read_answer("Exchange", response, permission=MANAGE_AS_APP)

    async def _headers(self, who: Who | None) -> dict[str, str]:
        from azure.core.exceptions import AzureError

        audience = PUBLIC_CLOUD if self._base.startswith("http:") else self._base
        try:
            token = await self._credential.get_token(f"{audience}/.default")
        except AzureError as error:
            raise tokenless(error) from error
        return {
            "Authorization": f"Bearer {token.token}",
            "X-AnchorMailbox": f"UPN:{who.upn}" if who else f"{_ORGANISATION}@{self._tenant}",
            "X-ResponseFormat": "json",
        }


def read_time(text: object) -> Utc | None:
    """Read a time that Exchange prints in UTC, often without saying so; `None` is unknown."""
    if not isinstance(text, str):
        return None
    try:
        return _TIME.validate_python(text if text.endswith("Z") else f"{text}Z")
    except ValidationError:
        return None


def _output(cmdlet: str, page: Json) -> list[Json]:
    """Read what a cmdlet put out; only one that changes something may put out nothing at all."""
    output = page.get("value")
    if output is None and not cmdlet.startswith("Get-"):
        return []
    if not isinstance(output, list):
        raise Defect(f"Exchange answered {cmdlet} without a list")
    return output


def smtp(address: str) -> str:
    """Take the address out of what Exchange writes as `smtp:somebody@contoso.example`."""
    return address.rpartition(":")[2].lower()
