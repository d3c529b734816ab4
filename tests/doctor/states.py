"""Every state that a check can find, and how a deployment comes into it: one row for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from lab.tenant.settings import Licence
from shared.model import AlertId
from shared.tasks.queue import POISON_QUEUE_NAME, TriageMessage
from tests.doctor.clinic import (
    BLOCK,
    BLOCKS,
    GIVEN_UP,
    NOTIFY,
    OPERATOR,
    PROTECTED,
    RULE,
    WELL,
    Clinic,
    Wish,
    source,
)

ANOTHER = "00000000-0000-4000-8000-000000000001"
ALL_IS_WELL = Wish()


def without(*rights: str) -> Callable[[Clinic], None]:
    """Take application permissions away."""

    def take(clinic: Clinic) -> None:
        clinic.tenant.granted -= set(rights)

    return take


def also(*rights: str) -> Callable[[Clinic], None]:
    """Grant more application permissions."""

    def give(clinic: Clinic) -> None:
        clinic.tenant.granted |= set(rights)

    return give


def unlicensed(*gone: Licence) -> Callable[[Clinic], None]:
    """Let licences run out."""

    def end(clinic: Clinic) -> None:
        left = clinic.tenant.settings.licences - set(gone)
        clinic.tenant.settings = replace(clinic.tenant.settings, licences=left)

    return end


def exchange_roles(change: Callable[[frozenset[str]], frozenset[str]]) -> Callable[[Clinic], None]:
    """Change the Exchange role group."""

    def regroup(clinic: Clinic) -> None:
        clinic.tenant.exchange.roles = change(clinic.tenant.exchange.roles or frozenset())

    return regroup


def entra_roles(*roles: str) -> Callable[[Clinic], None]:
    """Change the directory roles of the app."""

    def assign(clinic: Clinic) -> None:
        clinic.tenant.entra_roles = frozenset(roles)

    return assign


def failing(call: str) -> Callable[[Clinic], None]:
    """Let a call of the tenant fail."""

    def order(clinic: Clinic) -> None:
        clinic.tenant.fail(match=call, times=99)

    return order


def skewed(clinic: Clinic) -> None:
    clinic.tenant.settings = replace(clinic.tenant.settings, clock_skew=-90.0)


def no_access_rule(clinic: Clinic) -> None:
    clinic.tenant.state.directory.rules.clear()


def reporting_only(clinic: Clinic) -> None:
    rules = clinic.tenant.state.directory.rules
    for rid, rule in rules.items():
        rules[rid] = replace(rule, state="enabledForReportingButNotEnforced")


async def late(clinic: Clinic) -> None:
    await clinic.detect(2)
    clinic.clock.advance(600)


async def poisoned(clinic: Clinic) -> None:
    await clinic.detect(2)
    (fresh,) = [alert for alert in clinic.alerts() if alert.state == "received"]
    message = TriageMessage(tenant=clinic.app.settings.tenant, alert=AlertId(fresh.id))
    await clinic.app.poison(message.model_dump_json())


async def left_in_poison(clinic: Clinic) -> None:
    await clinic.side_queues[POISON_QUEUE_NAME].put(json.dumps({"do": "what?"}))


async def refused_once(clinic: Clinic) -> None:
    await clinic.delivery(failed=1)


async def given_up(clinic: Clinic) -> None:
    await clinic.delivery(failed=GIVEN_UP)


async def behind(clinic: Clinic) -> None:
    clinic.clock.advance(20 * 60)


def policy_changed(clinic: Clinic) -> None:
    file = clinic.app.settings.policy
    file.write_text(file.read_text(encoding="utf-8") + "\n# another line\n", encoding="utf-8")


P2 = (Licence.ENTRA_P2,)
P1 = (Licence.ENTRA_P1, Licence.ENTRA_P2)
UNUSED = Wish(used=False)

STATES: Mapping[tuple[str, str], Wish] = {
    ("blocked_group", "blocks"): ALL_IS_WELL,
    ("blocked_group", "not_used"): Wish(policy=PROTECTED + NOTIFY + RULE),
    ("blocked_group", "no_group"): Wish(policy=PROTECTED + NOTIFY + RULE + BLOCKS),
    ("blocked_group", "group_gone"): Wish(policy=WELL.replace("{blocked}", ANOTHER)),
    ("blocked_group", "no_policy"): Wish(then=no_access_rule),
    ("blocked_group", "policy_unfit"): Wish(then=reporting_only),
    ("blocked_group", "unlicensed"): Wish(then=unlicensed(*P1)),
    ("break_glass", "apart"): ALL_IS_WELL,
    ("break_glass", "none"): Wish(policy=BLOCK + NOTIFY + RULE + BLOCKS),
    ("break_glass", "itself"): Wish(policy=WELL.replace("{other}", "{ourselves}")),
    ("channels", "reached"): ALL_IS_WELL,
    ("channels", "none"): Wish(policy=PROTECTED + RULE, settings={"channels": ()}, used=False),
    ("channels", "untold"): Wish(policy=PROTECTED + BLOCK + RULE + BLOCKS),
    ("channels", "untried"): UNUSED,
    ("channels", "failing"): Wish(then=refused_once),
    ("channels", "dead"): Wish(then=given_up),
    ("clocks", "agree"): ALL_IS_WELL,
    ("clocks", "differ"): Wish(then=skewed),
    ("entra_role", "held"): ALL_IS_WELL,
    ("entra_role", "none"): Wish(then=entra_roles()),
    ("entra_role", "none_needed"): Wish(
        policy='[guards]\nprivileged = "observe"\n' + WELL, then=entra_roles()
    ),
    ("entra_role", "other"): Wish(then=entra_roles("User Administrator", "Exchange Administrator")),
    ("feeds", "read"): ALL_IS_WELL,
    ("feeds", "none"): Wish(settings={"pull": ()}),
    ("feeds", "never"): UNUSED,
    ("feeds", "behind"): Wish(then=behind),
    ("feeds", "connected"): Wish(settings={"event_hub": "defender"}),
    ("feeds", "no_connection"): Wish(settings={"event_hub": "entra"}),
    ("own_identity", "known"): ALL_IS_WELL,
    ("own_identity", "not_set"): Wish(settings={"own_object_id": None}),
    ("own_identity", "another"): Wish(settings={"own_object_id": ANOTHER}),
    ("own_identity", "another_tenant"): Wish(settings={"tenant_id": ANOTHER}, used=False),
    ("poison", "none"): ALL_IS_WELL,
    ("poison", "left"): Wish(then=left_in_poison),
    ("poison", "shown"): Wish(then=poisoned),
    ("protected", "there"): ALL_IS_WELL,
    ("protected", "none"): Wish(policy=BLOCK + NOTIFY + RULE + BLOCKS),
    ("protected", "missing"): Wish(policy=WELL.replace("{other}", "gone@contoso.example")),
    ("protected", "empty"): Wish(policy='[protected]\ngroups = ["{empty}"]\n' + RULE),
    ("protected", "not_looked_up"): Wish(then=failing("GET /users/{id}")),
    ("queue_age", "moving"): ALL_IS_WELL,
    ("queue_age", "late"): Wish(then=late),
    ("rights", "ready"): ALL_IS_WELL,
    ("rights", "off"): ALL_IS_WELL,
    ("rights", "missing_permission"): Wish(then=without("User.EnableDisableAccount.All")),
    ("rights", "missing_role"): Wish(then=exchange_roles(lambda held: held - {"Mail Recipients"})),
    ("rights", "missing_licence"): Wish(then=unlicensed(*P2)),
    ("rights", "rights_unknown"): Wish(then=without("Exchange.ManageAsApp")),
    ("source_secrets", "good"): ALL_IS_WELL,
    ("source_secrets", "off"): Wish(
        settings={"sources": (source(enabled=False), OPERATOR)}, used=False
    ),
    ("source_secrets", "no_secret"): Wish(
        settings={"sources": (source(auth={"secrets": []}), OPERATOR)}, used=False
    ),
    ("source_secrets", "short"): Wish(
        settings={"sources": (source("seventeen letters"), OPERATOR)}, used=False
    ),
    ("source_secrets", "two"): Wish(
        settings={"sources": (source("n" * 64, "o" * 64), OPERATOR)}, used=False
    ),
    ("source_secrets", "in_address"): Wish(
        settings={"sources": (source(auth={"scheme": "url"}), OPERATOR)}, used=False
    ),
    ("source_secrets", "undated"): Wish(
        settings={"sources": (source(auth={"signed": "{body}"}), OPERATOR)}, used=False
    ),
    ("source_secrets", "no_operator"): Wish(settings={"sources": (source(),)}),
    ("source_secrets", "nobody"): Wish(settings={"sources": (OPERATOR,), "pull": ()}, used=False),
    ("source_silence", "heard"): ALL_IS_WELL,
    ("source_silence", "off"): Wish(
        settings={"sources": (source(enabled=False), OPERATOR)}, used=False
    ),
    ("source_silence", "quiet"): Wish(then=lambda clinic: clinic.weeks(3)),
    ("source_silence", "never"): UNUSED,
    ("source_silence", "none"): Wish(settings={"sources": (OPERATOR,)}, used=False),
    ("storage", "works"): ALL_IS_WELL,
    ("storage", "fails"): Wish(then=Clinic.nowhere),
    ("surplus", "exact"): ALL_IS_WELL,
    ("surplus", "surplus_permission"): Wish(then=also("Mail.Send")),
    ("surplus", "surplus_role"): Wish(then=exchange_roles(lambda held: held | {"Role Management"})),
    ("surplus", "rights_unknown"): Wish(then=without("Exchange.ManageAsApp")),
    ("version", "in_force"): ALL_IS_WELL,
    ("version", "changed"): Wish(then=policy_changed),
}
"""By check and kind."""
