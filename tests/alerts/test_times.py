from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerts.times import moment


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2021-04-27T12:19:27.7211305Z", utc(2021, 4, 27, 12, 19, 27, 721130)),
        ("2025-02-03T13:32:12.236416+00:00", utc(2025, 2, 3, 13, 32, 12, 236416)),
        ("2024-01-15T10:30:00.000Z", utc(2024, 1, 15, 10, 30)),
        ("2020-02-14T19:00:00", utc(2020, 2, 14, 19)),
        ("8/22/2022 6:07:16 PM", utc(2022, 8, 22, 18, 7, 16)),
        ("12/31/2022 12:00:00 AM", utc(2022, 12, 31)),
        ("2022-09-09T9:59:27.958Z", utc(2022, 9, 9, 9, 59, 27, 958000)),
        ("2025-04-11 21:07:42.781656600", utc(2025, 4, 11, 21, 7, 42, 781656)),
        ("2018-09-27 16:59:16", utc(2018, 9, 27, 16, 59, 16)),
        ("2025-02-03T21:41:42.853014+01.00", utc(2025, 2, 3, 20, 41, 42, 853014)),
        ("2025-02-03T21:41:42-0530", utc(2025, 2, 4, 3, 11, 42)),
        (1595428843870, utc(2020, 7, 22, 14, 40, 43, 870000)),
        ("1705312200.0", utc(2024, 1, 15, 9, 50)),
        (1705312200, utc(2024, 1, 15, 9, 50)),
        (" 2020-02-14T19:00:00Z\n", utc(2020, 2, 14, 19)),
    ],
)
def test_every_written_form_is_the_moment_it_means(written: object, meant: datetime) -> None:
    assert moment(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "2025-09-18T15:14:17+0530577Z",
        "0001-01-01T00:00:00",
        "2023-10-10T17:08:65",
        "2023-02-30T00:00:00Z",
        "22/8/2022 6:07:16 PM",
        "2025-02-03T21:41:42+15:00",
        "2025-02-03T21:41:42+01:75",
        "9999-12-31T23:59:59.9999999Z",
        "String (timestamp)",
        "\u0662\u0660\u0662\u0660-02-14T19:00:00",
        "",
        "12",
        12,
        True,
        None,
        float("nan"),
        float("inf"),
        10**400,
        ["2020-02-14T19:00:00"],
    ],
)
def test_what_is_no_moment_is_none(written: object) -> None:
    assert moment(written) is None


@given(st.text() | st.integers() | st.floats() | st.from_regex(r"\d{4}-\d\d?-\d\d?[T ]\d\d?:.*"))
def test_anything_gives_an_aware_moment_of_this_century_or_none(written: object) -> None:
    found = moment(written)
    assert found is None or (found.tzinfo is UTC and 2000 <= found.year < 2100)


@given(
    st.datetimes(
        min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis wants naive bounds
        max_value=datetime(2099, 12, 30),  # noqa: DTZ001 - hypothesis wants naive bounds
        timezones=st.timezones(),
    )
)
def test_an_iso_time_survives(written: datetime) -> None:
    text = written.isoformat(timespec="microseconds")
    assert moment(text) == datetime.fromisoformat(text)
