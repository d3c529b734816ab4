from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from shared.telemetry import open_log, redact

CANARY = "canary-0123456789"
SECRETS = ["authorization", "Authorization", "cookie", "set_cookie", "password", "new_password"]
SECRETS += ["secret", "operator_secret", "signature", "token", "access_token", "body", "raw_body"]


@pytest.mark.parametrize("name", SECRETS)
def test_whatever_is_named_like_a_secret_is_not_written(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="firebreak")
    open_log().warning("something", **{name: CANARY, "case": "0123"})
    assert CANARY not in caplog.text
    written = json.loads(caplog.messages[0])
    assert written[name] == "[redacted]"
    assert written["case"] == "0123"


@pytest.mark.parametrize("name", ["case", "alert", "task", "seconds", "reason", "event"])
def test_facts_are_written_as_they_are(name: str) -> None:
    assert redact(None, "info", {name: "as it is"}) == {name: "as it is"}


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_an_event_is_one_line_of_json_with_its_level_and_time(
    level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="firebreak")
    getattr(open_log(), level)("task.done", attempts=2, text="two\nlines")
    (record,) = caplog.records
    assert record.levelname == level.upper()
    assert record.name == "firebreak"
    assert "\n" not in record.getMessage()
    written: dict[str, Any] = json.loads(record.getMessage())
    assert written.pop("timestamp").endswith("Z")
    assert written == {"event": "task.done", "level": level, "attempts": 2, "text": "two\nlines"}


@pytest.mark.parametrize("library", ["httpx", "httpcore", "azure", "msal", "azure.core.pipeline"])
def test_libraries_that_log_addresses_are_quiet(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_log()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(library).info("GET https://graph.microsoft.com/v1.0/users/%s", CANARY)
    assert CANARY not in caplog.text
