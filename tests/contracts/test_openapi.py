"""The HTTP interface does what its description says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import product
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.core import NotSet

from lab.workbench import SECRET, as_operator
from scripts.openapi import FORM, document, routes
from shared.alerts.authenticate import sign
from shared.alerts.schemes import HmacAuth
from tests.contracts.in_process import InProcess, http_functions
from tests.tasks.approving import Person

BENCH = Person()
asyncio.run(BENCH.asked())
CASE = BENCH.the_case().id
"""A case of which changes wait, so that requests find something."""


def signed(path: str, body: bytes) -> Mapping[str, str]:
    """What the command line adds to a request; a form is sent by a page of ours instead."""
    at, now = path.removeprefix("/api/"), BENCH.clock.now()
    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    alert = at.startswith("alerts/")
    made = sign(auth, body=body, now=now) if alert else as_operator(at, body, now)
    return {**made, "sec-fetch-site": "same-origin"}


APP = InProcess(BENCH.app, about=signed)
SCHEMA = schemathesis.openapi.from_dict(document())
SCHEMA.config.phases.coverage.enabled = False
WHOLE = document()
DESCRIBED = WHOLE["paths"]


def test_every_http_function_is_described() -> None:
    assert {route.name for route in routes()} == {f.name for f, _ in http_functions()}


def test_a_description_names_the_shapes_of_what_is_given_and_taken() -> None:
    described = document()
    shapes = described["components"]["schemas"]
    assert {"CaseView", "CasesView", "ApproveRequest", "PolicyView"} <= shapes.keys()
    text = json.dumps(described)
    assert "#/$defs/" not in text


@SCHEMA.parametrize()
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_request_breaks_the_app_and_every_answer_is_as_described(case: Case[Any]) -> None:
    described = DESCRIBED[case.operation.path][case.method.lower()]["responses"]
    path, headers, body = written(case)
    given = case.path_parameters.get("id")
    known = path.replace(given, CASE) if isinstance(given, str) else path
    for place, accept in product((path, known), ("application/json", "text/html")):
        status, said, answer = asyncio.run(
            APP.ask(case.method, place, {**headers, "accept": accept}, body)
        )
        assert status < 500, answer
        assert str(status) in described, (place, status, answer[:300])
        content = described[str(status)].get("content", {})
        if content and answer:
            media = said["content-type"].partition(";")[0]
            assert media in content, place
            fits(answer, media, content[media].get("schema", {}))


def fits(answer: bytes, media: str, schema: dict[str, Any]) -> None:
    """Check that an answer has the shape that is described."""
    if media != "application/json":
        return
    whole = {**schema, "components": WHOLE["components"]}
    wrong = Draft202012Validator(whole).iter_errors(json.loads(answer))
    assert [f"{error.json_path}: {error.message[:200]}" for error in wrong] == []


def written(case: Case[Any]) -> tuple[str, dict[str, str], bytes]:
    """Write a request as its media type wants it."""
    asked = urlencode({name: text for name, text in case.query.items() if isinstance(text, str)})
    path = f"/api{case.formatted_path.removeprefix('/api')}" + (f"?{asked}" if asked else "")
    if isinstance(case.body, NotSet):
        return path, {}, b""
    headers = {"content-type": case.media_type or "application/json"}
    if isinstance(case.body, dict) and case.media_type == FORM:
        return path, headers, urlencode(case.body, doseq=True).encode()
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    return path, headers, body
