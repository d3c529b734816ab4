"""What closes doors at the account is written before anything looks through the whole tenant."""

from __future__ import annotations

from pathlib import Path

from lab.scenarios import full_house
from responders import catalogue
from shared.model import Phase
from shared.tasks.waves import WAVES
from tests.pages.stories import task
from tests.tasks.benches import Bench, policy

_RULE = """
[[rule]]
name = "sure"
kinds = ["risky_sign_in", "risky_user"]
severity = ["high"]
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
revoke_file_links = "enforce"
purge_sent_phish = "enforce"
disable_inbox_rules = "enforce"
stop_forwarding = "enforce"
"""
_SEARCHES = "/security/auditLog/queries"


async def test_leaks_are_closed_before_the_first_search_of_the_audit_log(tmp_path: Path) -> None:
    async with Bench(settings={"policy": policy(tmp_path, _RULE)}) as bench:
        await bench.tell()
        await bench.step()
        await bench.step()
        asked = [f"{c.method} {c.path}" for c in bench.tenant.calls]
    search = asked.index(f"POST {_SEARCHES}")
    rules = [
        n for n, call in enumerate(asked) if call.startswith("PATCH") and "messageRules" in call
    ]
    assert rules
    assert max(*rules, asked.index("POST Set-Mailbox")) < search


_ALL_OF_IT = """
[guards]
privileged = "enforce"
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
stop_auto_replies = "enforce"
stop_forwarding = "enforce"
revoke_file_links = "enforce"
disable_mail_flow_rules = "enforce"
"""


async def test_doors_then_leaks_with_the_automatic_reply_and_then_what_hunts(
    tmp_path: Path,
) -> None:
    """The automatic reply goes on answering for a disabled account, so it goes with the leaks."""
    async with Bench(story=full_house, settings={"policy": policy(tmp_path, _ALL_OF_IT)}) as bench:
        await bench.tell()
        await bench.step()
        await bench.step()
        calls = [f"{c.method} {c.path}" for c in bench.tenant.calls]
    door = calls.index("PATCH /users/{id}")
    reply = calls.index("PATCH /users/{id}/mailboxSettings")
    leak = calls.index("POST Set-Mailbox")
    hunt = calls.index(f"POST {_SEARCHES}")
    assert door < reply < hunt
    assert door < leak < hunt


def test_every_responder_has_its_turn_in_exactly_one_wave() -> None:
    for name, responder in catalogue().items():
        one = task(name, phase=responder.phase)
        assert [w.phase for w in WAVES if w.takes(one, responder)] == [responder.phase]
    assert [w.phase for w in WAVES if not w.hunts] == list(Phase)
