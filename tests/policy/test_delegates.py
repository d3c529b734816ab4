from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.clients.grants import Grant, GrantKind, Trustee
from shared.model import ObjectId
from shared.policy.delegates import judge, ordinary

SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWN = frozenset({"contoso.example"})


def known(*, address: str = "a@contoso.example", age: timedelta = timedelta(days=900)) -> Trustee:
    return Trustee(name="a", id=ObjectId("1" * 8), address=address, created_at=SINCE - age)


def mailbox(kind: GrantKind = GrantKind.MAILBOX) -> Grant:
    return Grant(kind=kind, trustee="a", rights=("FullAccess",))


def folder(trustee: str, *rights: str, of: str = "Inbox") -> Grant:
    return Grant(kind=GrantKind.FOLDER, trustee=trustee, rights=rights, folder=of, folder_type=of)


def web(detail: str, *flags: str) -> Grant:
    return Grant(
        kind=GrantKind.PUBLICATION,
        trustee="Anonymous",
        rights=(detail,),
        folder="Calendar",
        flags=flags,
    )


def fate(grant: Grant, trustee: Trustee) -> str:
    judged = judge(grant, trustee, since=SINCE, own_domains=OWN)
    return "taken" if judged.suspicious else "asked" if judged.doubtful else "left"


@pytest.mark.parametrize(
    ("grant", "trustee", "expected"),
    [
        (mailbox(), known(), "left"),
        (mailbox(GrantKind.SEND_AS), known(), "left"),
        (mailbox(), known(age=timedelta(0)), "taken"),
        (mailbox(GrantKind.SEND_ON_BEHALF), known(address="x@else.example"), "taken"),
        (mailbox(), Trustee(name="nobody knows"), "asked"),
        (mailbox(), Trustee(name="S-1-5-21-1-2-3"), "left"),
        (folder("a", "Reviewer"), known(address="x@else.example"), "taken"),
        (folder("a", "Reviewer", of="Calendar"), known(address="x@else.example"), "asked"),
        (folder("a", "Reviewer"), known(address="x@evil-contoso.example"), "taken"),
        (folder("Anonymous", "Reviewer"), Trustee(name="Anonymous"), "taken"),
        (folder("Anonymous", "Reviewer", of="Calendar"), Trustee(name="Anonymous"), "taken"),
        (folder("Default", "Reviewer", of="Calendar"), Trustee(name="Default"), "left"),
        (folder("Default", "Editor", of="Calendar"), Trustee(name="Default"), "asked"),
        (web("FullDetails"), Trustee(name="Anonymous"), "taken"),
        (web("LimitedDetails"), Trustee(name="Anonymous"), "asked"),
        (web("LimitedDetails", "Searchable"), Trustee(name="Anonymous"), "taken"),
        (web("AvailabilityOnly"), Trustee(name="Anonymous"), "left"),
        (web("SomethingNew"), Trustee(name="Anonymous"), "taken"),
    ],
)
def test_a_right_is_taken_asked_about_or_left(
    grant: Grant, trustee: Trustee, expected: str
) -> None:
    assert fate(grant, trustee) == expected


def test_a_time_that_is_not_known_is_not_since_the_compromise() -> None:
    nobody_knows = known().model_copy(update={"created_at": None})
    assert fate(mailbox(), nobody_knows) == "left"


def test_every_score_has_a_reason() -> None:
    for grant in (mailbox(), folder("Anonymous", "Reviewer"), web("FullDetails")):
        judged = judge(grant, known(), since=SINCE, own_domains=OWN)
        assert judged.score
        assert judged.reasons


def test_what_everybody_may_see_of_every_mailbox_is_ordinary() -> None:
    assert ordinary(folder("Default", "AvailabilityOnly", of="Calendar"))
    assert ordinary(folder("Anonymous"))
    assert not ordinary(folder("Default", "Reviewer"))
    assert not ordinary(mailbox())
