"""Turn views into pages: HTML that needs nothing but itself.

Style and script stand inside the page and are named in the Content-Security-Policy by their hash,
so that a page is one answer, a report is one file, and nothing that an alert smuggles in can run.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from shared.model import (
    Account,
    AlertKind,
    AlertState,
    CaseId,
    CaseStatus,
    Json,
    Severity,
    Value,
)
from shared.pages.approval_cards import ApprovalsView, Card
from shared.pages.brake_view import GuardsView
from shared.pages.case_filter import CaseFilter
from shared.pages.channel_view import ChannelState
from shared.pages.health_view import HealthView
from shared.pages.lists import AlertsView, CasesView, FoundView
from shared.pages.posture_view import PostureView, SweepPage
from shared.pages.templating import environment
from shared.pages.tenants_view import TenantsView
from shared.pages.timeline import timeline
from shared.pages.values import AlertLine, CaseView
from shared.principal import SIGN_IN, SIGN_IN_AT

if TYPE_CHECKING:
    from shared.pages.policy_view import PolicyView

_HERE: Final = Path(__file__).parent
_CASELESS: Final = (
    *(AlertState.UNREADABLE, AlertState.UNRESOLVED, AlertState.POISONED, AlertState.IGNORED),
)
"""States of an alert that opened no case, the most urgent first."""


class Pages:
    """Renders every page. Made once; holds templates, style and script, and nothing of a case."""

    def __init__(self, base: str = "/api", *, local: bool = False, house: str = "") -> None:
        css, js = (_text(name) for name in ("firebreak.css", "live.js"))
        self._style, self._script = _hashed(css), _hashed(js)
        self._for_files = f"default-src 'none'; img-src data:; style-src {self._style}"
        self._templates = environment(css=css, js=js, base=base.rstrip("/"))
        self._templates.globals |= {"local": local, "house": house}

    def case(
        self,
        view: CaseView,
        *,
        cards: tuple[Card, ...] = (),
        may: bool = False,
        since_form: bool = False,
    ) -> str:
        """Render one case, which refreshes itself while something goes on.

        `cards` are the changes that wait; `may`: whether the reader may answer them.
        """
        answers = {"cards": cards, "may": may, "since_form": since_form}
        return self._page("case.html", "cases", view=view, drawing=timeline(view), **answers)

    def cases(
        self,
        view: CasesView | FoundView,
        *,
        asked: CaseFilter | None = None,
        rules: tuple[str, ...] = (),
        may: bool = False,
    ) -> str:
        """Render the list of cases, or what was found in it; `rules` are those of the policy.

        `may`: whether the reader may close several of those that were found.
        """
        template = "found.html" if isinstance(view, FoundView) else "cases.html"
        return self._page(
            template,
            "cases",
            view=view,
            asked=asked or CaseFilter(),
            choices={"status": CaseStatus, "kind": AlertKind, "severity": Severity},
            rules=rules,
            may=may,
        )

    def alerts(self, view: AlertsView, *, may: bool = False) -> str:
        """Render the alerts that opened no case; `may`: whether the reader may have one re-read."""
        asked = view.filters.model_dump(mode="json", exclude_defaults=True)
        older = urlencode(asked | {"after": view.older})
        return self._page(
            "alerts.html", "alerts", view=view, may=may, older=older, states=_CASELESS
        )

    def alert(
        self, alert: AlertLine, readings: Iterable[Json], *, at: datetime, may: bool = False
    ) -> str:
        """Render one alert with how its body is read, as `shared.alerts.explain` tells it."""
        return self._page(
            "alert_page.html", "alerts", alert=alert, readings=list(readings), at=at, may=may
        )

    def report(self, view: CaseView) -> str:
        """Render a case as one file to keep, which needs neither network nor script."""
        drawing = timeline(view)
        return self._page("report.html", "", view=view, drawing=drawing, policy=self._for_files)

    def approvals(self, view: ApprovalsView, *, may: bool) -> str:
        """Render what waits for a person; `may`: whether the reader may answer it."""
        return self._page("approvals.html", "approvals", view=view, may=may)

    def guards(self, view: GuardsView, *, may: bool) -> str:
        """Render the brakes; `may`: whether the reader may move them."""
        return self._page("guards.html", "guards", view=view, may=may)

    def notifications(self, states: tuple[ChannelState, ...], *, at: datetime, may: bool) -> str:
        """Render how each channel does; `may`: whether the reader may try one."""
        return self._page("notifications.html", "notifications", states=states, at=at, may=may)

    def posture(self, view: PostureView) -> str:
        """Render the tenant's posture: the score, the sweeps, what weighs most."""
        return self._page("posture.html", "posture", view=view)

    def sweep(self, view: SweepPage, *, may_run: bool, may_accept: bool) -> str:
        """Render one sweep; what the reader may: run and mend, accept."""
        may = {"may_run": may_run, "may_accept": may_accept}
        return self._page("sweep.html", "posture", view=view, **may)

    def posture_report(self, view: PostureView) -> str:
        """Render the posture as one file to hand on, which needs neither network nor script."""
        return self._page("posture_report.html", "", view=view, policy=self._for_files)

    def tenants(self, view: TenantsView, *, may: bool) -> str:
        """Render the tenants a reader may see; `may`: whether the reader may pause them all."""
        return self._page("tenants.html", "tenants", view=view, may=may)

    def policy(self, view: PolicyView) -> str:
        """Render the policy in force."""
        return self._page("policy.html", "policy", view=view)

    def health(self, view: HealthView) -> str:
        """Render whether the app is well."""
        return self._page("health.html", "health", view=view)

    def linked(self, card: Card, *, at: datetime, may: bool, link: str) -> str:
        """Render the one change that a signed link leads to."""
        return self._page("linked.html", "approvals", card=card, at=at, may=may, link=link)

    def verdicts(self, judged: Iterable[Value], failed: Iterable[Value]) -> str:
        """Render what became of several cases that a person judged at once."""
        return self._page("verdicts.html", "cases", judged=list(judged), failed=list(failed))

    def erasures(
        self,
        under_way: Iterable[Value],
        done: Iterable[Value],
        held: Iterable[Value],
        *,
        at: datetime,
        may: bool,
    ) -> str:
        """Render what is being erased, what was, and what storage holds back.

        `may`: whether the reader may have a person erased.
        """
        lists = {"under_way": list(under_way), "done": list(done), "held": list(held)}
        return self._page("erasures.html", "", **lists, at=at, may=may)

    def erasure_plan(self, plan: Value, *, at: datetime) -> str:
        """Render what would be erased of a person, with the button that does it."""
        return self._page("erasure_plan.html", "", plan=plan, at=at)

    def undo(self, case: CaseId, whose: Account, steps: Iterable[Value]) -> str:
        """Render what would be put back of whose account, each with the button that does it."""
        return self._page("undo.html", "cases", case=case, whose=whose, steps=list(steps))

    def way_back(self, view: CaseView) -> str:
        """Render the checklist with the buttons of the owner's way back."""
        return self._page("way_back.html", "cases", view=view)

    def access_pass(self, case: CaseId, issued: Value) -> str:
        """Render an access pass, which is shown on this one page and nowhere else."""
        return self._page("access_pass.html", "cases", case=case, issued=issued)

    def problem(self, status: int, title: str, what_to_do: str) -> str:
        """Render an error: what is wrong, and what the reader can do."""
        return self._page(
            "problem.html",
            "",
            status=str(status),
            title=title,
            what_to_do=what_to_do,
            sign_in_at=SIGN_IN_AT if what_to_do == SIGN_IN else "",
        )

    def security_headers(self) -> dict[str, str]:
        """List the headers every page is sent with."""
        policy = (
            "default-src 'none'",
            f"style-src {self._style}",
            f"script-src {self._script}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
        return {
            "Content-Security-Policy": "; ".join(policy),
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def _page(self, template: str, here: str, **values: object) -> str:
        return self._templates.get_template(template).render(here=here, **values)


def _text(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
