"""An app with a function for each thing the host can do; each writes down what happened to it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import azure.functions as func

STORAGE = "AzureWebJobsStorage"
WORK = "work-%SUFFIX%"
POISON = "work-%SUFFIX%-poison"

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def record(what: str, **more: object) -> None:
    with Path(os.environ["RECORD"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"what": what, "at": time.time(), **more}) + "\n")


def told(**more: object) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(more), mimetype="application/json")


@app.route(route="echo", methods=["POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return told(
        method=req.method,
        url=req.url,
        query=dict(req.params),
        header=req.headers.get("X-Given"),
        body=req.get_body().decode("latin-1"),
    )


@app.route(route="numbers/{n:int}")
async def number(req: func.HttpRequest) -> func.HttpResponse:
    return told(function="number", **req.route_params)


@app.route(route="numbers/{word}")
async def word(req: func.HttpRequest) -> func.HttpResponse:
    return told(function="word", **req.route_params)


@app.route(route="files/{*path}")
async def files(req: func.HttpRequest) -> func.HttpResponse:
    return told(**req.route_params)


@app.route(route="settings/{name}")
async def setting(req: func.HttpRequest) -> func.HttpResponse:
    return told(value=os.environ.get(req.route_params["name"]))


@app.route(route="answer")
async def answer(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(
        "grüß",
        status_code=418,
        headers={"X-Given": "back", "Set-Cookie": "a=b; Path=/; HttpOnly"},
        mimetype="text/html",
    )


@app.route(route="broken")
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("a secret of the app")


@app.route(route="locked", auth_level=func.AuthLevel.FUNCTION)
async def locked(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="vault", auth_level=func.AuthLevel.ADMIN)
async def vault(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="slow")
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    record("slow started")
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse("done")


@app.route(route="put", methods=["POST"])
@app.queue_output(arg_name="out", queue_name=WORK, connection=STORAGE)
async def put(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name=WORK, connection=STORAGE)
async def work(msg: func.QueueMessage) -> None:
    order = msg.get_json()
    record(
        "work started",
        name=order["name"],
        count=msg.dequeue_count,
        inserted=str(msg.insertion_time),
        receipt=bool(msg.pop_receipt),
    )
    await asyncio.sleep(order.get("seconds", 0))
    if order.get("fail"):
        raise ValueError("refused")
    record("work finished", name=order["name"])


@app.queue_trigger(arg_name="msg", queue_name=POISON, connection=STORAGE)
async def buried(msg: func.QueueMessage) -> None:
    record("buried", text=msg.get_body().decode())


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    record("tick started", past_due=timer.past_due)
    await asyncio.sleep(1.2)
    record("tick finished")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
async def new_year(timer: func.TimerRequest) -> None:
    record("new year")
