"""The Office 365 Management Activity API: subscriptions, listings of content, and content.

Source: learn.microsoft.com/office/office-365-management-api, the activity API reference
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from lab.tenant.answers import Answer, GraphRefusal
from lab.tenant.feeds import Content
from lab.tenant.paging import offset, token
from lab.tenant.tokens import ACTIVITY, Minter, Rejected
from lab.tenant.visit import Incoming, Visit
from lab.tenant.world import World

FEED_READ: Final = "ActivityFeed.Read"
_LONGEST: Final = timedelta(hours=24)
_OLDEST: Final = timedelta(days=7)
_GENERAL: Final = "audit.general"


class _Refusal(Exception):  # noqa: N818 - an outcome, named as a noun
    """The API says no, with a code of its own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"error": {"code": code, "message": message}})


class ActivityService:
    """Answers `/api/v1.0/{tenant}/activity/feed/...` for the content type Audit.General."""

    def __init__(self, world: World, *, minter: Minter) -> None:
        self._world = world
        self._minter = minter

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:
        """Authenticate a request and route it; nothing takes effect yet."""
        path = "/" + "/".join(incoming.segments[5:6] + incoming.segments[6:7][: _named(incoming)])
        try:
            self._let_in(incoming, at=at)
        except _Refusal as refusal:
            refused = refusal.answer
            return Visit(
                method=incoming.method, path=path, perform=lambda: refused, refused=refused
            )

        def perform() -> Answer:
            try:
                return self._answer(incoming)
            except _Refusal as refusal:
                return refusal.answer

        return Visit(method=incoming.method, path=path, perform=perform)

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order."""
        refused = _Refusal(status, "AF50000", "A fault on order.").answer
        return Answer(status, refused.body, headers)

    def begin(self, owner: str) -> None:
        """Concurrency is not counted here."""

    def end(self, owner: str) -> None:
        """Concurrency is not counted here."""

    def _let_in(self, incoming: Incoming, *, at: datetime) -> None:
        try:
            given = incoming.headers.get("authorization", "")
            claims = self._minter.read(given, resource=ACTIVITY, at=at)
        except Rejected as error:
            raise _Refusal(401, "AF10001", str(error)) from error
        if FEED_READ not in claims.roles:
            raise _Refusal(403, "AF10001", f"The permission set ({FEED_READ}) is missing.")
        if incoming.segments[2:3] != (self._world.tenant_id,):
            raise _Refusal(403, "AF20010", "The tenant in the URL is not the token's.")

    def _answer(self, incoming: Incoming) -> Answer:
        match (incoming.method, *incoming.segments[5:]):
            case ("POST", "subscriptions", "start"):
                return self._start(incoming)
            case ("GET", "subscriptions", "content"):
                return self._list(incoming)
            case ("GET", "audit", str(content)):
                return self._content(content)
        raise _Refusal(404, "AF20000", f"There is nothing at {incoming.path}.")

    def _start(self, incoming: Incoming) -> Answer:
        log = self._world.state.activity
        _check_type(incoming)
        if log.started:
            raise _Refusal(400, "AF20024", "The subscription is already enabled.")
        log.started = True
        return Answer(200, {"contentType": "Audit.General", "status": "enabled", "webhook": None})

    def _list(self, incoming: Incoming) -> Answer:
        _check_type(incoming)
        log, now = self._world.state.activity, self._world.now()
        if not log.started:
            raise _Refusal(400, "AF20022", "No subscription found for the content type.")
        since, until = (_moment(incoming, name) for name in ("startTime", "endTime"))
        if until - since > _LONGEST or since < now - _OLDEST:
            text = "Start and end must be at most 24 hours apart, and within the last 7 days."
            raise _Refusal(400, "AF20030", text)
        found = [each for each in log.contents if since <= each.created_at < until]
        try:
            start = offset(incoming.query.get("nextPage"))
        except GraphRefusal as error:
            raise _Refusal(400, "AF20031", "The next page is not one that was given.") from error
        stop = start + self._world.settings.page_size
        headers = {}
        if stop < len(found):
            query = {**incoming.query, "nextPage": token(stop)}
            headers["NextPageUri"] = f"{incoming.url}?{urlencode(query)}"
        return Answer(200, [self._listed(each) for each in found[start:stop]], headers)

    def _content(self, content: str) -> Answer:
        for each in self._world.state.activity.contents:
            if each.id == content:
                if each.created_at < self._world.now() - _OLDEST:
                    raise _Refusal(400, "AF20051", "Content requested has already expired.")
                return Answer(200, list(each.records))
        raise _Refusal(400, "AF20052", "The content id in the URL is not valid.")

    def _listed(self, content: Content) -> dict[str, Any]:
        root = "https://manage.office.com/api/v1.0"
        return {
            "contentType": "Audit.General",
            "contentId": content.id,
            "contentUri": f"{root}/{self._world.tenant_id}/activity/feed/audit/{content.id}",
            "contentCreated": _written(content.created_at),
            "contentExpiration": _written(content.created_at + _OLDEST),
        }


def _named(incoming: Incoming) -> int:
    """Whether the last part of the path is part of the operation's name and not an id."""
    return int(incoming.segments[5:6] != ("audit",))


def _check_type(incoming: Incoming) -> None:
    if incoming.query.get("contentType", "").casefold() != _GENERAL:
        raise _Refusal(400, "AF20020", "The content type is not one that is simulated.")


def _moment(incoming: Incoming, name: str) -> datetime:
    try:
        return datetime.strptime(incoming.query[name], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except (KeyError, ValueError) as error:
        raise _Refusal(400, "AF20030", f"{name} is missing or not a time.") from error


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
