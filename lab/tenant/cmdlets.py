"""What an Exchange cmdlet is: one small function that declares its role and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

from lab.tenant.answers import ExchangeRefusal
from lab.tenant.recipients import Recipient, recipients
from lab.tenant.state import Mailbox
from lab.tenant.tokens import Claims
from lab.tenant.world import World

type Json = dict[str, Any]
type Output = Sequence[Json]
type Body = Callable[[Run], Output]

_SHOWN: Final = 1000
"""How many objects a listing puts out where nobody asked for more."""


class Listed[T](Sequence[Json]):
    """What a listing puts out: each object is shown when its page is asked for, and not before."""

    def __init__(self, items: Sequence[T], show: Callable[[T], Json]) -> None:
        self._items = items
        self._show = show

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> Json: ...
    @overload
    def __getitem__(self, place: slice) -> list[Json]: ...
    def __getitem__(self, place: int | slice) -> Json | list[Json]:
        if isinstance(place, slice):
            return [self._show(item) for item in self._items[place]]
        return self._show(self._items[place])


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """One cmdlet: the management role that contains it and the parameters it takes."""

    name: str
    run: Body
    role: str
    parameters: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One cmdlet being run; `given` are its parameters by lower-case name."""

    world: World
    cmdlet: Cmdlet
    given: Json
    claims: Claims
    warnings: list[str]

    def mailbox(self, parameter: str) -> Mailbox:
        """Find the one mailbox a parameter names. Raises what Exchange answers."""
        found = recipient(self.world, self.given.get(parameter.lower()))
        if found.mailbox is None:
            raise not_found(str(self.given.get(parameter.lower())))
        return found.mailbox

    def asked(self, parameter: str) -> bool:
        """Whether a parameter was given at all, be it as null."""
        return parameter.lower() in self.given

    def text(self, parameter: str) -> str | None:
        """Read a parameter's text; null and empty are `None`."""
        value = self.given.get(parameter.lower())
        return str(value) if value not in (None, "") else None

    def switch(self, parameter: str) -> bool:
        """Read a switch or Boolean parameter."""
        value = self.given.get(parameter.lower(), False)
        if not isinstance(value, bool):
            raise binding(f"Cannot convert value '{value}' of '{parameter}' to a Boolean.")
        return value

    def listed[T](self, items: Iterable[T], show: Callable[[T], Json]) -> Output:
        """Put out a list, cut where ResultSize says; by itself a cmdlet stops at a thousand."""
        everything = list(items)
        wish = self.text("ResultSize") or str(_SHOWN)
        if wish.casefold() == "unlimited":
            return Listed(everything, show)
        if not wish.isdigit():
            raise binding(f"Cannot convert value '{wish}' of 'ResultSize' to a number.")
        if len(everything) > int(wish):
            self.warnings.append(
                "There are more results available than are currently displayed. To view them, "
                "increase the value for the ResultSize parameter."
            )
        return Listed(everything[: int(wish)], show)

    def wrote(self, oid: str, what: str) -> None:
        """Tell the world that this cmdlet changed something."""
        self.world.wrote(
            method="POST", path=self.cmdlet.name, actor=self.claims.oid, oid=oid, what=what
        )


def recipient(world: World, identity: object) -> Recipient:
    """Find the one recipient an identity means. Raises what Exchange answers."""
    if identity in (None, ""):
        raise binding("Cannot bind argument to parameter 'Identity' because it is null.")
    found = recipients(world.state, str(identity))
    if not found:
        raise not_found(str(identity))
    if len(found) > 1:
        raise ExchangeRefusal(
            400,
            "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException",
            f"The operation couldn't be performed because '{identity}' matches multiple entries.",
        )
    return found[0]


def not_found(identity: str) -> ExchangeRefusal:
    """Refuse because there is no such object."""
    return ExchangeRefusal(
        404,
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
        f"The operation couldn't be performed because object '{identity}' couldn't be found.",
    )


def binding(message: str) -> ExchangeRefusal:
    """Refuse a parameter."""
    return ExchangeRefusal(400, "System.Management.Automation.ParameterBindingException", message)


def cmdlet(name: str, *, role: str, parameters: Iterable[str]) -> Callable[[Body], Cmdlet]:
    """Declare a function as an Exchange cmdlet."""

    def declare(run: Body) -> Cmdlet:
        return Cmdlet(name=name, run=run, role=role, parameters=frozenset(parameters))

    return declare
