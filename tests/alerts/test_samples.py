"""Payloads published by others: what each must read as, and why where its draft label is wrong.

They stay outside the project; without them these tests are skipped.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.alerts.carrier import Recognised
from shared.alerts.catalogue import carriers, recognise
from shared.model import AlertKind
from tests.alerts.read_cases import SAMPLES, differences

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the published samples are not beside this checkout"
)

MACHINE = {"not_for_us": "is no sign-in or outbound mail alert we answer"}
REPORTED = {"not_for_us": "the user it names is the one who reported"}
APPLICATION = {"not_for_us": "an application or agent"}
METRIC = {"not_for_us": "is no log alert: it is about a resource"}
CUSTOM = {"not_for_us": "comes from a custom rule, whose title is free text"}
NO_ROW = {"unreadable": "not a Sentinel alert"}
HISTORY = {"not_for_us": "a line of a risky user's history"}
REMEDIATED = {"not_for_us": "its state is remediated (userPerformedSecuredPasswordReset)"}
PLACEHOLDER = {"unreadable": "riskState 'String' is not a state Microsoft documents"}
BROKEN = {"unreadable": "the body is not JSON"}
UNLISTED = {"not_for_us": "is not among the rules of this source, and it passes on no Microsoft"}

EXPECTED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "graph-alerts-v2/panther-anonymous-ip.json": (
        "graph_alerts_v2",
        [
            {
                "recognised": {
                    "native_id": "abcd12345efghijk6789",
                    "kind": "risky_sign_in",
                    "severity": "medium",
                    "occurred_at": "2026-04-01T14:31:48.438000Z",
                    "account": {
                        "object_id": "011d5ede-0faa-4946-a25e-b2cd0c47a52c",
                        "upn": "homer.simpson@corporation.onmicrosoft.com",
                    },
                    "evidence": {"ip": "185.220.103.6", "location": "US"},
                }
            }
        ],
    ),
    "graph-alerts-v2/panther-password-spray.json": (
        "graph_alerts_v2",
        [
            {
                "recognised": {
                    "native_id": "abcdefg-123456-hijklmno",
                    "kind": "risky_sign_in",
                    "severity": "high",
                    "occurred_at": "2026-04-02T14:22:00.698000Z",
                    "account": {"upn": "homer.simpson@corporation.onmicrosoft.com"},
                }
            }
        ],
    ),
    "graph-alerts-v2/panther-anonymous-ip-resolved.json": (
        "graph_alerts_v2",
        [{"not_for_us": "the alert is resolved"}],
    ),
    "graph-alerts-v2/panther-informational.json": ("graph_alerts_v2", [MACHINE]),
    "graph-alerts-v2/stixshifter-alertv2-flattened.json": ("graph_alerts_v2", [MACHINE]),
    "graph-alerts-v2/stixshifter-alertv2-list.json": ("graph_alerts_v2", [MACHINE]),
    # Labelled risky_signin, but both are remediated: the kind is right, there is nothing to do.
    "graph-identity-protection/msdocs-riskdetection-get-v1.json": (
        "identity_protection",
        [REMEDIATED],
    ),
    "graph-identity-protection/msdocs-riskdetection-list-beta.json": (
        "identity_protection",
        [REMEDIATED],
    ),
    # The object id is real, every other value is a type name: a person may look.
    "graph-identity-protection/msdocs-riskyuser-get-v1.json": (
        "identity_protection",
        [PLACEHOLDER],
    ),
    "graph-identity-protection/msdocs-riskyuser-list-v1.json": (
        "identity_protection",
        [PLACEHOLDER],
    ),
    # The middle line says atRisk, and was true for half an hour in 2019.
    "graph-identity-protection/msdocs-riskyuser-history-beta.json": (
        "identity_protection",
        [HISTORY, HISTORY, HISTORY],
    ),
    # A shape that Graph stopped serving; one of the two says active.
    "graph-identity-protection/msdocs-identityriskevent-list-beta.json": (
        "identity_protection",
        [{"unreadable": "a shape Graph retired"}],
    ),
    # A user who reported a message: the one mailbox it names is his.
    "graph-incidents/rapid7-get-incident.json": ("graph_incidents", [REPORTED]),
    "graph-incidents/rapid7-list-incidents.json": ("graph_incidents", [REPORTED]),
    "graph-alerts-v1-legacy/demisto-alert-details.json": ("graph_alerts_legacy", [MACHINE]),
    "graph-alerts-v1-legacy/demisto-alerts-list.json": ("graph_alerts_legacy", [MACHINE] * 3),
    # A message in a mailbox: subscriptions to messages are not for us.
    "graph-change-notification/msdocs-change-notification.json": (
        "graph_notifications",
        [{"not_for_us": "which is no alert we fetch"}],
    ),
    "graph-change-notification/msdocs-eventhub-validation.json": (
        "graph_notifications",
        [{"not_for_us": "Graph tests whether it can deliver here"}],
    ),
    # Labelled as a pointer to fetch; it has none, and says that the subscription is gone.
    "graph-change-notification/msdocs-lifecycle-notification.json": (
        "graph_notifications",
        [{"not_for_us": "subscribe again"}],
    ),
    # The claims of a token, with comments between them.
    "graph-change-notification/msdocs-rich-notification.txt": ("graph_notifications", [BROKEN]),
    # Type names in place of values, its title among them.
    "graph-alerts-v1-legacy/msdocs-alert-get-v1.json": ("graph_alerts_legacy", [MACHINE]),
    "graph-identity-protection/msdocs-signin-get-v1.txt": ("identity_protection", [BROKEN]),
    "graph-identity-protection/msdocs-signin-list-v1.txt": ("identity_protection", [BROKEN]),
    # Labelled ambiguous: the state says atRisk, the detail that Microsoft's model cleared it. Both
    # are kept: the alert is shown, quietly, and a person decides.
    "entra-diagnostic-eventhub/panther-highrisk-0.json": (
        "entra_diagnostics",
        [
            {
                "recognised": {
                    "kind": "risky_sign_in",
                    "severity": "low",
                    "account": {"upn": "john@justice.org"},
                    "evidence": {
                        "held": "the state says atRisk, the detail says aiConfirmedSigninSafe:"
                        " a person decides"
                    },
                }
            }
        ],
    ),
    "entra-diagnostic-eventhub/panther-highrisk-1.json": (
        "entra_diagnostics",
        [{"not_for_us": "its state is dismissed"}],
    ),
    "entra-diagnostic-eventhub/panther-risklevel-0.json": ("entra_diagnostics", [APPLICATION]),
    "entra-diagnostic-eventhub/panther-risklevel-1.json": ("entra_diagnostics", [APPLICATION]),
    "entra-diagnostic-eventhub/panther-risklevel-2.json": ("entra_diagnostics", [APPLICATION]),
    "entra-diagnostic-eventhub/splunk-signinlogs.json": (
        "entra_diagnostics",
        [{"not_for_us": "the sign-in was not risky"}],
    ),
    "defender-xdr-streaming/panther-xdr-alertevidence-sentinel-host.json": (
        "defender_streaming",
        [{"not_for_us": "type Machine names no account"}],
    ),
    "defender-xdr-streaming/panther-xdr-alertinfo-sentinel-rule.json": (
        "defender_streaming",
        [{"not_for_us": "custom rule"}],
    ),
    "defender-xdr-streaming/splunk-alertevidence-cloudresource.json": (
        "defender_streaming",
        [{"not_for_us": "type CloudResource names no account"}],
    ),
    # Metric alerts of storage, a web app and virtual machines.
    "azure-monitor/alerta-classic-metric-alert-0.json": ("azure_monitor", [METRIC]),
    "azure-monitor/alerta-classic-metric-alert-1.json": ("azure_monitor", [METRIC]),
    "azure-monitor/alerta-new-metric-alert-2.json": ("azure_monitor", [METRIC]),
    "azure-monitor/alerta-new-metric-alert-3.json": ("azure_monitor", [METRIC]),
    # Another product's summary of Sentinel's alerts: its keys are not Sentinel's.
    "sentinel/demisto-expected-alerts.json": ("sentinel_alert", [NO_ROW]),
    "sentinel/demisto-expected-entities.json": (
        "sentinel_incident",
        [{"unreadable": "not a Sentinel incident"}],
    ),
    "sentinel/demisto-incidents-list-mock.json": ("sentinel_incident", [MACHINE]),
    "sentinel/msticpy-securityalert-account-creation.json": ("sentinel_alert", [MACHINE]),
    "sentinel/msticpy-securityalert-custom-bare-names.json": ("sentinel_alert", [CUSTOM]),
    "sentinel/msticpy-securityalert-custom-upnsuffix.json": ("sentinel_alert", [CUSTOM]),
    "sentinel/msticpy-securityalert-domain-accounts-queried.json": ("sentinel_alert", [MACHINE]),
    "sentinel/msticpy-securityalert-registry-persistence.json": ("sentinel_alert", [MACHINE]),
    # The confusable one: a virtual machine's outgoing spam.
    "sentinel/msticpy-securityalert-vm-outgoing-spam.json": ("sentinel_alert", [MACHINE]),
    "sentinel/rapid7-example-incident.json": ("sentinel_incident", [MACHINE]),
    # What a playbook module makes of an incident; the incident itself is not in it.
    "sentinel/stat-base-module-output.json": (
        "sentinel_incident",
        [{"unreadable": "not a Sentinel incident"}],
    ),
    "sentinel/stixshifter-securityalert-asc-sample.json": ("sentinel_alert", [MACHINE]),
    "o365-management-activity/msdocs-content-records.json": (
        "o365_activity",
        [
            {"not_for_us": "'PasswordLogonInitialAuthUsingPassword' is not an alert"},
            {"not_for_us": "'PasswordLogonInitialAuthUsingPassword' is not an alert"},
            {"not_for_us": "'Add User.' is not an alert"},
        ],
    ),
    "o365-management-activity/msdocs-webhook-notification.txt": ("o365_activity", [BROKEN]),
    "o365-management-activity/msdocs-webhook-validation.txt": ("o365_activity", [BROKEN]),
    "o365-management-activity/splunk-set-mailbox.json": (
        "o365_activity",
        [{"not_for_us": "'Set-Mailbox' is not an alert"}],
    ),
    "o365-management-activity/splunk-userloginfailed.json": (
        "o365_activity",
        [{"not_for_us": "'UserLoginFailed' is not an alert"}],
    ),
    # The confusable word is in a description, and nobody said what the rule means.
    "siem-qradar/demisto-offense.json": ("qradar", [UNLISTED]),
    "siem-rapid7-insightidr/demisto-investigations.json": (
        "insightidr",
        [UNLISTED, {"not_for_us": "the alert is over: its state is 'CLOSED'"}],
    ),
    # The actors of an alert, without the alert.
    "siem-rapid7-insightidr/rapid7-alert-actors.json": (
        "insightidr",
        [{"unreadable": "neither an alert nor an investigation of InsightIDR"}],
    ),
    "siem-rapid7-insightidr/rapid7-alert-information.json": ("insightidr", [UNLISTED]),
    # An analyst looks into it; the verdict says benign already.
    "siem-rapid7-insightidr/rapid7-investigations.json": (
        "insightidr",
        [{"not_for_us": "the alert is over: its state is 'BENIGN'"}],
    ),
    "siem-rapid7-insightidr/rapid7-search-alerts.json": ("insightidr", [UNLISTED] * 2),
}
OURS = {name.partition("/")[0] for name in EXPECTED}
EVERY = sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.glob("*/*"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_published_sample_of_our_carriers_reads_as_expected(name: str) -> None:
    carrier, expected = EXPECTED[name]
    readings = carriers()[carrier].read((SAMPLES / name).read_bytes())
    assert len(readings) == len(expected), readings
    for reading, wanted in zip(readings, expected, strict=True):
        assert not differences(reading, wanted)


def test_every_published_sample_of_our_carriers_has_an_expectation() -> None:
    assert {name for name in EVERY if name.partition("/")[0] in OURS} == set(EXPECTED)


@pytest.mark.parametrize("name", [each for each in EVERY if each.partition("/")[0] not in OURS])
def test_a_sample_of_another_carrier_is_never_taken_for_an_alert_of_ours(name: str) -> None:
    body = (SAMPLES / name).read_bytes()
    for carrier in carriers().values():
        assert not [each for each in carrier.read(body) if isinstance(each, Recognised)]


@pytest.mark.parametrize("name", EVERY)
def test_replay_is_told_at_most_one_carrier_that_sees_an_alert(name: str) -> None:
    seen = [
        carrier
        for carrier, readings in recognise((SAMPLES / name).read_bytes())
        if any(isinstance(reading, Recognised) for reading in readings)
    ]
    wants = [c for c, wanted in [EXPECTED.get(name, ("", []))] if "recognised" in str(wanted)]
    assert seen == wants


def test_every_built_in_policy_that_we_know_has_the_id_and_code_of_the_published_export() -> None:
    import json

    from shared.alerts.policies import POLICIES
    from shared.alerts.text import fold

    export = json.loads((SAMPLES / "reference" / "scubagear-protection-alerts.json").read_bytes())
    published = {
        each["ImmutableId"]: (fold(each["Name"]), each["Operation"])
        for each in export
        if each["IsSystemRule"]
    }
    for policy in POLICIES:
        assert published[policy.id] == (fold(policy.name), [policy.operation])
    assert len({policy.id for policy in POLICIES}) == len(POLICIES)
    assert {policy.kind for policy in POLICIES} - {None} <= set(AlertKind)
