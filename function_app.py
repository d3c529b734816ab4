"""The triggers, and nothing else: each body is one call into the app."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import List  # noqa: UP035 - the loader knows no other list

import azure.functions as func

from responders import catalogue
from shared.desk import Page
from shared.paths import Ask
from shared.provider import Provider
from shared.settings import Settings
from shared.tasks.intake import Reply

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""Anonymous to the host: alerts prove themselves by their source's secret, and pages ask for a
signed-in person, both in code that tests cover."""

firebreak = Provider(Settings.from_environment(), catalogue())


@app.function_name("alerts")
@app.route(route="alerts/{source}", methods=["POST", "OPTIONS"])
async def alerts(req: func.HttpRequest) -> func.HttpResponse:
    """Take an alert in, or answer a sender that asks whether it may send."""
    return _answer(
        await firebreak.receive(
            req.route_params["source"],
            req.headers,
            req.get_body(),
            method=req.method,
            query=req.params,
        )
    )


@app.function_name("remediate")
@app.queue_trigger(arg_name="msg", queue_name="remediate", connection="AzureWebJobsStorage")
async def remediate(msg: func.QueueMessage) -> None:
    """Triage an alert, or go on with a case."""
    await firebreak.work(msg.get_body().decode())


@app.function_name("poison")
@app.queue_trigger(arg_name="msg", queue_name="remediate-poison", connection="AzureWebJobsStorage")
async def poison(msg: func.QueueMessage) -> None:
    """Keep and show a message that failed too often."""
    await firebreak.poison(msg.get_body().decode(errors="replace"))


