"""Logs, mail and files of an account, so that their operations have something to answer with."""

from __future__ import annotations

import base64
from datetime import timedelta

from lab.plants import sign_ins
from lab.shared_files import SharedFiles
from lab.stage import Stage
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.logbook import AuditRecord, AuditSearch
from tests.lab.tenancy import Desk


def write_logs(desk: Desk, oid: str) -> dict[str, str]:
    """Write sign-ins, a message and an audit record; returns the ids by their place in a path."""
    sign_ins.plant(Stage(desk.tenant), oid)
    return {
        "{message}": _send(desk, oid),
        "{qid}": _search(desk, oid),
        **_share(desk, oid),
    }


def _share(desk: Desk, oid: str) -> dict[str, str]:
    files = SharedFiles(desk.tenant, oid)
    item = files.add("plan.docx")
    people = ("buyer@partner.example",)
    link = files.share(item, "users", at=desk.tenant.now(), ip="192.0.2.66", people=people)
    url = f"{files.drive.url}/{item.path}".encode()
    share = "u!" + base64.urlsafe_b64encode(url).decode().rstrip("=")
    return {"{share}": share, "{drive}": files.drive.id, "{item}": item.id, "{perm}": link.id}


def _search(desk: Desk, oid: str) -> str:
    tenant, book = desk.tenant, desk.tenant.state.logbook
    record = AuditRecord(
        id=tenant.guid(),
        at=tenant.now() - timedelta(minutes=1),
        operation="AnonymousLinkCreated",
        service="OneDrive",
        kind="SharePointSharingOperation",
        upn=tenant.users[oid].upn,
        object_id="https://contoso-my.sharepoint.example/Documents/plan.docx",
        ip="192.0.2.66",
        details={"SharingLinkScope": "Anonymous"},
    )
    book.records.append(record)
    at = tenant.now()
    search = AuditSearch(id=tenant.guid(), name="all", started_at=at, start=None, end=None)
    book.searches[search.id] = search
    return search.id


def _send(desk: Desk, oid: str) -> str:
    tenant = desk.tenant
    message = SentMessage(
        id=tenant.guid(),
        oid=oid,
        sender=str(tenant.users[oid].mail),
        at=tenant.now() - timedelta(minutes=1),
        subject="Invoice",
        ip="192.0.2.66",
        deliveries=(Delivery(recipient="hanna.weiss@contoso.example"),),
        threats=("phish",),
    )
    tenant.state.sent[message.id] = message
    return message.id
