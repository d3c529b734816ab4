"""One draft for each account that an alert names, within what is answered unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shared.alerts.carrier import Recognised, guest_mark
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft

_CROWD: Final = 250
"""Accounts of one alert that are answered without a person having looked."""


def about(draft: AlertDraft, accounts: Sequence[AccountRef]) -> Iterator[Recognised]:
    """Copy the draft for each account; for nobody it stays one draft, which a person is shown.

    Raises `Undecodable` for a crowd: what locks out hundreds at once is looked at first.
    """
    if len(accounts) > _CROWD:
        raise Undecodable(f"the alert names more than {_CROWD} accounts: a person looks first")
    for account in accounts or (None,):
        evidence = draft.evidence | guest_mark(account)
        yield Recognised(draft=draft.model_copy(update={"account": account, "evidence": evidence}))
