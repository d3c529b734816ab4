"""What is wrong with accounts of a large organisation, one function for each, and their twins.

A twin only looks wrong, and nothing must be found there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lab.tenant.mailbox_state import LOGONS, Protocols
from lab.tenant.state import Blocked

if TYPE_CHECKING:
    from lab.organisation import Organisation

PREMIUM: Final = ("exchange", "2f442157-a11c-46b9-ae5b-6e39ff4e5849")
STANDARD: Final = ("exchange", "efb87545-963c-4e0d-99df-69c6916d9eb0")
"""Service plans: advanced auditing, which E5 has, and Exchange Online (Plan 2) alone.

Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""
_WHOLE: Final = (
    *("ApplyRecord", "Create", "HardDelete", "MailItemsAccessed", "MoveToDeletedItems", "Send"),
    *("SendAs", "SendOnBehalf", "SoftDelete", "Update", "UpdateCalendarDelegation"),
    *("UpdateFolderPermissions", "UpdateInboxRules"),
)
_WITHOUT_READS: Final = tuple(action for action in _WHOLE if action != "MailItemsAccessed")

type Fault = Callable[[Organisation, str], None]


def _custom(**chosen: tuple[str, ...]) -> MappingProxyType[str, tuple[str, ...]]:
    return MappingProxyType(chosen)


def _off_standard(all_: Organisation, oid: str) -> None:
    all_.licensed(oid, STANDARD)
    all_.audited(oid, enabled=False)
    all_.wrong("mailbox_auditing", "mailbox_switch", oid)


def _off_premium(all_: Organisation, oid: str) -> None:
    all_.licensed(oid, PREMIUM)
    all_.audited(oid, enabled=False)
    all_.wrong("mailbox_auditing", "mailbox_switch", oid)


def _off_shared(all_: Organisation, oid: str) -> None:
    all_.licensed(oid)
    all_.mailbox(oid, kind="SharedMailbox")
    all_.audited(oid, enabled=False)
    all_.wrong("mailbox_auditing", "mailbox_switch", oid)


def _off_room(all_: Organisation, oid: str) -> None:
    # Not audited, whatever it says.
    all_.mailbox(oid, kind="RoomMailbox")
    all_.audited(oid, enabled=False, age_limit="1.00:00:00")


def _blinded(all_: Organisation, oid: str) -> None:
    all_.audited(oid, custom=_custom(Owner=("MailboxLogin",)))
    all_.wrong("mailbox_auditing", "mailbox_actions", oid)


def _reads_unseen(all_: Organisation, oid: str) -> None:
    all_.licensed(oid, PREMIUM)
    all_.audited(oid, custom=_custom(**dict.fromkeys(LOGONS, _WITHOUT_READS)))
    all_.wrong("mailbox_auditing", "mailbox_actions", oid)


def _chosen_whole(all_: Organisation, oid: str) -> None:
    # Complete, and still found: what Microsoft adds will not arrive.
    all_.audited(oid, custom=_custom(Delegate=_WHOLE))
    all_.wrong("mailbox_auditing", "mailbox_actions", oid)


def _forgets(all_: Organisation, oid: str) -> None:
    all_.audited(oid, age_limit="30.00:00:00")
    all_.wrong("mailbox_auditing", "mailbox_age_limit", oid)


def _keeps_long(all_: Organisation, oid: str) -> None:
    all_.audited(oid, age_limit="365.00:00:00")


def _unseen(all_: Organisation, oid: str) -> None:
    all_.audited(oid, bypass=True)
    all_.wrong("mailbox_auditing", "bypass", oid)


def _forwards(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, forwarding_smtp="drop@mallory.example")
    all_.wrong("mail_forwarding", "external_forwarding", oid)


def _forwards_inside(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, forwarding_smtp="desk@contoso.example")


def _forwards_to_contact(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, forwarding_recipient=all_.contact)
    all_.wrong("mail_forwarding", "external_forwarding", oid)


