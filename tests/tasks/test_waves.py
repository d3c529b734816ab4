"""What closes doors at the account is written before anything looks through the whole tenant."""

from __future__ import annotations

from pathlib import Path

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
