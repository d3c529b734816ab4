from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from lab.score_history import ScoreHistory
from lab.workbench import as_operator
from shared.model import AlertKind, CaseId, CaseStatus, Json
from shared.pages.lists import CaseRow
from shared.pages.posture_score import quarter_of, score_view
from shared.policy.score_links import LINKS, Effect, helping
from shared.tasks import keys
from tests.policy.test_secure_score import control, day, judged
from tests.tasks.benches import Bench

RESPONDERS = Path(__file__).parents[2] / "responders"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        ScoreHistory(made.tenant).lay_out(days=5)
        yield made


async def ask(bench: Bench, **request: Any) -> tuple[int, Json]:
    body = json.dumps({"by": "Nia", **request}).encode()
    headers = as_operator("sweeps/secure_score/control", body, bench.clock.now())
    page = await bench.app.move_sweep("secure_score", "control", headers, body)
    return page.status, json.loads(page.body)


async def board(bench: Bench) -> Json:
    found: Json = json.loads((await bench.app.show_sweep("secure_score/board", {})).body)
    return found


def row(number: int, *, kinds: tuple[str, ...] = (), found: tuple[str, ...] = ()) -> CaseRow:
    opened = NOON - timedelta(days=number)
    return CaseRow.model_validate(
        {
            "id": CaseId(f"{number:08x}"),
            "upn": "ada@contoso.example",
            "display_name": "Ada",
            "status": "contained",
            "title": "",
            "severity": "high",
            "kinds": kinds,
            "opened_at": opened,
            "updated_at": opened,
            "waiting": 0,
            "footholds": len(found),
            "found": found,
        }
    )


async def test_before_the_first_run_nothing_is_claimed(bench: Bench) -> None:
    found = await board(bench)
    assert (found["board"], found["trend"], found["prevented"]) == (None, [], [])


async def test_the_board_has_the_trend_the_steps_and_what_is_unknown(bench: Bench) -> None:
    await bench.app.start_sweeps()
    await bench.settle(within=timedelta(days=1))
    found = await board(bench)
    assert len(found["trend"]) == 5
    assert found["board"]["together"]["points"] > 0
    averages = {one["basis"]: one["average"] for one in found["board"]["comparisons"]}
    assert averages == {"AllTenants": 46.5, "TotalSeats": None}


