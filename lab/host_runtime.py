"""Index, load and call an app's functions through Microsoft's own Python worker library.

`azure_functions_runtime` is what runs in Azure. There it is spoken to in protobuf messages; here
nine plain attribute holders stand in for them while it indexes, and calls go through its
protobuf-free entry. So whatever it rejects, it rejects here as well.
Source: azure-functions-runtime 1.3.0, handle_event.py and native_invocation.py.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from lab.errors import BadApp, LabError

type Json = dict[str, Any]

RETURN = "$return"
"""The name of the output that is a function's return value."""


class InvocationFailed(LabError):  # noqa: N818 - what happened
    """A function raised; the worker library has written the traceback to the log."""


@dataclass(frozen=True)
class Function:
    """One function of the app, with its bindings as function.json would spell them."""

    name: str
    id: str
    trigger: Json
    outputs: tuple[Json, ...]
    retries: Json | None = None
    """How the host repeats a failed call, as the loader spells it."""

    @property
    def kind(self) -> str:
        """What triggers it, such as `httpTrigger`."""
        return str(self.trigger["type"])


@dataclass(frozen=True)
class Answer:
    """What a function gave back: its return value and its output bindings, each as a `Datum`."""

    value: Any
    outputs: Mapping[str, Any]


class _BindingInfo(SimpleNamespace):
    """Stands for BindingInfo of FunctionRpc.proto; its enumerators are members of the class."""

    out, inout, undefined = 1, 2, 0


class _StatusResult(SimpleNamespace):
    """Stands for StatusResult of FunctionRpc.proto."""

    Failure, Success, Cancelled = 0, 1, 2


_PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo,
    StatusResult=_StatusResult,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
    RpcException=SimpleNamespace,
    WorkerInitResponse=SimpleNamespace,
    WorkerMetadata=SimpleNamespace,
    FunctionMetadataResponse=SimpleNamespace,
    FunctionLoadResponse=SimpleNamespace,
)


class Runtime:
    """The worker of one app. The library keeps its registry in a module: one app per process."""

    def __init__(self, functions: tuple[Function, ...], patience: float) -> None:
        self.functions = functions
        self.stuck = False
        """Whether a function was cut off: a synchronous one still holds its thread."""
        self._patience = patience

    @classmethod
    async def load(cls, app: Path, *, patience: float = 1800) -> Runtime:
        """Import function_app.py and index it. Raises `BadApp` with the loader's own reason.

        `patience` is host.json's functionTimeout in seconds.
        """
        import azure_functions_runtime as library

        if not (app / "function_app.py").exists():
            raise BadApp(f"there is no function_app.py in {app}")
        sys.path.insert(0, str(app))
        asked = SimpleNamespace(capabilities={}, function_app_directory=str(app))
        loaded = await library.worker_init_request(_request(worker_init_request=asked))
        if loaded.result.status != _StatusResult.Success:
            raise BadApp(_reason(loaded.result.exception))
        listed = await library.functions_metadata_request(_request())
        found = tuple(_function(item) for item in listed.function_metadata_results or ())
        for function in found:
            await library.function_load_request(
                _request(function_load_request=SimpleNamespace(function_id=function.id))
            )
        library.start_threadpool_executor()
        return cls(found, patience)

    async def call(
        self, function: Function, data: object, metadata: Mapping[str, object] | None = None
    ) -> Answer:
        """Run a function with its trigger's data. Raises `InvocationFailed`.

        A synchronous function that takes too long cannot be interrupted; its result is dropped.
        """
        from azure_functions_runtime.native_invocation import invocation_request_native

        inputs = [(function.trigger["name"], data)]
        try:
            async with asyncio.timeout(self._patience):
                good, value, outputs, reason, _traceback = await invocation_request_native(
                    str(uuid4()), function.id, inputs, dict(metadata or {})
                )
        except TimeoutError as error:
            self.stuck = True
            raise InvocationFailed(
                f"was cut off after {self._patience:g} s (functionTimeout)"
            ) from error
        if not good:
            raise InvocationFailed(f"failed: {reason}")
        return Answer(value, dict(outputs))

    def close(self) -> None:
        """Let the library's threads go."""
        import azure_functions_runtime as library

        library.stop_threadpool_executor()


def _request(**parts: object) -> SimpleNamespace:
    return SimpleNamespace(
        request=SimpleNamespace(**parts), properties={"host": "127.0.0.1", "protos": _PROTOS}
    )


def _reason(error: SimpleNamespace) -> str:
    return f"{error.message}\n{error.stack_trace}".strip()


def _function(metadata: SimpleNamespace) -> Function:
    bindings = [json.loads(binding) for binding in metadata.raw_bindings]
    triggers = [each for each in bindings if each["type"].lower().endswith("trigger")]
    outputs = tuple(each for each in bindings if each["direction"].upper() == "OUT")
    if len(triggers) != 1 or len(bindings) != 1 + len(outputs):
        raise BadApp(f"{metadata.name}: this host knows one trigger and output bindings only")
    retries = metadata.retry_options
    if retries is not None and triggers[0]["type"] != "eventHubTrigger":
        raise BadApp(f"{metadata.name}: this host runs retry policies of streams only")
    return Function(
        metadata.name,
        metadata.function_id,
        triggers[0],
        outputs,
        None if retries is None else dict(vars(retries)),
    )
