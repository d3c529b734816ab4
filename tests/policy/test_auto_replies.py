from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.clients.auto_replies import AutoReply, Moment, ReplyStatus
from shared.policy.auto_replies import judge

SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWN = frozenset({"contoso.example"})


def setting(**wish: object) -> AutoReply:
    fields = {
        "status": ReplyStatus.ALWAYS_ENABLED,
        "audience": "all",
        "text_sha256": "0" * 64,
        "text_length": 1,
        **wish,
    }
    return AutoReply.model_validate(fields)


def fate(text: str, **wish: object) -> str:
    judged = judge(setting(**wish), text, since=SINCE, own_domains=OWN)
    return "off" if judged.suspicious else "asked" if judged.doubtful else "left"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Back on Monday.", "left"),
        ("See https://contoso.example/team or WWW.sub.contoso.example.", "left"),
        ("See https://mallory.example/doc", "off"),
        ("See www.mallory.example", "off"),
        ("See https&#58;&#47;&#47;mallory.example", "off"),
        ("https://contoso.example@mallory.example/", "off"),
        ("https://contoso.example.mallory.example/", "off"),
        ("https://evilcontoso.example/", "off"),
        ('<a href="https://192.0.2.7/x">here</a>', "off"),
        ("https://[broken", "off"),
        ("Write to me at me@else.example", "asked"),
        ("Send the invoice to me@else.example", "off"),
        ("Ask hanna@contoso.example about the invoice", "asked"),
    ],
)
def test_a_reply_is_switched_off_asked_about_or_left(text: str, expected: str) -> None:
    assert fate(text) == expected


def test_a_link_that_only_colleagues_get_is_for_a_person_to_read() -> None:
    assert fate("https://mallory.example", audience="none") == "asked"


def test_a_schedule_that_begins_after_the_break_in_adds_to_it() -> None:
    def begins(text: str, zone: str = "UTC") -> str:
        starts = Moment(date_time=text, time_zone=zone)
        return fate("https://mallory.example", audience="none", status="scheduled", starts=starts)

    assert begins("2026-11-23T12:00:00.0000000") == "off"
    assert begins("2026-11-23T11:59:59.0000000") == "asked"
    assert begins("2026-11-23T12:00:00.0000000", zone="Pacific Standard Time") == "asked"
    assert begins("tomorrow") == "asked"


def test_reasons_never_quote_the_text() -> None:
    text = "Zebra https://zebra.example/zebra zebra@zebra.example password"
    judged = judge(setting(), text, since=SINCE, own_domains=OWN)
    assert judged.reasons
    assert "zebra" not in " ".join(judged.reasons).lower()
