"""Decide which responders answer an alert, and how far each may go. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, takewhile
from typing import Final

from shared.model import PHASES, Mode, Phase, ResponderName, Value
from shared.policy.condition import Facts, Fit
from shared.policy.document import Policy, Rule

_NOT_FOR_ALL: Final = (
    "no responder of the rule is for the whole organisation; name restore_auditing in it, or act "
    "by hand"
)
_BY_STRENGTH: Final = (Mode.OBSERVE, Mode.APPROVE, Mode.ENFORCE)


def strength(mode: Mode) -> int:
    """Order the modes: the further one goes, the stronger it is."""
    return _BY_STRENGTH.index(mode)


class Step(Value):
    """One responder that answers, in its phase, and how far it may go."""

    responder: ResponderName
    phase: Phase
    mode: Mode


class Decision(Value):
    """What the policy says about one alert, or about all alerts of one case."""

    rules: tuple[str, ...] = ()
    """The rules that apply; none means that nothing in the policy covers the alert."""
    steps: tuple[Step, ...] = ()
    """In the order in which doors close, and by name within a phase."""
    reasons: tuple[str, ...] = ()
    refused: bool = False
    """Whether a guard refused the account altogether: no steps, and a person has to act."""
    crowded: bool = False
    """Whether too much happened at once, so that nothing is done again by itself either."""

    @property
    def rule(self) -> str | None:
        """The rules that apply as one text, or `None` where there is none."""
        return ", ".join(self.rules) or None

    @property
    def modes(self) -> dict[ResponderName, Mode]:
        """How far each responder may go, in the order in which doors close."""
        return {step.responder: step.mode for step in self.steps}


def decide(policy: Policy, facts: Facts) -> Decision:
    """Answer one alert: the first rule that fits.

    A rule that cannot be judged may be the one that was meant. Then every rule that may be it has
    its say, and nothing goes further than `approve`.
    """
    unjudged, fitting = _candidates(policy, facts)
    candidates = (*unjudged, *fitting)
    if not candidates:
        return Decision(
            reasons=(f"no rule matched: {_seen(facts)}; add a rule that covers it, or act by hand",)
        )
    ceiling = Mode.APPROVE if unjudged else Mode.ENFORCE
    steps = _steps(policy, candidates, facts)
    wanted = Decision(
        rules=tuple(rule.name for rule in candidates),
        steps=steps,
        reasons=(
            *(_doubt(rule, facts) for rule in unjudged),
            *(f"rule '{rule.name}' matched: {_seen(facts, rule)}" for rule in fitting),
            *(() if steps else (_NOT_FOR_ALL,)),
        ),
    )
    return _under_ceiling(capped(wanted, ceiling), policy.mode_ceiling)


def merge(decisions: Iterable[Decision]) -> Decision:
    """Join the decisions about one case: per responder the strongest mode, and all reasons.

    The order of the decisions does not matter; a refusal of one is a refusal of all.
    """
    ordered = sorted(decisions, key=lambda d: (d.rules, d.reasons, d.model_dump_json()))
    refused = any(decision.refused for decision in ordered)
    steps = chain.from_iterable(decision.steps for decision in ordered)
    return Decision(
        rules=tuple(dict.fromkeys(chain.from_iterable(d.rules for d in ordered))),
        steps=() if refused else _strongest(steps),
        reasons=tuple(dict.fromkeys(chain.from_iterable(d.reasons for d in ordered))),
        refused=refused,
    )


def capped(decision: Decision, ceiling: Mode) -> Decision:
    """Let no step go further than the ceiling."""
    steps = tuple(
        step.model_copy(update={"mode": min(step.mode, ceiling, key=strength)})
        for step in decision.steps
    )
    return decision.model_copy(update={"steps": steps})


def _candidates(policy: Policy, facts: Facts) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Find the rules that may be the first to fit, and the first that does (none or one)."""
    fits = [(rule, rule.fit(facts)) for rule in policy.rules]
    before = tuple(takewhile(lambda pair: pair[1] is not Fit.YES, fits))
    unjudged = tuple(rule for rule, fit in before if fit is Fit.UNKNOWN)
    return unjudged, tuple(rule for rule, _ in fits[len(before) : len(before) + 1])


def _steps(policy: Policy, rules: Iterable[Rule], facts: Facts) -> tuple[Step, ...]:
    """Gather what the rules name; what needs an account has nothing to do with the organisation."""
    whole = facts.account.is_organisation
    return _strongest(
        Step(responder=name, phase=policy.responders[name].phase, mode=mode)
        for rule in rules
        for name, mode in rule.responders.items()
        if policy.responders[name].organisation or not whole
    )


def _strongest(steps: Iterable[Step]) -> tuple[Step, ...]:
    kept: dict[ResponderName, Step] = {}
    for step in steps:
        other = kept.get(step.responder, step)
        kept[step.responder] = max(other, step, key=lambda s: strength(s.mode))
    return tuple(sorted(kept.values(), key=lambda s: (PHASES.index(s.phase), s.responder)))


def _under_ceiling(decision: Decision, ceiling: Mode) -> Decision:
    lowered = capped(decision, ceiling)
    if lowered == decision:
        return decision
    said = f"mode_ceiling holds the whole organisation at '{ceiling}', below what the rule asks"
    return lowered.model_copy(update={"reasons": (*decision.reasons, said)})


def _doubt(rule: Rule, facts: Facts) -> str:
    unknown = " and ".join(rule.unknowns(facts))
    return (
        f"rule '{rule.name}' could not be judged because {unknown} could not be read; "
        "nothing runs until a person releases it"
    )


def _seen(facts: Facts, rule: Rule | None = None) -> str:
    parts = [f"kind {facts.kind}", f"severity {facts.severity}"]
    if rule and rule.account:
        parts.append(f"account {', '.join(sorted(facts.account.kinds)) or 'with a directory role'}")
    if rule and rule.groups:
        shared = sorted(g for g in facts.account.groups or () if g.lower() in rule.groups)
        parts.append(f"in group {', '.join(shared)}")
    return ", ".join(parts)
