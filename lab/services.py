"""The services that are told, as far as Firebreak asks them: each judges a call as the real one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from lab import service_forms as forms

TEAMS: Final = "prod-07.westeurope.logic.azure.com"
SLACK: Final = "hooks.slack.com"
PAGERDUTY: Final = "events.pagerduty.com"
OPSGENIE: Final = "api.opsgenie.com"
JIRA: Final = "contoso.atlassian.net"
SERVICENOW: Final = "contoso.service-now.com"
ELSEWHERE: Final = "/elsewhere"
"""Where whoever redirects leads to, at `SIEM`."""
SIEM: Final = "siem.contoso.example"
_TEAMS_MOST: Final = 28 * 1024
"""Bytes of a message. Source: learn.microsoft.com/microsoftteams/platform, webhooks."""
USER: Final = "firebreak@contoso.example"
PASSWORD: Final = "lab-only-password"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call as it came."""

    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Its path without the query."""
        return urlsplit(self.target).path

    @property
    def json(self) -> Any:
        """Its body; `None` where there is none."""
        return json.loads(self.body) if self.body else None

    @property
    def known(self) -> bool:
        """Whether it proves itself with the lab's user and password."""
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return self.headers.get("authorization") == f"Basic {pair}"


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    body: Any = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Write it as HTTP."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        data = text.encode()
        head = f"HTTP/1.1 {self.status} Said\r\nContent-Type: application/json\r\n"
        if HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            head += f"Location: https://{SIEM}{ELSEWHERE}\r\n"
        return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


class Service(Protocol):
    """Answers calls."""

    def answer(self, request: Request) -> Answer:
        """Answer one call."""
        ...


class Teams:
    """A workflow's webhook. Source: learn.microsoft.com/power-automate, When a Teams webhook."""

    def answer(self, request: Request) -> Answer:
        """Take a message that holds an adaptive card, with the signature in the address."""
        if "sig" not in parse_qs(urlsplit(request.target).query):
            return Answer(401)
        fine = len(request.body) <= _TEAMS_MOST and forms.is_teams_message(request.json)
        return Answer(202 if fine else 400)


class Slack:
    """An incoming webhook. Source: api.slack.com/messaging/webhooks."""

    def answer(self, request: Request) -> Answer:
        """Take whatever has a text, blocks or attachments."""
        said = request.json
        fine = any(said.get(part) for part in ("text", "blocks", "attachments"))
        return Answer(200, "ok") if fine else Answer(400, "no_text")


class PagerDuty:
    """Events API v2. Source: developer.pagerduty.com/docs/events-api-v2."""

    def answer(self, request: Request) -> Answer:
        """Take an event with a routing key and a payload."""
        fine = forms.is_pagerduty_event(request.json)
        return Answer(202, {"status": "success"}) if fine else Answer(400)


class Opsgenie:
    """The Alert API. Source: docs.opsgenie.com/docs/alert-api."""

    def answer(self, request: Request) -> Answer:
        """Take an alert with a key whose fields are not too long."""
        if not request.headers.get("authorization", "").startswith("GenieKey "):
            return Answer(401)
        fine = forms.is_opsgenie_alert(request.json)
        return Answer(202, {"requestId": "43a29c5c"}) if fine else Answer(422)


