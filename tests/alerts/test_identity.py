from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerts.catalogue import carriers
from shared.alerts.identity import (
    account,
    address,
    decoded,
    distinct,
    guest,
    object_id,
    windows_name,
)
from shared.model import AccountRef, ObjectId, Upn

OID = "73d664e4-0886-4a73-b745-c694da45ddb4"
SID = "S-1-12-1-1943430372-1249052806-2496021943-3034400218"


@pytest.mark.parametrize(
    "value",
    [
        "jane.roe@contoso.example",
        "Jane.O'Roe+x@sub.contoso.co.uk",
        "12345@contoso.onmicrosoft.com",
        "oops_gmail.com#EXT#@contoso.onmicrosoft.com",
        "user1@contoso.com",
        "a@b.xn--p1ai",
    ],
)
def test_a_strict_address_passes_as_it_is(value: str) -> None:
    assert address(f" {value}\n") == value


@pytest.mark.parametrize(
    "value",
    [
        "String",
        "Not Available",
        "ANONYMIZED",
        "user1",
        "SYSTEM",
        "BIURO",
        "anonymized@contoso.example",
        "jane@anonymized.example",
        "jane.roe@contoso",
        "jane roe@contoso.example",
        "jane.roe@contoso.example(external, opens in a new tab or window)",
        "Jane Roe <jane.roe@contoso.example>",
        "jane.roe@contoso.example, john@contoso.example",
        "jane.roe@contoso.example;john@contoso.example",
        "jane@roe@contoso.example",
        ".jane@contoso.example",
        "jane..roe@contoso.example",
        "jane.@contoso.example",
        "jane@-contoso.example",
        "jane@contoso.example.",
        "jane@contoso..example",
        "jane@192.0.2.1",
        "jane\u200b@contoso.example",
        "j\u0430ne@contoso.example",
        "jane@c\u043entoso.example",
        "urn:spo:guest#jane@contoso.example",
        "mailto:jane@contoso.example",
        "CONTOSO\\jane",
        "/o=ExchangeLabs/ou=x/cn=Recipients/cn=jane",
        "10032005000C4421",
        "a" * 250 + "@contoso.example",
        "",
        None,
    ],
)
def test_what_is_not_strictly_an_address_is_nobody(value: str | None) -> None:
    assert address(value) is None


def test_an_object_id_is_a_guid_and_not_the_empty_one() -> None:
    assert object_id(f" {OID.upper()} ") == OID
    for value in ("00000000-0000-0000-0000-000000000000", "{" + OID + "}", OID[:-1], "user1", None):
        assert object_id(value) is None


def test_an_entra_sid_holds_the_object_id() -> None:
    assert decoded(SID) == OID
    assert account(sid=SID) == AccountRef(object_id=ObjectId(OID), sid=SID)


@given(st.uuids().filter(lambda each: each.int))
def test_every_object_id_survives_its_sid(wanted: UUID) -> None:
    parts = [int.from_bytes(wanted.bytes_le[at : at + 4], "little") for at in (0, 4, 8, 12)]
    assert decoded("S-1-12-1-" + "-".join(map(str, parts))) == str(wanted)


@pytest.mark.parametrize(
    "sid",
    ["S-1-5-18", "S-1-5-21-1-2-3-500", "S-1-12-1-1-2-3", "S-1-12-1-4294967296-1-1-1", "x", None],
)
def test_other_sids_hold_no_object_id(sid: str | None) -> None:
    assert decoded(sid) is None


def test_system_is_nobody_whatever_else_is_said() -> None:
    assert account(upn="jane.roe@contoso.example", directory=OID, sid="S-1-5-18") is None


def test_an_account_of_the_domain_keeps_its_upn() -> None:
    sid = "S-1-5-21-1-2-3-1104"
    reference = account(upn="jane.roe@contoso.example", sid=sid.lower())
    assert reference == AccountRef(upn=Upn("jane.roe@contoso.example"), on_premises_sid=sid)
    assert reference.best == "jane.roe@contoso.example"


@pytest.mark.parametrize("value", ["CONTOSO\\jane.roe", "corp.contoso.example\\x-1", "a\\J_R"])
def test_a_windows_name_passes_as_it_is(value: str) -> None:
    assert windows_name(f" {value} ") == value
    assert account(on_windows=value) == AccountRef(windows_name=value)


@pytest.mark.parametrize(
    "value",
    [
        "jane.roe",
        "\\jane.roe",
        "CONTOSO\\",
        "CONTOSO\\jane\\roe",
        "CONTOSO/jane.roe",
        "CONTOSO\\DESKTOP-1$",
        "NT AUTHORITY\\SYSTEM",
        "BUILTIN\\Administrators",
        "AzureAD\\JaneRoe",
        "WORKGROUP\\jane",
        "CONTOSO\\SYSTEM",
        "CONTOSO\\jane roe",
        "CONTOSO\\jane@contoso.example",
        "CONTOSO\\j\u0430ne",
        "CONTOSO\\" + "a" * 21,
        None,
    ],
)
def test_machines_services_and_bare_names_are_no_windows_name(value: str | None) -> None:
    assert windows_name(value) is None


@pytest.mark.parametrize("rid", ["500", "501", "502", "999"])
def test_an_account_every_domain_has_is_nobody_by_its_sid(rid: str) -> None:
    assert account(sid=f"S-1-5-21-1-2-3-{rid}") is None


def test_trust_falls_from_object_id_to_windows_name() -> None:
    named = ["object_id", "upn", "mailbox", "sid", "on_premises_sid", "windows_name"]
    for at, field in enumerate(named):
        assert AccountRef.model_validate({each: each for each in named[at:]}).best == field


def test_the_object_id_given_wins_over_the_sid() -> None:
    other = "1b0f6a52-8d7b-4f0e-8a4c-6f2f6f3a9e11"
    reference = account(directory=other, sid=SID)
    assert reference
    assert reference.object_id == other


def test_nothing_valid_is_no_account() -> None:
    assert account(directory="x", upn="x", mailbox="x", sid="x") is None


def test_a_guest_is_known_by_the_upn() -> None:
    assert guest("pat_home.example#ext#@contoso.example")
    assert not guest("ext@contoso.example")
    assert not guest(None)


def reference(oid: str | None = None, upn: str | None = None) -> AccountRef:
    return AccountRef(object_id=ObjectId(oid) if oid else None, upn=Upn(upn) if upn else None)


def test_references_to_one_account_are_joined_whatever_their_order() -> None:
    whole, name, number = reference(OID, "A@b.example"), reference(None, "a@B.example"), OID
    for order in ([whole, name, reference(number)], [reference(number), name, whole]):
        assert distinct(order) == [whole]


def test_two_object_ids_stay_two_accounts_though_they_share_a_name() -> None:
    one, other = reference(OID, "a@b.example"), reference(OID.replace("7", "1"), "a@b.example")
    assert distinct([one, other]) == [one, other]


def test_a_letter_nobody_sees_in_splunks_user_does_not_make_it_somebody_else() -> None:
    row = {"user": "a\u200b@b.example"}
    alert = {"sid": "1", "search_name": "Spam was sent", "result": row}
    (reading,) = carriers()["splunk"].read(json.dumps(alert).encode())
    assert "a@b.example" not in repr(reading)
