"""Describe the HTTP interface from what it is: the routes of `function_app.py` and their models."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.approval_counter import ApproveRequest, DeclineRequest, SinceRequest
from shared.brake_counter import ReleaseRequest, SwitchRequest
from shared.counter import UndoRequest
from shared.diagnosis import Checkup
from shared.erasure_counter import EraseRequest, PlanRequest
from shared.model import Alert
from shared.notify_counter import ChannelRequest
from shared.pages.approval_cards import ApprovalsView
from shared.pages.brake_view import GuardsView
from shared.pages.case_filter import CaseFilter
from shared.pages.lists import AlertsView, CasesView, FoundView
from shared.pages.policy_view import PolicyView
from shared.pages.values import CaseView
from shared.reception import ReturnRequest
from shared.rehearsal import Proposal, Question
from shared.score_board import ControlRequest
from shared.sweep_counter import AcceptRequest, MendRequest, RunRequest
from shared.tasks.awaited import Wanted as ApprovalsWanted
from shared.verdict_counter import VerdictRequest
from shared.window import Signed

ROOT: Final = Path(__file__).resolve().parents[1]
JSON: Final = "application/json"
HTML: Final = "text/html"
FORM: Final = "application/x-www-form-urlencoded"
_REFS: Final = "#/components/schemas/{model}"
_SAID: Final = {
    200: "What was asked for",
    202: "Taken; the queue carries it out",
    303: "Done or found: it stands at Location",
    400: "The question cannot be read; the answer says which part",
    401: "The sender did not prove itself",
    403: "Nobody is signed in, or they may not; the answer says what it takes",
    404: "There is none",
    405: "Not by this method",
    409: "Refused as things stand now, and nothing was changed; the answer says why",
    410: "It was erased; the answer says when, by whom and why",
    413: "The body is too large",
    415: "Not a content type this source takes",
    422: "Kept, but nobody can read it; a person sees it among the alerts",
    503: "Storage does not answer",
}


@dataclass(frozen=True)
class Shape:
    """What one function takes and gives."""

    statuses: tuple[int, ...]
    gives: tuple[type[BaseModel], ...] = ()
    takes: tuple[type[BaseModel], ...] = ()
    form: tuple[str, ...] = ()
    """The fields of the form that pages send."""
    repeated: tuple[str, ...] = ()
    """Those of them that may come several times."""
    html: bool = True
    query: type[BaseModel] | None = None


_PAGE: Final = (200, 403)
_ASKED: Final = (202, 303, 403, 404, 409)
_BELOW: Final = {
    "show_sweep": {
        "sweeps": Shape(statuses=_PAGE, gives=(BaseModel,)),
        "sweeps/{name}": Shape(statuses=(*_PAGE, 404), gives=(BaseModel,)),
    },
    "cases": {
        "cases": Shape(statuses=(200, 400, 403), gives=(CasesView, FoundView), query=CaseFilter),
        "cases/{id}": Shape(statuses=(*_PAGE, 404, 410), gives=(CaseView,)),
        "cases/{id}.json": Shape(statuses=(*_PAGE, 404, 410), gives=(CaseView,)),
        "cases/{id}/report": Shape(statuses=(*_PAGE, 404, 410)),
        "cases/{id}/evidence": Shape(statuses=(*_PAGE, 404, 410), gives=(BaseModel,)),
    },
}
"""What lies below a function that takes every path, by the function's name."""
SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "alerts": Shape(
            statuses=(200, 202, 401, 404, 405, 413, 415, 422, 503), gives=(BaseModel,), html=False
        ),
        "show_undo": Shape(statuses=(*_PAGE, 404, 409), gives=(BaseModel,)),
        "undo": Shape(
            statuses=_ASKED, gives=(BaseModel,), takes=(UndoRequest,), form=("responder",)
        ),
        "policy": Shape(
            statuses=(200, 400, 403, 404, 409, 413, 422),
            gives=(BaseModel,),
            takes=(Question, Proposal),
            html=False,
        ),
        "show_policy": Shape(statuses=_PAGE, gives=(PolicyView,)),
        "approvals": Shape(
            statuses=(200, 400, 403, 404), gives=(ApprovalsView,), query=ApprovalsWanted
        ),
        "by_link": Shape(statuses=(*_PAGE, 404, 409)),
        "approve": Shape(
            statuses=_ASKED,
            gives=(BaseModel,),
            takes=(ApproveRequest,),
            form=("responder", "fingerprint", "only", "choosing", "reason", "link"),
            repeated=("responder", "fingerprint", "only"),
        ),
        "decline": Shape(
            statuses=_ASKED,
            gives=(BaseModel,),
            takes=(DeclineRequest,),
            form=("responder", "fingerprint", "reason", "link"),
        ),
        "since": Shape(
            statuses=_ASKED, gives=(BaseModel,), takes=(SinceRequest,), form=("since", "again")
        ),
        "guards": Shape(statuses=_PAGE, gives=(GuardsView,)),
        "move_guard": Shape(
            statuses=(200, 303, 403, 404, 409),
            gives=(GuardsView,),
            takes=(SwitchRequest, ReleaseRequest),
            form=("ceiling", "rule", "reason"),
        ),
        "judge": Shape(
            statuses=(200, *_ASKED),
            gives=(BaseModel,),
            takes=(VerdictRequest,),
            form=("case", "reason"),
            repeated=("case",),
        ),
        "erasures": Shape(statuses=_PAGE, gives=(BaseModel,)),
        "erase": Shape(
            statuses=(200, *_ASKED),
            gives=(BaseModel,),
            takes=(PlanRequest, EraseRequest),
            form=("user", "seen", "reason"),
        ),
        "show_restore": Shape(statuses=(*_PAGE, 404, 410)),
        "restore": Shape(
            statuses=_ASKED, gives=(BaseModel,), takes=(ReturnRequest,), form=("reason",)
        ),
        "confirm": Shape(
            statuses=_ASKED, gives=(BaseModel,), takes=(ReturnRequest,), form=("check",)
        ),
        "access_pass": Shape(
            statuses=(200, *_ASKED), gives=(BaseModel,), takes=(ReturnRequest,), form=()
        ),
        "why": Shape(statuses=(*_PAGE, 404), gives=(BaseModel,)),
        "read_again": Shape(statuses=_ASKED, gives=(BaseModel,), takes=(Signed,)),
        "notifications": Shape(statuses=_PAGE, gives=(BaseModel,)),
        "notify": Shape(
            statuses=(200, *_ASKED), gives=(BaseModel,), takes=(ChannelRequest,), form=("channel",)
        ),
        "move_sweep": Shape(
            statuses=(200, *_ASKED),
            gives=(BaseModel,),
            takes=(RunRequest, AcceptRequest, MendRequest, ControlRequest),
            form=("key", "reason"),
        ),
        "inbox": Shape(statuses=(200, 400, 403), gives=(AlertsView,)),
        "alert": Shape(statuses=(200, 202, 303, 403, 404), gives=(Alert,)),
        "health": Shape(statuses=(200, 403, 503), gives=(BaseModel,)),
        "doctor": Shape(statuses=_PAGE, gives=(Checkup,)),
    }
)
"""By the name of the function. `BaseModel` stands for JSON that has no model of its own."""


