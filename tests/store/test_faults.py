from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core import exceptions as azure
from azure.data.tables import TableTransactionError
from azure.identity import CredentialUnavailableError

from shared.errors import Conflict, Defect, Denied, FirebreakError, Transient
from shared.store.faults import Absent, Act, Effect, Missing, translate
from shared.store.verbs import Exists, Immutable

READ = Act("read a row", "Storage Table Data Contributor", Effect.READS)
WRITE = Act("write rows", "Storage Table Data Contributor", Effect.WRITES)

MEANING: dict[type[Exception], type[FirebreakError]] = {
    azure.AzureError: Defect,
    azure.ServiceRequestError: Transient,
    azure.ServiceResponseError: Transient,
    azure.ServiceRequestTimeoutError: Transient,
    azure.ServiceResponseTimeoutError: Transient,
    azure.HttpResponseError: Defect,
    azure.DecodeError: Defect,
    azure.IncompleteReadError: Transient,
    azure.ResourceExistsError: Exists,
    azure.ResourceNotFoundError: Missing,
    azure.ClientAuthenticationError: Denied,
    azure.ResourceModifiedError: Conflict,
    azure.ResourceNotModifiedError: Defect,
    azure.TooManyRedirectsError: Defect,
    azure.ODataV4Error: Defect,
    azure.StreamConsumedError: Defect,
    azure.StreamClosedError: Defect,
    azure.ResponseNotReadError: Defect,
    azure.SerializationError: Defect,
    azure.DeserializationError: Defect,
}

ODD_CONSTRUCTORS: dict[type[Exception], Callable[[], Exception]] = {
    azure.TooManyRedirectsError: lambda: azure.TooManyRedirectsError([]),
    azure.ODataV4Error: lambda: azure.ODataV4Error(_answer(400, "Odd")),
    azure.StreamConsumedError: lambda: azure.StreamConsumedError(SimpleNamespace(request=None)),
    azure.StreamClosedError: lambda: azure.StreamClosedError(SimpleNamespace(request=None)),
    azure.ResponseNotReadError: lambda: azure.ResponseNotReadError(SimpleNamespace(request=None)),
}


def _answer(status: int, code: str) -> Any:
    return SimpleNamespace(
        status_code=status, reason="", headers={"x-ms-error-code": code}, text=lambda: ""
    )


def _answered(status: int, code: str) -> azure.HttpResponseError:
    return azure.HttpResponseError(response=_answer(status, code))


def _build(kind: type[Exception]) -> Exception:
    build = ODD_CONSTRUCTORS.get(kind, lambda: kind("what was sent"))
    return build()


def test_every_exception_of_azure_core_has_its_meaning_here() -> None:
    exceptions = {
        kind
        for _, kind in inspect.getmembers(azure, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == azure.__name__
    }
    assert exceptions == set(MEANING)


@pytest.mark.parametrize("kind", MEANING, ids=lambda kind: kind.__name__)
def test_an_exception_of_azure_core_means_exactly_one_of_ours(kind: type[Exception]) -> None:
    error = translate(_build(kind), WRITE)
    assert type(error) is MEANING[kind]
    assert "what was sent" not in str(error)


STATUSES: dict[tuple[int, str], type[FirebreakError]] = {
    (204, "QueueAlreadyExists"): Exists,
    (400, "InvalidInput"): Defect,
    (400, "InvalidDuplicateRow"): Defect,
    (401, "InvalidAuthenticationInfo"): Denied,
    (403, "AuthorizationPermissionMismatch"): Denied,
    (403, "AuthorizationFailure"): Denied,
    (404, "ResourceNotFound"): Missing,
    (404, "EntityNotFound"): Missing,
    (404, "BlobNotFound"): Missing,
    (404, "TableNotFound"): Absent,
    (404, "ContainerNotFound"): Absent,
    (404, "QueueNotFound"): Absent,
    (408, "RequestTimeout"): Transient,
    (409, "EntityAlreadyExists"): Exists,
    (409, "BlobAlreadyExists"): Exists,
    (409, "BlobImmutableDueToPolicy"): Immutable,
    (409, "BlobImmutableDueToLegalHold"): Immutable,
    (409, "TableAlreadyExists"): Exists,
    (409, "TableBeingDeleted"): Transient,
    (409, "ContainerBeingDeleted"): Transient,
    (409, "QueueBeingDeleted"): Transient,
    (412, "UpdateConditionNotSatisfied"): Conflict,
    (412, "ConditionNotMet"): Conflict,
    (413, "RequestBodyTooLarge"): Defect,
    (418, "Teapot"): Defect,
    (429, "TooManyRequests"): Transient,
    (499, "Unheard"): Defect,
    (500, "InternalError"): Transient,
    (500, "OperationTimedOut"): Transient,
    (502, "BadGateway"): Transient,
    (503, "ServerBusy"): Transient,
    (504, "GatewayTimeout"): Transient,
}


@pytest.mark.parametrize(("status", "code"), STATUSES)
def test_an_answer_means_exactly_one_of_ours(status: int, code: str) -> None:
    error = translate(_answered(status, code), WRITE)
    assert type(error) is STATUSES[status, code]
    assert code in str(error)


def test_a_transaction_is_judged_like_a_single_change() -> None:
    error = TableTransactionError(
        response=_answer(409, "EntityAlreadyExists"), message="1:The entity", index=1
    )
    assert type(translate(error, WRITE)) is Exists


def test_an_identity_without_a_token_is_denied_and_one_that_is_throttled_is_not() -> None:
    missing = translate(CredentialUnavailableError("no identity here"), WRITE)
    unknown = translate(azure.ClientAuthenticationError(response=_answer(400, "")), WRITE)
    assert type(missing) is type(unknown) is Denied
    busy = azure.ClientAuthenticationError(response=_answer(429, ""))
    assert type(translate(busy, WRITE)) is Transient


def test_only_a_write_can_have_happened_unheard() -> None:
    def lost(error: Exception, act: Act) -> bool:
        found = translate(error, act)
        assert isinstance(found, Transient)
        return found.may_have_happened

    for error in (_answered(500, "InternalError"), azure.ServiceResponseError("cut off")):
        assert lost(error, WRITE)
        assert not lost(error, READ)
    assert not lost(_answered(429, "TooManyRequests"), WRITE)
