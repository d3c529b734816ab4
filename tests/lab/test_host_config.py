from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lab.errors import BadApp
from lab.host_config import QueueRules, read_config, resolve


def read(folder: Path, text: str, **settings: str) -> QueueRules:
    folder.joinpath("host.json").write_text(text)
    return read_config(folder, settings).queues


def test_without_a_word_the_rules_are_those_of_the_real_host(tmp_path: Path) -> None:
    assert read(tmp_path, '{"version": "2.0"}') == QueueRules(
        batch_size=16,
        new_batch_threshold=8,
        max_dequeue_count=5,
        visibility_timeout=timedelta(0),
        max_polling_interval=timedelta(minutes=1),
        base64=True,
    )


def test_a_setting_overrides_host_json_in_any_case(tmp_path: Path) -> None:
    text = '{"version": "2.0", "extensions": {"queues": {"batchSize": 4}}}'
    name = "AzureFunctionsJobHost__extensions__Queues__BATCHSIZE"
    assert read(tmp_path, text, **{name: "2"}).batch_size == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ("{}", "version"),
        ('{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}', "batchSize"),
        ('{"version": "2.0", "extensions": {"queues": {"messageEncoding": "x"}}}', "messageEnc"),
        ('{"version": "2.0", "functionTimeout": "5"}', "'5' is not a time span"),
    ],
)
def test_a_host_json_that_is_wrong_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadApp, match=reason):
        read(tmp_path, text)


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadApp, match="there is no host"):
        read_config(tmp_path, {})


def test_a_setting_between_percent_signs_is_resolved_or_refused() -> None:
    assert resolve("a-%B%-c", {"B": "b"}) == "a-b-c"
    with pytest.raises(BadApp, match="no setting B"):
        resolve("%B%", {})
