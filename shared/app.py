"""What the pages and the command line call, on top of what works: one method each."""

from __future__ import annotations

from collections.abc import Mapping

from shared.desk import Page
from shared.worker import Worker


class App(Worker):
    """Firebreak, put together."""

    async def show_sweep(self, rest: str, headers: Mapping[str, str]) -> Page:
        """Show the sweeps, one of them, its findings or its trend."""
        return await self._sweep_counter.show(rest, headers)

    async def move_sweep(
        self, sweep: str, what: str, headers: Mapping[str, str], body: bytes
    ) -> Page:
        """Take a request about a sweep: run it, accept a finding, ask for it to be mended."""
        answer = self._sweep_counter.move(sweep, what, headers, body)
        return await self._witness.watch("move a sweep", headers, answer)

    async def page(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Page:
        """Show a page, or its JSON."""
        if path == "alerts":
            return await self.alerts(headers, query or {})
        return await self._desk.show(path, headers, query or {})

    async def alerts(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Page:
        """List the alerts that opened no case."""
        return await self._alert_counter.show(headers, query)

    async def why(self, alert: str, headers: Mapping[str, str]) -> Page:
        """Show one alert, and why it was read as it was."""
        return await self._alert_counter.why(alert, headers)

    async def read_again(self, alert: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Have an alert read again."""
        answer = self._alert_counter.again(alert, headers, body)
        return await self._witness.watch(f"have alert {alert} read again", headers, answer)

    async def show_undo(self, case: str, headers: Mapping[str, str]) -> Page:
        """Show what would be put back."""
        return await self._counter.show_undo(case, headers)

    async def ask_undo(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to put back what a case changed."""
        answer = self._counter.ask_undo(case, headers, body)
        return await self._witness.watch(
            f"put back what a case changed in case {case}", headers, answer
        )

    async def rehearse(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Say what a policy would do."""
        answer = self._rehearsal.hear(what, headers, body)
        return await self._witness.watch("say what a policy would do", headers, answer)

    async def approvals(
        self, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Page:
        """List what waits for a person."""
        return await self._approval_counter.show(headers, query or {})

    async def by_link(self, token: str, headers: Mapping[str, str]) -> Page:
        """Show the change that a signed link leads to."""
        return await self._approval_counter.by_link(token, headers)

    async def approve(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's yes to a change."""
        answer = self._approval_counter.approve(case, headers, body)
        return await self._witness.watch("approve a change", headers, answer)

    async def decline(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's no to a change."""
        answer = self._approval_counter.decline(case, headers, body)
        return await self._witness.watch("decline a change", headers, answer)

    async def since(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word on when the compromise began."""
        answer = self._approval_counter.since(case, headers, body)
        return await self._witness.watch(
            f"say when a compromise began in case {case}", headers, answer
        )

    async def judge(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word that cases were false alarms, or that they were none."""
        answer = self._verdict_counter.hear(what, headers, body)
        return await self._witness.watch("judge a case", headers, answer)

    async def guards(self, headers: Mapping[str, str]) -> Page:
        """Show the brakes."""
        return await self._brake_counter.show(headers)

    async def move_guard(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Move a brake."""
        answer = self._brake_counter.move(what, headers, body)
        return await self._witness.watch("move a brake", headers, answer)

    async def erasures(self, headers: Mapping[str, str]) -> Page:
        """List what is being erased and what was."""
        return await self._erasure_counter.show(headers)

    async def erase(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Plan or start to erase a person."""
        answer = self._erasure_counter.ask(what, headers, body)
        return await self._witness.watch("erase a person", headers, answer)

    async def confirm(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word that a line of the checklist is done."""
        answer = self._reception.confirm(case, headers, body)
        return await self._witness.watch(
            f"confirm a line of the checklist in case {case}", headers, answer
        )

    async def restore(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to let the owner back in."""
        answer = self._reception.restore(case, headers, body)
        return await self._witness.watch("let an owner back in", headers, answer)

    async def access_pass(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Make an access pass for the owner and show it once."""
        answer = self._reception.access_pass(case, headers, body)
        return await self._witness.watch("make an access pass", headers, answer)

    async def notifications(self, headers: Mapping[str, str]) -> Page:
        """Show what is being told, and what could not be."""
        return await self._notify_counter.show(headers)

    async def notify(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Try a channel, or send again what it did not take."""
        answer = self._notify_counter.ask(what, headers, body)
        return await self._witness.watch("try a channel", headers, answer)

    async def show_policy(self, headers: Mapping[str, str]) -> Page:
        """Show the policy in force."""
        return await self._standing.policy(headers)

    async def health(self, headers: Mapping[str, str] | None = None) -> Page:
        """Say whether the app can do its work."""
        return await self._standing.health(headers or {})

    async def examined(self, headers: Mapping[str, str]) -> Page:
        """Say what every check of the deployment finds."""
        return await self._standing.examined(headers)
