from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clients.consents import App, Grant
from shared.model import ObjectId, TenantId
from shared.policy.app_consents import judge_by_content, judge_by_time

OWN = TenantId("our tenant")
GRANT = Grant(
    id="g",
    client=ObjectId("app"),
    consent_type="Principal",
    principal=ObjectId("ada"),
    resource=ObjectId("graph"),
    scope="Mail.Read offline_access",
)
APP = App(object_id=ObjectId("app"), app_id="a", name="Tool", enabled=True, home="elsewhere")


def test_content_alone_convicts_where_everything_speaks_against_it() -> None:
    assert len(judge_by_content(GRANT, APP, own=OWN).reasons) == 4


@pytest.mark.parametrize(
    ("grant", "app"),
    [
        ({"scope": "Mail.Read"}, {}),
        ({"scope": "User.Read offline_access"}, {}),
        ({"scope": "Mailbox offline_access"}, {}),
        ({}, {"publisher": "Known Ltd"}),
        ({}, {"home": OWN}),
        ({}, {"home": None}),
        ({}, {"app_id": None}),
    ],
)
def test_one_thing_in_its_favour_or_unknown_and_content_does_not_convict(
    grant: dict[str, Any], app: dict[str, Any]
) -> None:
    judged = judge_by_content(GRANT.model_copy(update=grant), APP.model_copy(update=app), own=OWN)
    assert judged.reasons == ()


def test_the_time_alone_convicts_however_harmless_it_looks() -> None:
    harmless = GRANT.model_copy(update={"scope": "User.Read"})
    known = APP.model_copy(update={"publisher": "Known Ltd", "home": OWN})
    at = datetime(2026, 11, 23, 12, 1, tzinfo=UTC)
    judged = judge_by_time(harmless, known, given_at=at, own=OWN)
    assert judged.reasons == ("Given 2026-11-23 12:01 UTC, after the compromise began",)