class Jira:
    """Issues. Source: developer.atlassian.com/cloud/jira/platform/rest/v3."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Answer:
        """Search by label, create, comment."""
        if not request.known:
            return Answer(401)
        if request.path == "/rest/api/3/search/jql":
            jql = request.json["jql"]
            found = [i for i in self.issues if f'"{i["fields"]["labels"][-1]}"' in jql]
            return Answer(200, {"issues": [{"key": issue["key"]} for issue in found]})
        if request.path == "/rest/api/3/issue":
            return self._create(request.json)
        return self._comment(request)

    def _create(self, said: Any) -> Answer:
        if not forms.is_jira_issue(said):
            return Answer(400)
        key = f"{said['fields']['project']['key']}-{len(self.issues) + 1}"
        self.issues.append({"key": key, "comments": [], **said})
        return Answer(201, {"key": key})

    def _comment(self, request: Request) -> Answer:
        for issue in self.issues:
            if request.path == f"/rest/api/3/issue/{issue['key']}/comment":
                if not forms.is_jira_document(request.json["body"]):
                    return Answer(400)
                issue["comments"].append(request.json["body"])
                return Answer(201, {"id": "1"})
        return Answer(404)


class ServiceNow:
    """The Table API. Source: docs.servicenow.com, Table API."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Answer:
        """Search by correlation, create, change."""
        if not request.known:
            return Answer(401)
        table, _, sys_id = request.path.removeprefix("/api/now/table/").partition("/")
        match request.method:
            case "GET":
                asked = parse_qs(urlsplit(request.target).query)["sysparm_query"][0]
                wanted = asked.removeprefix("correlation_id=")
                found = [k for k, r in self.records.items() if r["correlation_id"] == wanted]
                return Answer(200, {"result": [{"sys_id": key} for key in found]})
            case "POST" if table == "incident":
                key = f"{len(self.records):032x}"
                self.records[key] = request.json
                return Answer(201, {"result": {"sys_id": key}})
            case "PATCH" if sys_id in self.records:
                self.records[sys_id] |= request.json
                return Answer(200, {"result": {"sys_id": sys_id}})
            case _:
                return Answer(404)


class Siem:
    """Somebody's webhook, who checks the signature for themselves."""

    def answer(self, request: Request) -> Answer:
        """Take what is signed."""
        return Answer(200 if "x-firebreak-signature" in request.headers else 401)


SERVICES: Final[Mapping[str, type[Service]]] = MappingProxyType(
    {
        TEAMS: Teams,
        SLACK: Slack,
        PAGERDUTY: PagerDuty,
        OPSGENIE: Opsgenie,
        JIRA: Jira,
        SERVICENOW: ServiceNow,
        SIEM: Siem,
    }
)


def channels(smtp_port: int) -> tuple[dict[str, Any], ...]:
    """Give one channel of each kind that leads to the lab."""
    invoke = "triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun"
    workflow = "9f0b1c2d3e4f5061728394a5b6c7d8e9"
    signature = "lab-Teams-signature-0123456789abcdefghijklm"
    siem = f"https://{SIEM}/hooks"
    secret = "lab-only-webhook-secret-0123456789abcdef"
    basic = {"user": USER}
    return (
        {
            "kind": "teams",
            "name": "teams",
            "url": f"https://{TEAMS}:443/workflows/{workflow}/{invoke}&sv=1.0&sig={signature}",
        },
        {
            "kind": "slack",
            "name": "slack",
            "url": f"https://{SLACK}/services/T0LAB0LAB/B0LAB0LAB/{'s1ackL4b' * 3}",
        },
        {
            "kind": "mail",
            "name": "mail",
            "host": "127.0.0.1",
            "port": smtp_port,
            "security": "none",
            "sender": USER,
            "to": ["soc@contoso.example"],
        },
        {"kind": "pagerduty", "name": "pager", "key": "pagerdutylabkey0" * 2},
        {"kind": "opsgenie", "name": "opsgenie", "key": "0psgen1e-lab-key-0123456789abcdef"},
        {
            "kind": "jira",
            "name": "jira",
            "url": f"https://{JIRA}",
            "token": PASSWORD,
            "project": "SOC",
            **basic,
        },
        {
            "kind": "servicenow",
            "name": "servicenow",
            "url": f"https://{SERVICENOW}",
            "password": PASSWORD,
            **basic,
        },
        {"kind": "webhook", "name": "hook", "url": f"{siem}/all", "secret": secret},
        {
            "kind": "webhook",
            "name": "back",
            "url": f"{siem}/back",
            "secret": secret,
            "source": "identity-protection",
        },
    )