@app.function_name("reconcile")
@app.timer_trigger(schedule="*/30 * * * * *", arg_name="timer", use_monitor=False)
async def reconcile(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Put back on the queue whatever was forgotten."""
    await firebreak.reconcile()


@app.function_name("pull")
@app.timer_trigger(schedule="0 * * * * *", arg_name="timer", use_monitor=False)
async def pull(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Fetch the alerts that nobody sends."""
    await firebreak.pull()


if firebreak.settings.event_hub:
    # A trigger without a connection would stop the whole host, so there is none without a hub.

    @app.function_name("stream")
    @app.event_hub_message_trigger(
        arg_name="events",
        event_hub_name=firebreak.settings.event_hub,
        connection="EventHub",
        cardinality=func.Cardinality.MANY,
    )
    @app.retry(strategy="fixed_delay", max_retry_count="-1", delay_interval="00:00:10")
    async def stream(events: List[func.EventHubEvent]) -> None:  # noqa: UP006 - the loader's wish
        """Take in records; a batch that could not be stored comes again, and nothing twice."""
        await firebreak.stream([event.get_body() for event in events])


if firebreak.customers:
    # The pages above and below are the provider's own tenant's; each customer has the same.

    @app.function_name("tenants")
    @app.route(route="tenants/{*rest}", methods=["GET", "POST"])
    async def tenants(req: func.HttpRequest) -> func.HttpResponse:
        """Show the tenants, or answer below one of them as the rest of the app does."""
        ask = Ask(req.headers, req.params, req.get_body())
        return await _show(req, firebreak.at(req.method, req.route_params.get("rest") or "", ask))


@app.function_name("sweeps")
@app.timer_trigger(schedule="0 7 * * * *", arg_name="timer", use_monitor=False)
async def sweeps(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Begin every sweep of the tenant whose time has come."""
    await firebreak.start_sweeps()


@app.function_name("show_sweep")
@app.route(route="sweeps/{*rest}", methods=["GET"])
async def show_sweep(req: func.HttpRequest) -> func.HttpResponse:
    """Show the sweeps, one of them, its findings or its trend."""
    return await _show(req, firebreak.show_sweep(req.route_params.get("rest") or "", req.headers))


@app.function_name("move_sweep")
@app.route(route="sweeps/{name}/{what}", methods=["POST"])
async def move_sweep(req: func.HttpRequest) -> func.HttpResponse:
    """Run a sweep, accept a finding of it, or ask for it to be mended."""
    name, what = req.route_params["name"], req.route_params["what"]
    return await _show(req, firebreak.move_sweep(name, what, req.headers, req.get_body()))


@app.function_name("cases")
@app.route(route="cases/{*rest}", methods=["GET"])
async def cases(req: func.HttpRequest) -> func.HttpResponse:
    """Show the list of cases, a case, its JSON or its report."""
    path = f"cases/{req.route_params.get('rest') or ''}".rstrip("/")
    return await _show(req, firebreak.page(path, req.headers, req.params))


@app.function_name("show_undo")
@app.route(route="cases/{id}/undo", methods=["GET"])
async def show_undo(req: func.HttpRequest) -> func.HttpResponse:
    """Show what would be put back."""
    return await _show(req, firebreak.show_undo(req.route_params["id"], req.headers))


@app.function_name("undo")
@app.route(route="cases/{id}/undo", methods=["POST"])
async def undo(req: func.HttpRequest) -> func.HttpResponse:
    """Take the request to put back what a case changed."""
    return await _show(req, firebreak.ask_undo(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("policy")
@app.route(route="policy/{what}", methods=["POST"])
async def policy(req: func.HttpRequest) -> func.HttpResponse:
    """Say what a policy would do about an account, or would have done about past cases."""
    return await _show(
        req, firebreak.rehearse(req.route_params["what"], req.headers, req.get_body())
    )


@app.function_name("show_policy")
@app.route(route="policy", methods=["GET"])
async def show_policy(req: func.HttpRequest) -> func.HttpResponse:
    """Show the policy in force."""
    return await _show(req, firebreak.show_policy(req.headers))


@app.function_name("approvals")
@app.route(route="approvals", methods=["GET"])
async def approvals(req: func.HttpRequest) -> func.HttpResponse:
    """List what waits for a person."""
    return await _show(req, firebreak.approvals(req.headers, req.params))


@app.function_name("by_link")
@app.route(route="approve/{token}", methods=["GET"])
async def by_link(req: func.HttpRequest) -> func.HttpResponse:
    """Show the change that a signed link leads to."""
    return await _show(req, firebreak.by_link(req.route_params["token"], req.headers))


@app.function_name("approve")
@app.route(route="cases/{id}/approve", methods=["POST"])
async def approve(req: func.HttpRequest) -> func.HttpResponse:
    """Take a person's yes to a change."""
    return await _show(req, firebreak.approve(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("decline")
@app.route(route="cases/{id}/decline", methods=["POST"])
async def decline(req: func.HttpRequest) -> func.HttpResponse:
    """Take a person's no to a change."""
    return await _show(req, firebreak.decline(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("since")
@app.route(route="cases/{id}/since", methods=["POST"])
async def since(req: func.HttpRequest) -> func.HttpResponse:
    """Take a person's word on when the compromise began."""
    return await _show(req, firebreak.since(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("guards")
@app.route(route="guards", methods=["GET"])
async def guards(req: func.HttpRequest) -> func.HttpResponse:
    """Show the brakes."""
    return await _show(req, firebreak.guards(req.headers))


@app.function_name("move_guard")
@app.route(route="guards/{what}", methods=["POST"])
async def move_guard(req: func.HttpRequest) -> func.HttpResponse:
    """Pause, resume, or let a held rule act again."""
    what = req.route_params["what"]
    return await _show(req, firebreak.move_guard(what, req.headers, req.get_body()))


@app.function_name("judge")
@app.route(route="verdicts/{what}", methods=["POST"])
async def judge(req: func.HttpRequest) -> func.HttpResponse:
    """Take a person's word that cases were false alarms, or that they were none."""
    return await _show(req, firebreak.judge(req.route_params["what"], req.headers, req.get_body()))


@app.function_name("erasures")
@app.route(route="erasures", methods=["GET"])
async def erasures(req: func.HttpRequest) -> func.HttpResponse:
    """List what is being erased and what was."""
    return await _show(req, firebreak.erasures(req.headers))


@app.function_name("erase")
@app.route(route="erasures/{what}", methods=["POST"])
async def erase(req: func.HttpRequest) -> func.HttpResponse:
    """Show what would be erased of a person, or erase it."""
    return await _show(req, firebreak.erase(req.route_params["what"], req.headers, req.get_body()))


@app.function_name("show_restore")
@app.route(route="cases/{id}/restore", methods=["GET"])
async def show_restore(req: func.HttpRequest) -> func.HttpResponse:
    """Show the owner's way back: the checklist and its buttons."""
    return await _show(req, firebreak.page(f"cases/{req.route_params['id']}/restore", req.headers))


@app.function_name("restore")
@app.route(route="cases/{id}/restore", methods=["POST"])
async def restore(req: func.HttpRequest) -> func.HttpResponse:
    """Take the request to let the owner back in."""
    return await _show(req, firebreak.restore(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("confirm")
@app.route(route="cases/{id}/confirm", methods=["POST"])
async def confirm(req: func.HttpRequest) -> func.HttpResponse:
    """Take a person's word that a line of the checklist is done."""
    return await _show(req, firebreak.confirm(req.route_params["id"], req.headers, req.get_body()))


@app.function_name("access_pass")
@app.route(route="cases/{id}/access-pass", methods=["POST"])
async def access_pass(req: func.HttpRequest) -> func.HttpResponse:
    """Make an access pass for the owner and show it once."""
    return await _show(
        req, firebreak.access_pass(req.route_params["id"], req.headers, req.get_body())
    )


@app.function_name("inbox")
@app.route(route="alerts", methods=["GET"])
async def inbox(req: func.HttpRequest) -> func.HttpResponse:
    """List the alerts that need a person."""
    return await _show(req, firebreak.alerts(req.headers, req.params))


@app.function_name("why")
@app.route(route="alert/{id}/why", methods=["GET"])
async def why(req: func.HttpRequest) -> func.HttpResponse:
    """Show one alert, and why it was read as it was."""
    return await _show(req, firebreak.why(req.route_params["id"], req.headers))


@app.function_name("read_again")
@app.route(route="alert/{id}/again", methods=["POST"])
async def read_again(req: func.HttpRequest) -> func.HttpResponse:
    """Have an alert read again after what stood in its way is mended."""
    return await _show(
        req, firebreak.read_again(req.route_params["id"], req.headers, req.get_body())
    )


@app.function_name("alert")
@app.route(route="alert/{id}", methods=["GET"])
async def alert(req: func.HttpRequest) -> func.HttpResponse:
    """Lead from an alert to its case."""
    return await _show(req, firebreak.page(f"alert/{req.route_params['id']}", req.headers))


@app.function_name("notifications")
@app.route(route="notifications", methods=["GET"])
async def notifications(req: func.HttpRequest) -> func.HttpResponse:
    """Show what is being told, and what could not be."""
    return await _show(req, firebreak.notifications(req.headers))


@app.function_name("notify")
@app.route(route="notifications/{what}", methods=["POST"])
async def notify(req: func.HttpRequest) -> func.HttpResponse:
    """Try a channel, or send again what it did not take."""
    return await _show(req, firebreak.notify(req.route_params["what"], req.headers, req.get_body()))


@app.function_name("health")
@app.route(route="health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Say whether the app can do its work."""
    return await _show(req, firebreak.health(req.headers))


@app.function_name("doctor")
@app.route(route="health/deep", methods=["GET"])
async def doctor(req: func.HttpRequest) -> func.HttpResponse:
    """Say what every check of the deployment finds."""
    return await _show(req, firebreak.examined(req.headers))


def _answer(reply: Reply) -> func.HttpResponse:
    import json

    if words := reply.words:
        return func.HttpResponse(
            words.text,
            status_code=reply.status,
            mimetype=words.media,
            headers={**words.headers, "X-Content-Type-Options": "nosniff"},
        )
    wait = {"Retry-After": str(reply.retry_after)} if reply.retry_after else {}
    return func.HttpResponse(
        json.dumps(reply.body), status_code=reply.status, mimetype="application/json", headers=wait
    )


async def _show(req: func.HttpRequest, answer: Awaitable[Page]) -> func.HttpResponse:
    page = await firebreak.shown(answer, req.headers)
    return func.HttpResponse(
        page.body, status_code=page.status, mimetype=page.media, headers=dict(page.headers)
    )
