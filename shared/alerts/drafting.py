"""What Microsoft's alerts all go through: is it about an account, is it over, whom does it name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import NotForUs, Recognised, guest_mark, held
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft

type Over = Callable[[Record, str], str | None]
"""Says of an alert and its status why it is over, or `None`."""

UNSAID: Final = "the alert does not say whether it is still open"
_CROWD: Final = 250
"""Accounts of one alert that are answered without a person having looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is special about one form of alert."""

    vendor: str
    times: tuple[str, ...]
    """The fields that may tell when it happened, the best first."""
    live: frozenset[str]
    """The words for a status in which somebody still has to answer it."""


def relevant(
    item: Record, native: str, meaning: Meaning | Irrelevant, over: Over
) -> Meaning | NotForUs:
    """Say what an alert means, or why it is not answered. Raises `Undecodable` as `over` does."""
    if isinstance(meaning, Irrelevant):
        return NotForUs(reason=meaning.reason, native_id=name(native))
    status = fold(item.text("status") or "")
    if why := over(item, status):
        # A reopened alert keeps its id: what was ignored must not hide it.
        return NotForUs(reason=why, native_id=name(native, status, "closed"))
    return meaning


def drafted(
    item: Record, meaning: Meaning, native: str, form: Form, evidence: Mapping[str, str]
) -> AlertDraft:
    """Draft an alert; one that does not say that it is open never acts by itself."""
    live = fold(item.text("status") or "") in form.live
    return AlertDraft(
        native_id=name(native),
        kind=meaning.kind,
        title=clean(item.text("title") or f"{form.vendor} alert"),
        severity=kinds.severity(item.text("severity")),
        occurred_at=first_moment(*map(item.value, form.times)),
        evidence={**evidence, **held(meaning.held or (None if live else UNSAID))},
    )


def about(draft: AlertDraft, accounts: Sequence[AccountRef]) -> Iterator[Recognised]:
    """Copy the draft for each account; for nobody it stays one draft, which a person is shown.

    Raises `Undecodable` for a crowd: what locks out hundreds at once is looked at first.
    """
    if len(accounts) > _CROWD:
        raise Undecodable(f"the alert names more than {_CROWD} accounts: a person looks first")
    for account in accounts or (None,):
        evidence = draft.evidence | guest_mark(account)
        yield Recognised(draft=draft.model_copy(update={"account": account, "evidence": evidence}))
