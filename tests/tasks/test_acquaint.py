from __future__ import annotations

import pytest

from lab.scenarios import STORIES
from shared.clients import exchange
from shared.errors import NoMailbox, Refused
from shared.model import CaseStatus, MailboxKind
from shared.tasks import acquaint
from tests.tasks.benches import Bench


@pytest.mark.parametrize(
    ("story", "kind"),
    [
        ("token_thief", MailboxKind.OWN),
        ("shared_mailbox", MailboxKind.SHARED),
        ("on_premises_mailbox", MailboxKind.ELSEWHERE),
        ("guest", MailboxKind.ELSEWHERE),
        ("no_mailbox", MailboxKind.NONE),
    ],
)
async def test_the_case_learns_what_the_mailbox_is(story: str, kind: MailboxKind) -> None:
    async with Bench(story=STORIES[story]) as bench:
        await bench.tell()
        await bench.settle()
        assert bench.the_case().account.mailbox is kind


async def test_what_exchange_does_not_tell_stays_unknown_and_stops_nothing() -> None:
    async with Bench(story=STORIES["shared_mailbox"]) as bench:
        bench.tenant.granted -= {exchange.MANAGE_AS_APP}
        await bench.tell()
        await bench.settle()
        assert bench.the_case().account.mailbox is None
        assert not bench.tenant.users[bench.oid].enabled


async def test_a_shared_mailbox_leaves_those_who_use_it_to_a_person() -> None:
    async with Bench(story=STORIES["shared_mailbox"]) as bench:
        await bench.tell()
        await bench.settle()
        case = bench.the_case()
        assert case.status is CaseStatus.NEEDS_PERSON
        [left] = case.left
        assert "hanna.weiss@contoso.example" in left.steps[0]
        assert left.steps[0].count("backup.service") == 1
        shown = (await bench.case(case.id))["open"]
        assert [item["steps"] for item in shown] == [list(left.steps)]


async def test_whether_a_missing_mailbox_is_elsewhere_is_asked_where_it_is_not_known_yet() -> None:
    async with Bench(story=STORIES["on_premises_mailbox"]) as bench:
        await bench.tell()
        await bench.settle()
        account = bench.the_case().account.model_copy(update={"mailbox": None})
        found = await acquaint.with_its_kind(NoMailbox("404"), account, bench.world)
        assert isinstance(found, Refused)
        assert "stands outside" in str(found)
