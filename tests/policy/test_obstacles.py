from __future__ import annotations

import pytest

from shared.errors import Defect, Denied, Gone, NoMailbox, Refused
from shared.model import Account, AccountKind, MailboxKind, ObjectId, Upn
from shared.policy.obstacles import explained, shared_with

MISSING = NoMailbox("Graph answered 404")
DENIED = Denied("Graph answered 403. Grant the application permission X")
UNLICENSED = Denied("Graph answered 403. The tenant has no licence for this")


def account(kind: AccountKind, mailbox: MailboxKind | None = None) -> Account:
    return Account(
        object_id=ObjectId("5d1f2d5e-0000-4000-8000-000000000001"),
        upn=Upn("emma@contoso.example"),
        kinds=frozenset({kind}),
        mailbox=mailbox,
    )


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (account(AccountKind.GUEST), "home tenant"),
        (account(AccountKind.SYNCED, MailboxKind.ELSEWHERE), "stands outside Exchange Online"),
        (account(AccountKind.CLOUD), "nobody could tell"),
        (account(AccountKind.CLOUD, MailboxKind.OWN), "nobody could tell"),
    ],
)
def test_a_mailbox_that_cannot_be_looked_at_is_not_one_that_holds_nothing(
    who: Account, said: str
) -> None:
    refused = explained(MISSING, who)
    assert isinstance(refused, Refused)
    assert said in str(refused)
    assert refused.steps


def test_an_account_that_has_no_mailbox_has_nothing_in_it() -> None:
    gone = explained(MISSING, account(AccountKind.CLOUD, MailboxKind.NONE))
    assert isinstance(gone, NoMailbox)
    assert str(gone) == "The account has no mailbox"


def test_a_restricted_unit_is_named_instead_of_a_permission_that_would_not_help() -> None:
    refused = explained(DENIED, account(AccountKind.RESTRICTED))
    assert isinstance(refused, Refused)
    assert "restricted management unit" in str(refused)
    assert refused.steps


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DENIED, AccountKind.CLOUD),
        (UNLICENSED, AccountKind.RESTRICTED),
        (Gone("deleted"), AccountKind.GUEST),
        (Defect("ours"), AccountKind.RESTRICTED),
    ],
)
def test_what_the_kind_does_not_explain_is_left_as_it_is(
    error: Exception, kind: AccountKind
) -> None:
    assert explained(error, account(kind)) is error


def test_whoever_uses_a_shared_mailbox_is_named_once() -> None:
    left = shared_with(frozenset({"b@contoso.example", "a@contoso.example"}))
    assert "a@contoso.example, b@contoso.example" in left.steps[0]
    assert "nobody that could be read" in shared_with(frozenset()).steps[0]