def _forwards_to_colleague(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, forwarding_recipient=next(iter(all_.world.state.mailboxes)))


def _sends_by_password(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, smtp_auth_disabled=False)
    all_.wrong("legacy_protocols", "smtp_auth", oid)


def _sends_by_nothing(all_: Organisation, oid: str) -> None:
    all_.mailbox(oid, smtp_auth_disabled=True, protocols=Protocols(imap=False, pop=False))


def _lets_mallory_in(all_: Organisation, oid: str) -> None:
    grant = all_.grant(oid, all_.mallory, " Mail.Read Mail.Send offline_access")
    all_.wrong("risky_consents", "risky_consent", grant)


def _lets_minutes_in(all_: Organisation, oid: str) -> None:
    all_.grant(oid, all_.minutes, "Mail.Read offline_access")


def _hides_mail(all_: Organisation, oid: str) -> None:
    all_.people.rule(oid, ".", actions={"delete": True})
    all_.rule_written(oid, ".", DeleteMessage="True")
    all_.wrong("inbox_rules", "suspicious_rule", oid)


def _hid_mail(all_: Organisation, oid: str) -> None:
    # The rule was made, and is gone again.
    all_.rule_written(oid, ".", DeleteMessage="True")


def _tidies_up(all_: Organisation, oid: str) -> None:
    all_.people.rule(oid, "Newsletters", actions={"moveToFolder": "Newsletters"})
    all_.rule_written(
        oid, "Newsletters", MoveToFolder="Newsletters", FromAddressContainsWords="news"
    )


def _may_not_send(all_: Organisation, oid: str) -> None:
    address = str(all_.world.state.users[oid].mail)
    blocked = Blocked(address=address, reason="Spam", since=all_.world.now() - timedelta(days=9))
    all_.world.state.blocked[address] = blocked
    all_.wrong("blocked_senders", "blocked_sender", address)


def _left_out(all_: Organisation, oid: str) -> None:
    all_.left_out(oid)
    kind = "member_not_asked" if all_.world.state.users[oid].plans else "service_not_asked"
    all_.wrong("mfa_coverage", kind, oid)


def _asked_alone(all_: Organisation, oid: str) -> None:
    # Left out of the policy, and asked by a setting of the account's own.
    all_.left_out(oid)
    all_.registered(oid, "phone", per_user_mfa="enforced")


def _registers_nothing(all_: Organisation, oid: str) -> None:
    all_.registered(oid)
    all_.wrong("mfa_coverage", "not_registered", oid)


def _admin_by_telephone(all_: Organisation, oid: str) -> None:
    all_.people.role("Global Administrator", [oid])
    all_.registered(oid, "phone")
    all_.wrong("mfa_coverage", "admin_phishable", oid)


def _admin_by_key(all_: Organisation, oid: str) -> None:
    all_.people.role("Global Administrator", [oid])
    all_.registered(oid, "fido2")


def _shared_left_out(all_: Organisation, oid: str) -> None:
    all_.licensed(oid)
    all_.mailbox(oid, kind="SharedMailbox")
    all_.left_out(oid)
    all_.wrong("mfa_coverage", "service_not_asked", oid)


FAULTS: Final[dict[int, Fault]] = dict(
    enumerate(
        (
            *(_off_standard, _off_premium, _off_shared, _off_room, _blinded, _reads_unseen),
            *(_chosen_whole, _forgets, _keeps_long, _unseen, _forwards, _forwards_inside),
            *(_forwards_to_contact, _forwards_to_colleague, _sends_by_password),
            *(_sends_by_nothing, _lets_mallory_in, _lets_minutes_in, _may_not_send),
            *(_hides_mail, _hid_mail, _tidies_up, _left_out, _asked_alone, _registers_nothing),
            *(_admin_by_telephone, _admin_by_key, _shared_left_out),
        ),
        start=1,
    )
)
"""Who has what wrong, by the account's number; number 0 and all others are as they should be."""
