from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clients.audit_search import AuditRecord
from shared.clients.files import SharingLink
from shared.policy.file_links import made_by

ONE, TWO = "0b8ee68c-9f6d-4d34-9b6c-2c1c25a4c001", "7d3d2f6c-2b4e-4a7e-8c55-1f0b1c0aa002"


def record(operation: str = "AnonymousLinkCreated", **details: Any) -> AuditRecord:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return AuditRecord(
        id="r", at=at, operation=operation, by=None, object_id="u", ip=None, details=details
    )


def link(name: str, scope: str | None = "anonymous", kind: str | None = "view") -> SharingLink:
    return SharingLink(id=name, scope=scope, kind=kind)


def test_the_id_in_the_log_decides_whatever_else_fits() -> None:
    links = (link(ONE), link(TWO))
    assert made_by(record(UniqueSharingId=TWO.upper()), links) == (link(TWO),)


def test_a_link_whose_id_is_not_there_any_more_is_gone() -> None:
    assert made_by(record(UniqueSharingId=TWO), (link(ONE),)) == ()


def test_ids_of_another_kind_prove_nothing() -> None:
    assert made_by(record(UniqueSharingId=ONE), (link("aTowIzA="),)) == (link("aTowIzA="),)


@pytest.mark.parametrize(
    ("made", "fits"),
    [
        (record("CompanyLinkCreated"), {"organization"}),
        (record("SecureLinkCreated"), {"users"}),
        (record("SharingLinkCreated", SharingLinkScope="Anonymous"), {"anonymous"}),
        (record("SharingLinkCreated"), {"anonymous", "organization", "users"}),
    ],
)
def test_without_an_id_the_scope_tells(made: AuditRecord, fits: set[str]) -> None:
    links = tuple(link(scope, scope) for scope in ("anonymous", "organization", "users"))
    assert {found.id for found in made_by(made, links)} == fits


@pytest.mark.parametrize("said", [{"EventData": "<Type>Edit</Type>"}, {"Permission": "Edit"}])
def test_without_an_id_the_kind_tells(said: dict[str, str]) -> None:
    links = (link("v"), link("e", kind="edit"))
    assert made_by(record(**said), links) == (links[1],)


def test_a_link_that_does_not_say_what_it_is_may_be_the_one() -> None:
    assert made_by(record(Permission="View"), (link("x", None, None),)) == (link("x", None, None),)