async def test_a_case_says_which_controls_would_have_helped_and_why(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    case = await bench.case(bench.the_case().id)
    found = {line["control"]: line for line in case["hardening"]}
    assert found["MFARegistrationV2"]["effect"] == "stopped"
    assert "risky_sign_in" in found["MFARegistrationV2"]["because"]
    assert all(line["reason"] for line in found.values())


async def test_the_board_counts_the_cases_that_each_control_would_have_met(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    await bench.app.start_sweeps()
    await bench.settle(within=timedelta(days=1))
    met = {one["control"]: one for one in (await board(bench))["prevented"]}
    assert met["MFARegistrationV2"]["cases"] == [bench.the_case().id]
    assert met["MFARegistrationV2"]["share"] == 0.0


async def test_a_case_that_is_not_settled_is_counted_once(bench: Bench) -> None:
    await bench.detect(1, level="medium")
    await bench.settle()
    assert bench.the_case().status is CaseStatus.WAITING
    found = await board(bench)
    assert found["cases"] == 1
    assert all(one["cases"] == [bench.the_case().id] for one in found["prevented"])


def test_a_request_to_mend_a_setting_is_no_case_that_anything_would_have_stopped() -> None:
    asked = row(1, kinds=(AlertKind.HARDENING_REQUEST,), found=("forwarding",))
    found = score_view(None, [], [asked], NOON)
    assert (found.cases, found.prevented) == (0, ())


def test_what_is_found_on_every_account_points_to_no_control() -> None:
    assert helping((), ("password", "session", "sign_in")) == ()


async def test_the_case_page_says_what_would_have_helped_and_why(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    page = await bench.app.page(f"cases/{bench.the_case().id}", {})
    text = " ".join(page.body.split())
    assert "What would have stopped or shortened this" in text
    links = {link.control: link for link, _ in helping(("risky_sign_in",), ())}
    assert links
    assert all(name in text and escape(link.reason) in text for name, link in links.items())


def test_only_cases_of_this_quarter_count_and_the_control_that_meets_most_comes_first() -> None:
    risky, phish = (AlertKind.RISKY_SIGN_IN,), (AlertKind.CONSENT_PHISHING,)
    rows = [row(1, kinds=risky), row(2, kinds=risky, found=("forwarding",)), row(90, kinds=phish)]
    found = score_view(None, [], rows, NOON)
    assert found.cases == 2
    counts = {one.control: len(one.cases) for one in found.prevented}
    assert counts == {"MFARegistrationV2": 2, "SigninRiskPolicy": 2, "mdo_blockmailforward": 1}
    assert found.prevented[-1].control == "mdo_blockmailforward"


def test_a_control_that_microsoft_does_not_list_here_is_unknown_and_not_off() -> None:
    known = judged(day(0, door=5), controls=(control("door"),))
    (one, *_) = score_view(known, [], [row(1, kinds=("risky_sign_in",))], NOON).prevented
    assert (one.state, one.share) == (None, None)


@pytest.mark.parametrize(("month", "first"), [(1, 1), (3, 1), (4, 4), (11, 10), (12, 10)])
def test_a_quarter_begins_in_january_april_july_or_october(month: int, first: int) -> None:
    assert quarter_of(datetime(2026, month, 28, tzinfo=UTC).date()).month == first


async def test_a_decision_reaches_microsoft_and_is_written_down_with_who_and_why(
    bench: Bench,
) -> None:
    status, _ = await ask(
        bench, control="mdo_blockmailforward", state="solved by a third party", reason="Our gateway"
    )
    assert status == 200
    (update,) = bench.tenant.state.posture.controls["mdo_blockmailforward"].updates
    assert (update.state, update.comment) == ("ThirdParty", "Our gateway (Nia, by Firebreak)")
    assert "decided" in [line["event"] for line in bench.rows(keys.LINE)]
    (kept,) = bench.rows(keys.DECISION)
    assert (kept["by"], kept["reason"], kept["outcome"]) == ("Nia", "Our gateway", "taken")


async def test_a_control_of_defenders_is_refused_with_what_to_do_and_that_is_written_down(
    bench: Bench,
) -> None:
    status, told = await ask(bench, control="scid_2001", state="risk accepted", reason="No")
    assert status == 409
    assert told["error"] == "Graph takes no state for Defender's own controls"
    assert bench.tenant.state.posture.controls["scid_2001"].updates == ()
    (kept,) = bench.rows(keys.DECISION)
    assert kept["outcome"] == "refused"


async def test_a_decision_stands_in_the_store_before_microsoft_hears_of_it(bench: Bench) -> None:
    bench.tenant.fail(match="PATCH */secureScoreControlProfiles/*", status=503)
    with pytest.raises(Exception, match="503"):
        await ask(bench, control="AdminMFAV2", state="risk accepted", reason="For now")
    (kept,) = bench.rows(keys.DECISION)
    assert (kept["control"], kept["outcome"]) == ("AdminMFAV2", "refused")


async def test_nobody_decides_without_the_role_or_the_secret(bench: Bench) -> None:
    body = b'{"by":"Eve","control":"AdminMFAV2","state":"risk accepted","reason":"x"}'
    headers = {"accept": "application/json", "origin": "https://mallory.example"}
    page = await bench.app.move_sweep("secure_score", "control", headers, body)
    assert page.status == 403
    assert bench.rows(keys.DECISION) == []


def test_every_link_names_footholds_that_some_responder_finds_and_says_why() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in RESPONDERS.glob("*.py"))
    for link in LINKS:
        assert link.reason
        assert link.kinds or link.footholds
        assert link.effect in Effect
        assert all(f'"{foothold}"' in source for foothold in link.footholds)
    assert len({link.control for link in LINKS}) == len(LINKS)
