"""The table of footholds, row by row: which story plants it, and who answers it.

`by` are responders, each row's doors shut by all of them together. Where it is nobody, time or a
person ends it, and `said` is what a person reads on the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the table."""

    foothold: str
    story: str
    by: tuple[str, ...] = ()
    said: str = ""


_HOUSE: Final = "full_house"
ANSWERS: Final[Mapping[int, Answer]] = MappingProxyType(
    {
        1: Answer("access token, continuous evaluation", "token_thief", ("disable_sign_in",)),
        2: Answer("access token, no evaluation", "token_thief", said="until"),
        3: Answer("refresh token or cookie", "token_thief", ("revoke_sessions",)),
        4: Answer("password", "token_thief", ("reset_password",)),
        5: Answer("registered MFA method", _HOUSE, ("remove_auth_methods",)),
        6: Answer("Temporary Access Pass", _HOUSE, ("remove_auth_methods",)),
        7: Answer("app password", _HOUSE, ("block_legacy_mail",)),
        8: Answer("SMTP AUTH, IMAP, POP", _HOUSE, ("block_legacy_mail",)),
        9: Answer("visible inbox rule", "token_thief", ("disable_inbox_rules",)),
        10: Answer("hidden inbox rule", "token_thief", ("disable_inbox_rules",)),
        11: Answer("forwarding", "forwarder", ("stop_forwarding",)),
        12: Answer("delegate", _HOUSE, ("remove_delegates",)),
        13: Answer("consent to a malicious app", _HOUSE, ("revoke_app_consents",)),
        14: Answer("registered device", _HOUSE, ("disable_devices",)),
        15: Answer("directory role", _HOUSE, ("remove_admin_roles",)),
        16: Answer("group left out of Conditional Access", _HOUSE, ("leave_excluded_groups",)),
        17: Answer("anonymous sharing link", _HOUSE, ("revoke_file_links",)),
        18: Answer("automatic reply", _HOUSE, ("stop_auto_replies",)),
        19: Answer(
            "published calendar, transport rule, connector",
            _HOUSE,
            ("remove_delegates", "disable_mail_flow_rules"),
        ),
        20: Answer("second account, app credential", "second_door", said="firebreak respond"),
        21: Answer("directory synchronisation", "synced_user", ("block_by_group",)),
    }
)
