from __future__ import annotations

import pytest

from shared.alerts.kinds import Irrelevant, Meaning, by_detection, by_policy, custom, severity
from shared.alerts.policies import POLICIES, Policy
from shared.alerts.risk import Standing, confirmed, judge
from shared.alerts.text import clean, fold, name, notes
from shared.errors import Undecodable
from shared.model import Severity


@pytest.mark.parametrize("policy", POLICIES, ids=lambda each: each.operation)
def test_a_policy_is_known_by_id_by_code_and_by_a_distorted_name(policy: Policy) -> None:
    distorted = f"\u200b{policy.name.upper().replace(' ', '')}\u200b"
    for found in (
        by_policy(ids=[policy.id.upper()], operations=(), title=""),
        by_policy(ids=(), operations=[policy.operation], title=""),
        by_policy(ids=(), operations=(), title=distorted),
    ):
        if policy.kind:
            assert found == Meaning(kind=policy.kind)
        else:
            assert isinstance(found, Irrelevant)
            assert policy.why_not in found.reason


@pytest.mark.parametrize(
    "title",
    [
        "Possible outgoing spam activity detected",
        "Outbound port scan",
        "User account disabled for spamming",
        "User restricted",
        "User restricted from sending email to group X",
    ],
)
def test_a_word_in_a_title_means_nothing(title: str) -> None:
    assert by_policy(ids=(), operations=(), title=title) is None
    assert by_detection(codes=(), title=title, products=["microsoftDefenderForOffice365"]) is None


def test_two_policies_of_different_meaning_are_held() -> None:
    found = by_policy(
        ids=["f86c81d5-272e-4825-a957-366e964f702c"], operations=["CompromisedAccount"], title=""
    )
    assert isinstance(found, Meaning)
    assert "sharing forms" in found.held


def test_a_machine_watcher_s_title_is_no_sign_in() -> None:
    for product in ("microsoftDefenderForEndpoint", "microsoftDefenderForCloud"):
        assert by_detection(codes=(), title="Malicious IP address", products=[product]) is None


def test_only_rules_somebody_wrote_are_custom() -> None:
    assert custom(["microsoft365Defender", "customDetection"])
    assert not custom(["azureAdIdentityProtection"])


def test_an_unlisted_severity_is_unknown_not_low() -> None:
    assert severity("High") is Severity.HIGH
    assert severity("100") is severity(None) is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("state", "detail", "standing"),
    [
        ("atRisk", "none", Standing.LIVE),
        ("AtRisk", None, Standing.LIVE),
        ("confirmedCompromised", "adminConfirmedUserCompromised", Standing.LIVE),
        ("confirmedCompromised", "adminConfirmedSigninCompromised", Standing.LIVE),
        ("atRisk", "hidden", Standing.LIVE),
        ("atRisk", "somethingNew", Standing.LIVE),
        ("atRisk", "adminGeneratedTemporaryPassword", Standing.LIVE),
        ("atRisk", "aiConfirmedSigninSafe", Standing.DISPUTED),
        ("confirmedCompromised", "adminDismissedAllRiskForUser", Standing.DISPUTED),
        ("none", "none", Standing.CLOSED),
        ("confirmedSafe", "adminConfirmedAccountSafe", Standing.CLOSED),
        ("dismissed", "none", Standing.CLOSED),
        ("remediated", "adminConfirmedUserCompromised", Standing.CLOSED),
        (None, "none", Standing.UNSAID),
        ("unknownFutureValue", None, Standing.UNSAID),
    ],
)
def test_a_risk_stands_as_state_and_detail_say(
    state: str | None, detail: str | None, standing: Standing
) -> None:
    risk = judge(state, detail)
    assert risk.standing is standing
    assert bool(risk.reason) is (standing is not Standing.LIVE)


def test_a_state_nobody_documents_is_not_guessed_at() -> None:
    with pytest.raises(Undecodable, match="'String' is not a state"):
        judge("String", "none")


def test_an_administrator_s_verdict_is_marked_wherever_it_stands() -> None:
    assert confirmed("none", "AdminConfirmedUserCompromised") == "adminConfirmedUserCompromised"
    assert confirmed("adminConfirmedSigninCompromised", None) is None


def test_strings_from_outside_become_one_short_printable_line() -> None:
    dirty = "a\x00b\x1b[31m\r\nc\u202e\ud800\u200b d" + "x" * 600
    shown = clean(dirty)
    assert shown.startswith("ab[31m  c dxxx")
    assert len(shown) == 500
    assert shown.isprintable()
    assert notes(a="\u200b", b=None, c=" d ") == {"c": "d"}


def test_titles_are_compared_without_case_spaces_and_format_characters() -> None:
    assert fold("User  Restricted\u200b\tX") == fold("userrestrictedx")


def test_a_long_native_id_is_hashed_not_cut() -> None:
    one, other = name("a" * 300 + "1"), name("a" * 300 + "2")
    assert one != other
    assert len(one) == len(other) == 64
    assert name("id", None, "atRisk") == "id:atRisk"
