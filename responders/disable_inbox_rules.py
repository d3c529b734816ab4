"""Switch off the inbox rules that serve the intruder."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients import exchange, graph
from shared.clients.inbox import InboxRule, RuleState
from shared.clients.tenant import Tenant
from shared.errors import Denied, Gone, Refused, Transient
from shared.model import Case, Difference, Foothold, Phase, Who, number_of
from shared.policy.inbox_rules import JudgedRule, judge
from shared.responder import Change, Impact, Responder


class InboxRulesDisabled(Change):
    """The intruder's rules as exported before they were switched off, each with its reasons."""

    choices = "rules"
    rules: tuple[JudgedRule, ...]

    def summary(self) -> str:
        """Say what will be done."""
        return f"Switch off {number_of(len(self.rules), 'inbox rule')}"

    def differences(self) -> tuple[Difference, ...]:
        """List the rules that are switched off."""
        return tuple(
            Difference(what=_label(judged.rule), was="on", becomes="off") for judged in self.rules
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each rule and why it is the intruder's."""
        return tuple(
            Foothold(
                kind="hidden_inbox_rule" if judged.rule.hidden else "inbox_rule",
                label=_label(judged.rule),
                reasons=judged.reasons,
            )
            for judged in self.rules
        )


class DisableInboxRules(Responder[InboxRulesDisabled]):
    """Switch off the inbox rules that serve the intruder.

    Only rules whose content gives them away, each with a score and reasons; the owner's stay on.
    Visible rules are changed through Graph, because Exchange deletes the owner's client-side
    Outlook rules with every change it makes; hidden rules exist only for Exchange.
    """

    phase = Phase.EVICT
    impact = Impact.SETTING
    techniques = frozenset({"T1137.005", "T1114.003", "T1564.008"})
    permissions = frozenset(
        {
            graph.MAILBOX_SETTINGS_READ,
            graph.MAILBOX_SETTINGS_WRITE,
            graph.DOMAIN_READ_ALL,
            exchange.MANAGE_AS_APP,
        }
    )
    exchange_roles = frozenset({exchange.USER_OPTIONS})

    async def plan(self, case: Case, tenant: Tenant) -> InboxRulesDisabled | None:
        """Read all rules of both services and judge those that are on.

        Where Exchange cannot be read, what Graph shows is dealt with first and the refusal is
        raised when only the unknown is left: unknown is not "none".
        """
        who = case.account.who
        domains, visible, everything = await asyncio.gather(
            tenant.directory.domains(), tenant.inbox.all(who.object_id), _everything(who, tenant)
        )
        own = domains.verified
        if isinstance(everything, (Denied, Transient)):
            known = _suspicious(visible, own)
            if not known:
                raise everything
            return InboxRulesDisabled(who=who, rules=known)
        hidden = tuple(rule for rule in everything if rule.hidden)
        found = _suspicious((*_completed(visible, everything), *hidden), own)
        ours = tuple(judged for judged in found if not judged.rule.read_only)
        if ours:
            return InboxRulesDisabled(who=who, rules=ours)
        _hand_over(found)
        return None

    async def apply(self, change: InboxRulesDisabled, tenant: Tenant) -> None:
        """Switch them off; a rule that is gone is fine."""
        await _set_all(change, RuleState.DISABLED, tenant)

    async def undo(self, change: InboxRulesDisabled, tenant: Tenant) -> None:
        """Switch them on again; a rule that was deleted since stays deleted."""
        await _set_all(change, RuleState.ENABLED, tenant)


async def _everything(who: Who, tenant: Tenant) -> tuple[InboxRule, ...] | Denied | Transient:
    """Read all rules from Exchange, or say why they are unknown."""
    try:
        return await tenant.mailbox.rules(who)
    except (Denied, Transient) as error:
        return error


async def _set_all(change: InboxRulesDisabled, state: RuleState, tenant: Tenant) -> None:
    """Set all rules, the visible ones side by side with the hidden ones, each kind in turn.

    Outlook's side of Graph takes four requests at a time per mailbox and Exchange is slower still.
    """
    rules = [judged.rule for judged in change.rules]

    async def in_turn(hidden: bool) -> None:  # noqa: FBT001 - the two kinds of rule
        for rule in rules:
            if rule.hidden is hidden:
                with suppress(Gone):
                    await _set(change, rule, state, tenant)

    results = await asyncio.gather(in_turn(False), in_turn(True), return_exceptions=True)  # noqa: FBT003
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _set(
    change: InboxRulesDisabled, rule: InboxRule, state: RuleState, tenant: Tenant
) -> None:
    if rule.hidden:
        await tenant.mailbox.set_rule_state(change.who, rule.id, state)
    else:
        await tenant.inbox.set_state(change.who.object_id, rule.id, state)


def _suspicious(rules: tuple[InboxRule, ...], own: frozenset[str]) -> tuple[JudgedRule, ...]:
    judged = (judge(rule, own) for rule in rules if rule.enabled)
    return tuple(found for found in judged if found.suspicious)


def _completed(
    visible: tuple[InboxRule, ...], everything: tuple[InboxRule, ...]
) -> tuple[InboxRule, ...]:
    """Take from Exchange what Graph leaves out: folder names, and all of a read-only rule."""
    known = _paired(visible, [rule for rule in everything if not rule.hidden])
    return tuple(_complete(rule, known.get(rule.id)) for rule in visible)


def _paired(visible: tuple[InboxRule, ...], left: list[InboxRule]) -> dict[str, InboxRule]:
    """Find each rule in Exchange's list, by Graph's id: the two services share no other key.

    Names need not be unique, and an intruder may call a rule like one of the owner's. So a rule is
    known by its name and deeds; by its name alone where only one is left, or where Graph shows
    nothing else of it.
    """
    found: dict[str, InboxRule] = {}
    for alike in (_same_deeds, _same_name):
        for rule in visible:
            fitting = [other for other in left if alike(rule, other)]
            sure = alike is _same_deeds or rule.read_only or len(fitting) == 1
            if fitting and sure and rule.id not in found:
                found[rule.id] = fitting[0]
                left.remove(fitting[0])
    return found


def _same_name(rule: InboxRule, other: InboxRule) -> bool:
    return rule.name == other.name


def _same_deeds(rule: InboxRule, other: InboxRule) -> bool:
    return not rule.read_only and _deeds(rule) == _deeds(other)


def _deeds(rule: InboxRule) -> tuple[object, ...]:
    flags = (rule.enabled, rule.deletes, rule.marks_read, rule.stops)
    return rule.name, *flags, frozenset(rule.words), frozenset(rule.forwards_to)


def _complete(rule: InboxRule, full: InboxRule | None) -> InboxRule:
    if full is None:
        return rule
    if rule.read_only:
        return full.model_copy(update={"id": rule.id, "read_only": True})
    return rule.model_copy(update={"folder": full.folder or rule.folder})


def _hand_over(fixed: tuple[JudgedRule, ...]) -> None:
    """Ask a person when nothing is left but rules that Graph may not change."""
    if fixed:
        raise Refused(
            f"{number_of(len(fixed), 'suspicious rule')} can only be changed in Outlook",
            steps=tuple(f"Open the mailbox in Outlook and remove {_label(j.rule)}" for j in fixed),
        )


def _label(rule: InboxRule) -> str:
    return f"{'hidden ' if rule.hidden else ''}inbox rule “{rule.name}”"