_REPEATED: Final = frozenset({"tenants"})
"""What answers for a provider's customers; all of it is described once, without the prefix."""


@dataclass(frozen=True)
class Route:
    """One HTTP function, as `function_app.py` declares it."""

    name: str
    path: str
    methods: tuple[str, ...]
    about: str = field(default="")


def routes() -> tuple[Route, ...]:
    """Read the HTTP functions off the source, so that nothing has to be configured to read them."""
    tree = ast.parse((ROOT / "function_app.py").read_text(encoding="utf-8"))
    found = (_route(node) for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef))
    return tuple(route for route in found if route and route.name not in _REPEATED)


def document() -> dict[str, Any]:
    """Make the description: OpenAPI 3.1."""
    models = {m for shape in _shapes() for m in (*shape.gives, *shape.takes)} - {BaseModel}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, found = models_json_schema([(m, _mode(m)) for m in ordered], ref_template=_REFS)
    paths: dict[str, Any] = {}
    for path, method, route, shape in _operations():
        paths.setdefault(f"/api/{path}", {})[method.lower()] = _operation(
            path, method, route, shape
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Firebreak",
            "version": "1",
            "description": (
                "People are let in by App Service authentication, the command line signs with the "
                "operator's secret, and sources of alerts prove themselves as configured. Whoever "
                "accepts application/json and no HTML is answered in JSON. Where a provider serves "
                "several tenants, /api/tenants lists them, everything here is there again below "
                "/api/tenants/NAME/ for each, and its alerts come by /api/alerts/NAME.SOURCE."
            ),
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(found["$defs"].items()))},
    }


