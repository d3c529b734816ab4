"""Exchange Online: the mailbox settings that Graph does not have.

The route is the REST call the Exchange Online PowerShell module makes itself
(`adminapi/beta/{tenant}/InvokeCommand`); Microsoft does not document it, and its documented Admin
API cannot read rules or forwarding. A mailbox is named by its owner's object id, never by a name.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.clients.answers import read_answer, tokenless
from shared.clients.gangway import Gangway
from shared.clients.graph import Page
from shared.clients.inbox import InboxRule, RuleState
from shared.clients.links import NextLinks
from shared.clients.sending import sent
from shared.errors import Defect, Gone, NoMailbox
from shared.model import Json, MailboxKind, TenantId, Utc, Value, Who

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
_OURS: Final = ("Junk E-Mail Rule", "Microsoft.Exchange.OOF.", "Delegate Rule ")
"""Hidden rules that belong to Exchange itself; a delegate's cannot be disabled."""


class Forwarding(Value):
    """How a mailbox forwards all its mail; addresses as Exchange holds them."""

    to_recipient: str | None = None
    """`ForwardingAddress`: the identity of a recipient of this organisation, or of a contact."""
    to_smtp: str | None = None
    """`ForwardingSmtpAddress`: any address; sleeps while `ForwardingAddress` is set."""
    keeps_copy: bool = False


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

    async def forwarding(self, who: Who) -> Forwarding:
        """Read both forwarders. Source: Get-Mailbox. Raises `Gone` without a mailbox."""
        found = await self.run("Get-Mailbox", {"Identity": who.object_id}, who)
        if len(found) != 1:
            raise Gone(f"{len(found)} mailboxes belong to the account; need exactly one")
        return Forwarding(
            to_recipient=found[0].get("ForwardingAddress") or None,
            to_smtp=found[0].get("ForwardingSmtpAddress") or None,
            keeps_copy=bool(found[0].get("DeliverToMailboxAndForward")),
        )

    async def set_forwarding(self, who: Who, wanted: Forwarding) -> None:
        """Write both forwarders in one call: clearing one alone would wake the other up.

        Source: Set-Mailbox.
        """
        parameters: Json = {
            "Identity": who.object_id,
            "ForwardingAddress": wanted.to_recipient,
            "ForwardingSmtpAddress": wanted.to_smtp,
            "DeliverToMailboxAndForward": wanted.keeps_copy,
        }
        await self.run("Set-Mailbox", parameters, who)

    async def recipient_address(self, who: Who, identity: str) -> str | None:
        """Look up where a recipient's mail goes, `None` where that is unknown.

        Source: Get-Recipient; of a mail contact it is the `ExternalEmailAddress`.
        """
        try:
            found = await self.run("Get-Recipient", {"Identity": identity}, who)
        except Gone:
            return None
        if len(found) != 1:
            return None
        address = found[0].get("ExternalEmailAddress") or found[0].get("PrimarySmtpAddress")
        return smtp(str(address)) if address else None

    async def mailbox_kind(self, who: Who) -> MailboxKind | None:
        """Tell what kind of mailbox an account has; `None` where Exchange's word is not known.

        Source: Get-Recipient, `RecipientTypeDetails`.
        """
        try:
            found = await self.run("Get-Recipient", {"Identity": who.object_id}, who)
        except Gone:
            return MailboxKind.NONE
        word = str(found[0].get("RecipientTypeDetails") or "") if len(found) == 1 else ""
        if word.startswith("Remote") or word.endswith("MailUser"):
            return MailboxKind.ELSEWHERE
        if word == "SharedMailbox":
            return MailboxKind.SHARED
        return MailboxKind.OWN if word.endswith("Mailbox") else None

    async def rules(self, who: Who) -> tuple[InboxRule, ...]:
        """List all inbox rules, those that Graph and Outlook do not show marked as hidden.

        Source: Get-InboxRule with and without IncludeHidden; the difference is what hides.
        """
        mailbox = {"Mailbox": who.object_id}
        everything, visible = await asyncio.gather(
            self.run("Get-InboxRule", {**mailbox, "IncludeHidden": True}, who),
            self.run("Get-InboxRule", mailbox, who),
        )
        shown = {str(rule.get("Identity")) for rule in visible}
        return tuple(
            _rule(rule, hidden=str(rule.get("Identity")) not in shown)
            for rule in everything
            if not str(rule.get("Name", "")).startswith(_OURS)
        )

    async def set_rule_state(self, who: Who, rule: str, state: RuleState) -> None:
        """Switch one hidden rule on or off. Source: Disable-InboxRule, Enable-InboxRule.

        An empty identity would mean every rule of the mailbox, so it never reaches the cmdlet.
        """
        if not rule.strip():
            raise Defect("An inbox rule without an identity reached Exchange")
        cmdlet = "Enable-InboxRule" if state is RuleState.ENABLED else "Disable-InboxRule"
        parameters: Json = {"Identity": rule, "Mailbox": who.object_id, "Confirm": False}
        await self.run(cmdlet, parameters, who)

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


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _rule(item: Json, *, hidden: bool) -> InboxRule:
    words = [
        word
        for field, value in item.items()
        if field.endswith(("ContainsWords", "ContainsWord"))
        for word in _list(value)
    ]
    return InboxRule(
        id=str(item.get("Identity") or item.get("RuleIdentity") or ""),
        name=str(item.get("Name") or ""),
        enabled=bool(item.get("Enabled")),
        hidden=hidden,
        forwards_to=tuple(
            _address(to)
            for field in ("ForwardTo", "ForwardAsAttachmentTo", "RedirectTo")
            for to in _list(item.get(field))
        ),
        folder=item.get("MoveToFolder") or None,
        deletes=bool(item.get("DeleteMessage")),
        marks_read=bool(item.get("MarkAsRead")),
        stops=bool(item.get("StopProcessingRules")),
        words=tuple(words),
        conditional=bool(words or item.get("From") or item.get("FromAddressContainsWords")),
    )


def _address(recipient: str) -> str:
    """Take the address out of `"Name" [SMTP:a@b]`, as Exchange prints a rule's recipients."""
    inner = recipient.rpartition("[")[2].rstrip("]") if "[" in recipient else recipient
    return smtp(inner.strip().strip('"'))
