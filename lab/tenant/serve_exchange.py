"""Exchange Online's InvokeCommand: the REST call that the Exchange Online module makes.

Microsoft does not document it; shapes as observed in the module and in open source users of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lab.tenant.answers import Answer, ExchangeRefusal, GraphRefusal, exchange_error
from lab.tenant.cmdlets import Cmdlet, Run, binding
from lab.tenant.paging import offset, token
from lab.tenant.tokens import EXCHANGE, Claims, Minter, Rejected
from lab.tenant.visit import Incoming, Visit
from lab.tenant.world import World

MANAGE_AS_APP: Final = "Exchange.ManageAsApp"
_CODES: Final = {
    403: "Forbidden",
    404: "NotFound",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
MODULE: Final = "EXOModuleFile"
_OTHERS: Final = {
    "New-ManagementRoleAssignment": "Role Management",
    "New-MailboxExportRequest": "Mailbox Import Export",
    "Remove-Mailbox": "Mail Recipient Creation",
}
"""Cmdlets that are only listed, by the role that brings each: nothing of ours runs them."""
_PREFER: Final = "odata.maxpagesize="


class ExchangeService:
    """Answers `/adminapi/beta/{tenant}/InvokeCommand`."""

    def __init__(
        self,
        world: World,
        *,
        minter: Minter,
        cmdlets: tuple[Cmdlet, ...],
        roles: frozenset[str] | None,
    ) -> None:
        self._world = world
        self._minter = minter
        self._cmdlets = {cmdlet.name.casefold(): cmdlet for cmdlet in cmdlets}
        self.roles = roles
        """The management roles we hold; `None` means all there are."""

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:
        """Authenticate a request and find its cmdlet; nothing takes effect yet."""
        if incoming.segments[-1:] == (MODULE,):
            return self._module(incoming, at=at)
        named, given = _cmdlet_input(incoming)
        cmdlet = self._cmdlets.get(named.casefold())
        path = cmdlet.name if cmdlet else (named or "InvokeCommand")
        try:
            claims = self._claims(incoming, at=at)
        except Rejected as error:
            refused = Answer(401, None, {"WWW-Authenticate": f'Bearer error="{error}"'})
            return Visit(
                method=incoming.method, path=path, perform=lambda: refused, refused=refused
            )

        def perform() -> Answer:
            try:
                self._check(incoming, claims=claims)
                allowed = self._allowed(cmdlet, named=named)
                return self._run(incoming, cmdlet=allowed, given=given, claims=claims)
            except ExchangeRefusal as refusal:
                code = _CODES.get(refusal.status, "BadRequest")
                return exchange_error(
                    refusal.status, kind=refusal.kind, message=refusal.message, code=code
                )

        return Visit(method=incoming.method, path=path, perform=perform)

    def _module(self, incoming: Incoming, *, at: datetime) -> Visit:
        """List the cmdlets that our roles bring, as the PowerShell module asks for them."""

        def perform() -> Answer:
            try:
                claims = self._claims(incoming, at=at)
            except Rejected as error:
                return Answer(401, None, {"WWW-Authenticate": f'Bearer error="{error}"'})
            if MANAGE_AS_APP not in claims.roles:
                text = f"The application has not been granted {MANAGE_AS_APP}."
                return exchange_error(
                    403, kind="UnauthorizedAccessException", message=text, code="Forbidden"
                )
            mine = [c for c in self._cmdlets.values() if self.roles is None or c.role in self.roles]
            names = {c.name for c in mine} | {
                name for name, role in _OTHERS.items() if role in (self.roles or ())
            }
            return Answer(200, {"value": [{"exportedCmdlets": ",".join(sorted(names))}]})

        return Visit(method=incoming.method, path=MODULE, perform=perform)

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order."""
        code = _CODES.get(status, "InternalServerError")
        shaped = exchange_error(status, kind="FaultOnOrder", message="A fault on order.", code=code)
        return Answer(status, shaped.body, headers)

    def begin(self, owner: str) -> None:
        """Exchange publishes no limits, so nothing is counted."""

    def end(self, owner: str) -> None:
        """Exchange publishes no limits, so nothing is counted."""

    def _claims(self, incoming: Incoming, *, at: datetime) -> Claims:
        given = incoming.headers.get("authorization", "")
        return self._minter.read(given, resource=EXCHANGE, at=at)

    def _check(self, incoming: Incoming, *, claims: Claims) -> None:
        if incoming.method != "POST":
            raise ExchangeRefusal(405, "MethodNotAllowed", "InvokeCommand takes POST only.")
        tenant = _tenant(incoming)
        if tenant != self._world.tenant_id:
            text = f"The token is not for the tenant '{tenant}'."
            raise ExchangeRefusal(403, "UnauthorizedAccessException", text)
        if not incoming.headers.get("x-anchormailbox"):
            raise ExchangeRefusal(400, "RoutingException", "X-AnchorMailbox is missing.")
        if MANAGE_AS_APP not in claims.roles:
            text = f"The application has not been granted {MANAGE_AS_APP}."
            raise ExchangeRefusal(403, "UnauthorizedAccessException", text)

    def _allowed(self, cmdlet: Cmdlet | None, *, named: str) -> Cmdlet:
        if cmdlet is None:
            text = f"The term '{named}' is not recognized as the name of a cmdlet."
            raise ExchangeRefusal(
                400, "System.Management.Automation.CommandNotFoundException", text
            )
        if self.roles is not None and cmdlet.role not in self.roles:
            raise ExchangeRefusal(
                403,
                "Microsoft.Exchange.Configuration.Authorization.CmdletAccessDeniedException",
                f"You don't have sufficient permissions: '{cmdlet.name}' is in no role you hold.",
            )
        return cmdlet

    def _run(
        self, incoming: Incoming, *, cmdlet: Cmdlet, given: dict[str, Any], claims: Claims
    ) -> Answer:
        known = {parameter.casefold() for parameter in cmdlet.parameters}
        for name in given:
            if name.casefold() not in known:
                text = f"A parameter cannot be found that matches parameter name '{name}'."
                raise binding(text)
        run = Run(
            world=self._world,
            cmdlet=cmdlet,
            given={name.casefold(): value for name, value in given.items()},
            claims=claims,
            warnings=[],
        )
        return Answer(200, self._page(incoming, cmdlet.run(run), run.warnings))

    def _page(
        self, incoming: Incoming, output: Sequence[dict[str, Any]], warnings: list[str]
    ) -> dict[str, Any]:
        start = _start(incoming.query.get("$skiptoken"))
        stop = start + min(_preferred(incoming), self._world.settings.page_size)
        page: dict[str, Any] = {
            "@odata.context": f"{incoming.host}/adminapi/beta/$metadata#Collection(Edm.Untyped)",
            "value": [
                _selected(item, incoming.query.get("$select")) for item in output[start:stop]
            ],
            "@adminapi.warnings": warnings,
        }
        if stop < len(output):
            page["@odata.nextLink"] = f"{incoming.url}?$skiptoken={token(stop)}"
        return page


def _cmdlet_input(incoming: Incoming) -> tuple[str, dict[str, Any]]:
    try:
        found = (incoming.json() or {})["CmdletInput"]
        return str(found["CmdletName"]), dict(found.get("Parameters") or {})
    except (ValueError, KeyError, TypeError):
        return "", {}


def _tenant(incoming: Incoming) -> str:
    match [segment.casefold() for segment in incoming.segments]:
        case ["adminapi", "beta", tenant, "invokecommand"]:
            return tenant
    raise ExchangeRefusal(404, "ResourceNotFoundException", f"No resource at '{incoming.path}'.")


def _start(text: str | None) -> int:
    try:
        return offset(text)
    except GraphRefusal as refusal:
        raise binding(refusal.message) from refusal


def _preferred(incoming: Incoming) -> int:
    for part in incoming.headers.get("prefer", "").split(","):
        wish = part.strip()
        if wish.startswith(_PREFER) and wish.removeprefix(_PREFER).isdigit():
            return max(1, int(wish.removeprefix(_PREFER)))
    return 1000


def _selected(item: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    if wanted is None:
        return item
    names = {name.strip().casefold() for name in wanted.split(",")}
    return {name: value for name, value in item.items() if name.casefold() in names}