def openapi() -> str:
    """Give the description as the text of its file."""
    return json.dumps(document(), indent=1, sort_keys=False) + "\n"


def _shapes() -> tuple[Shape, ...]:
    return (*SHAPES.values(), *(shape for below in _BELOW.values() for shape in below.values()))


def _mode(model: type[BaseModel]) -> Any:
    asked = {m for shape in _shapes() for m in shape.takes}
    return "validation" if model in asked else "serialization"


def _operations() -> Iterator[tuple[str, str, Route, Shape]]:
    for route in routes():
        places = _BELOW.get(route.name) or {route.path: SHAPES[route.name]}
        for path, shape in places.items():
            for method in route.methods:
                yield path, method, route, shape


def _operation(path: str, method: str, route: Route, shape: Shape) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": f"{method.lower()}_{re.sub(r'[^a-z]+', '_', path).strip('_')}",
        "summary": route.about,
        "parameters": [*_in_path(path), *_in_query(shape)],
        "responses": {str(status): _answer(status, shape) for status in shape.statuses},
    }
    if method == "POST":
        made["requestBody"] = {"required": True, "content": _body(shape)}
    return made


def _in_path(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", path)
    text = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9._~-]+$"}
    return [{"name": n, "in": "path", "required": True, "schema": text} for n in names]


def _in_query(shape: Shape) -> list[dict[str, Any]]:
    if shape.query is None:
        return []
    names = shape.query.model_json_schema()["properties"]
    return [{"name": n, "in": "query", "schema": {"type": "string"}} for n in names]


def _answer(status: int, shape: Shape) -> dict[str, Any]:
    made: dict[str, Any] = {"description": _SAID[status]}
    if status == HTTPStatus.SEE_OTHER:
        made["headers"] = {"Location": {"schema": {"type": "string"}}}
        return made
    content: dict[str, Any] = {JSON: {"schema": _schema(shape) if status == HTTPStatus.OK else {}}}
    if shape.html:
        content[HTML] = {"schema": {"type": "string"}}
    if not shape.html:
        content["text/plain"] = {"schema": {"type": "string"}}
    made["content"] = content
    return made


def _schema(shape: Shape) -> dict[str, Any]:
    named = [m for m in shape.gives if m is not BaseModel]
    refs = [{"$ref": _REFS.format(model=m.__name__)} for m in named]
    if not refs:
        return {}
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def _body(shape: Shape) -> dict[str, Any]:
    refs = [{"$ref": _REFS.format(model=m.__name__)} for m in shape.takes]
    taken = refs[0] if len(refs) == 1 else {"anyOf": refs} if refs else {}
    content: dict[str, Any] = {JSON: {"schema": taken}}
    if shape.form or (shape.takes and shape.html):
        said: dict[str, Any] = {"type": "string"}
        several = {"type": "array", "items": said}
        fields = {name: several if name in shape.repeated else said for name in shape.form}
        content[FORM] = {"schema": {"type": "object", "properties": fields}}
    return content


def _route(node: ast.AsyncFunctionDef) -> Route | None:
    said = {
        call.func.attr: call
        for call in node.decorator_list
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    }
    if "route" not in said:
        return None
    given = {word.arg: ast.literal_eval(word.value) for word in said["route"].keywords}
    (name,) = (ast.literal_eval(argument) for argument in said["function_name"].args)
    methods = tuple(method for method in given["methods"] if method != "OPTIONS")
    return Route(name, given["route"], methods, ast.get_docstring(node) or "")
