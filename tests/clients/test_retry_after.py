from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.answers import retry_after
from shared.errors import Transient
from tests.clients.far_side import ADA, FarSide, clients


def answered(wish: str) -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": wish})


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [("0", 0), ("7", 7), ("007", 7), ("300", 300), ("301", 300), ("9" * 500, 300)],
)
def test_a_wait_is_given_in_seconds_and_believed_up_to_five_minutes(
    wish: str, seconds: float
) -> None:
    assert retry_after(answered(wish)) == seconds


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0200", ""])
def test_a_wait_is_given_as_a_date_with_or_without_a_zone(zone: str) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=60)
    local = moment + timedelta(hours=2) if zone == "+0200" else moment
    wish = f"{local:%a, %d %b %Y %H:%M:%S} {zone}".strip()
    wait = retry_after(answered(wish))
    assert wait is not None
    assert 50 < wait <= 60


def test_a_date_that_is_over_means_now_and_one_far_off_means_five_minutes() -> None:
    for days, expected in ((-400, 0.0), (400, 300.0)):
        wish = format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True)
        assert retry_after(answered(wish)) == expected


@pytest.mark.parametrize(
    "wish",
    [
        "",
        " ",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "inf",
        "nan",
        "²",
        "٣",
        "Mon, 99 Foo 2026",
        "0x10",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
def test_a_wish_that_makes_no_sense_is_no_wish_or_no_wait(wish: str) -> None:
    response = httpx.Response(503, headers=[(b"Retry-After", wish.encode())])
    assert retry_after(response) in (None, 0.0)


@given(st.binary(max_size=60).filter(lambda raw: not set(raw) & set(b"\r\n")))
def test_no_retry_after_breaks_the_error_that_carries_it(raw: bytes) -> None:
    wait = retry_after(httpx.Response(503, headers=[(b"Retry-After", raw)]))
    assert wait is None or 0 <= wait <= 300


async def test_the_wait_reaches_whoever_re_queues() -> None:
    for headers, wait in (({"Retry-After": "17"}, 17), ({}, None)):
        with pytest.raises(Transient) as caught:
            await clients(FarSide(httpx.Response(429, headers=headers))).directory.account(ADA)
        assert caught.value.retry_after == wait
