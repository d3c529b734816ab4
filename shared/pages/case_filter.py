"""What a reader of the list of cases asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from pydantic import StringConstraints, ValidationError

from shared.errors import Refused
from shared.model import AlertKind, CaseStatus, Severity, Value
from shared.pages.lists import CaseRow
from shared.principal import Role

type Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
type Cursor = Annotated[str, StringConstraints(pattern=r"^(\d{14}:[0-9a-f]{8,64})?$")]


class CaseFilter(Value):
    """Which cases are asked for; what is empty asks for nothing in particular."""

    status: CaseStatus | None = None
    kind: AlertKind | None = None
    severity: Severity | None = None
    rule: Words = ""
    account: Words = ""
    """The account's object id, or a part of its name or address."""
    q: Words = ""
    """Words that all have to stand in what the list says about a case, or the case's id."""
    mine: bool = False
    """Only what waits for whoever reads this."""
    after: Cursor = ""
    """The line of the list to go on behind."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> CaseFilter:
        """Read the query of an address. Raises `Refused` naming what cannot be asked for."""
        given = {name: text for name, text in query.items() if text and name in cls.model_fields}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise Refused(f"The list knows no such {name}: {first['msg']}") from error

    @property
    def asks(self) -> bool:
        """Whether anything in particular is asked for."""
        return bool(self.model_dump(exclude_defaults=True, exclude={"after"}))

    def fits(self, row: CaseRow, mine: frozenset[CaseStatus]) -> bool:
        """Whether a case is asked for; in the statuses `mine` one waits for the reader."""
        return (
            self.status in {None, row.status}
            and self.severity in {None, row.severity}
            and (self.kind is None or self.kind in row.kinds)
            and (not self.rule or self.rule in row.rules)
            and (not self.mine or row.status in mine)
            and self._about(row)
        )

    def query(self, *, after: str = "") -> str:
        """Write the query of an address that asks for the same, from another line on."""
        asked = self.model_dump(mode="json", exclude_defaults=True, exclude={"after"})
        return urlencode({**asked, **({"after": after} if after else {})})

    def _about(self, row: CaseRow) -> bool:
        account = self.account.casefold()
        who = f"{row.upn} {row.display_name}".casefold()
        said = f"{who} {row.id} {row.object_id} {row.title} {' '.join(row.kinds)}".casefold()
        named = account == row.object_id or account in who
        return named and all(word in said for word in self.q.casefold().split())


def waits_for(role: Role | None) -> frozenset[CaseStatus]:
    """Name the statuses in which a case waits for somebody with this role."""
    match role:
        case Role.APPROVER | Role.ADMINISTRATOR:
            return frozenset({CaseStatus.WAITING, CaseStatus.NEEDS_PERSON})
        case Role.RESPONDER:
            return frozenset({CaseStatus.NEEDS_PERSON})
        case _:
            return frozenset()
