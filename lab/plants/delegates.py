"""Rights that others have to a mailbox: the owner's assistants, and the intruder's ways in."""

from __future__ import annotations

from datetime import timedelta

from lab.delegate_footholds import Delegate, FolderReader, PublishedCalendar, Right
from lab.footholds import Foothold
from lab.stage import Stage
from lab.tenant.mailbox_state import ANONYMOUS, Ace, Delegation, FolderEntry


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Give the owner two assistants; let the intruder in from a new account, a guest and the web.

    The new account has all that can be given; the guest and the whole world read single folders.
    """
    helper, stand_in = stage.bystanders[:2]
    own = FolderEntry(folder="Calendar", trustee=helper, rights=("Editor",), flags=("Delegate",))
    _owned(stage, oid, own=own, helper=helper, stand_in=stand_in)
    made = stage.since + timedelta(minutes=1)
    spy = stage.people.person("Backup Service", created_at=made)
    visitor = stage.people.guest("Quinn Ott", created_at=made)
    delegation = Delegation().with_(
        aces=(Ace(trustee=helper), Ace(trustee=spy)),
        send_as=(helper, spy),
        send_on_behalf=(stand_in, spy),
        folders=(
            own,
            FolderEntry(folder="Inbox", trustee=visitor, rights=("Reviewer",)),
            FolderEntry(folder="SentItems", trustee=ANONYMOUS, rights=("Reviewer",)),
        ),
        published=True,
        detail="FullDetails",
    )
    stage.people.forward(oid, delegation=delegation)
    return [
        *(Delegate(f"{right} of a new account", trustee=spy, right=right) for right in Right),
        FolderReader("a guest reads the inbox", trustee=visitor, folder="Inbox"),
        FolderReader("the world reads sent items", trustee=ANONYMOUS, folder="SentItems"),
        PublishedCalendar("calendar on the web"),
    ]


def _owned(stage: Stage, oid: str, *, own: FolderEntry, helper: str, stand_in: str) -> None:
    def held() -> Delegation:
        return stage.tenant.mailboxes[oid].delegation

    stage.owned["assistant with FullAccess"] = lambda: Ace(trustee=helper) in held().aces
    stage.owned["assistant with SendAs"] = lambda: helper in held().send_as
    stage.owned["assistant's calendar rights"] = lambda: own in held().folders
    stage.owned["stand-in who sends on behalf"] = lambda: stand_in in held().send_on_behalf
