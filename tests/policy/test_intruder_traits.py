from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clients.audit import SignIn
from shared.clients.audit_search import AuditRecord
from shared.policy.intruder_traits import Shape, Traits, in_record, knew_password, traits

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWN = frozenset({"contoso.example"})
EVIL = Traits(
    targets=frozenset({"drop@mallory.example"}),
    shapes=frozenset({Shape(words=("invoice",), folder="rss feeds", deletes=False)}),
)


def row(operation: str, **parameters: str) -> AuditRecord:
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    return AuditRecord(
        id="1",
        at=NOON,
        operation=operation,
        by="eve@contoso.example",
        object_id=None,
        ip=None,
        details={"Parameters": given},
    )


@pytest.mark.parametrize(
    ("target", "same"),
    [
        ("smtp:drop@mallory.example", True),
        ("DROP@Mallory.example", True),
        ('"Drop" [SMTP:drop@mallory.example]', True),
        ("airdrop@mallory.example", False),
        ("drop@mallory.example.contoso.example", False),
        ("drop@mallory.examples", False),
    ],
)
def test_a_target_is_the_whole_address_and_no_part_of_one(target: str, *, same: bool) -> None:
    assert bool(in_record(row("Set-Mailbox", ForwardingSmtpAddress=target), EVIL)) is same


@pytest.mark.parametrize(
    ("parameters", "same"),
    [
        ({"SubjectOrBodyContainsWords": "Invoice", "MoveToFolder": "RSS Feeds"}, True),
        ({"BodyContainsWords": "invoice", "MoveToFolder": "eve:\\RSS Feeds"}, True),
        ({"BodyContainsWords": "invoice", "MoveToFolder": "Invoices"}, False),
        ({"BodyContainsWords": "invoice;boss", "MoveToFolder": "RSS Feeds"}, False),
        ({"MoveToFolder": "RSS Feeds"}, False),
    ],
)
def test_a_shape_is_the_same_words_to_the_same_place(
    parameters: dict[str, str], *, same: bool
) -> None:
    assert bool(in_record(row("New-InboxRule", **parameters), EVIL)) is same


@pytest.mark.parametrize(
    ("status", "knew"), [(0, True), (50076, True), (None, True), (50126, False), (50034, False)]
)
def test_who_had_the_password_counts_and_who_guessed_does_not(
    status: int | None, *, knew: bool
) -> None:
    entry = SignIn(at=NOON, ip="192.0.2.66", app=None, client=None, status=status)
    assert knew_password(entry) is knew


def test_the_organisation_s_own_addresses_are_no_target() -> None:
    forwarding: Any = {"to_smtp": "smtp:boss@contoso.example"}
    assert traits({"forwarding": {"data": forwarding}}, own_domains=OWN).targets == frozenset()


def test_a_section_that_could_not_be_read_is_named() -> None:
    blind = {"sign_ins": {"data": None, "unknown": "403"}}
    assert traits(blind, own_domains=OWN).unknown == ("sign ins: 403",)
