from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.alerts.authenticate import Unauthorized, redacted, sign, verify
from shared.alerts.schemes import (
    Auth,
    BasicAuth,
    BearerAuth,
    ClientStateAuth,
    HeaderAuth,
    HmacAuth,
    UrlAuth,
)
from shared.alerts.source import Source
from shared.errors import Denied

OLD = SecretStr("an-old-secret-of-fair-length")
NEW = SecretStr("a-new-secret-of-fair-length!")
NOW = datetime(2026, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)
BODY = b'{"id": 1}'

SEPARATE = HmacAuth(secrets=(NEW, OLD))
PREFIXED = HmacAuth(secrets=(NEW, OLD), prefix="sha256=", header="X-Hub-Signature-256")
COMBINED = HmacAuth(secrets=(NEW, OLD), header="X-Signature", timestamp_header=None)
BEARER = BearerAuth(secrets=(NEW, OLD))
HEADER = HeaderAuth(secrets=(NEW, OLD), header="X-Api-Key")
BASIC = BasicAuth(secrets=(NEW, OLD), user="kibana")
BASE64 = HmacAuth(secrets=(NEW, OLD), encoding="base64", prefix="HMAC ")
VERSIONED = HmacAuth(secrets=(NEW, OLD), signed="v0:{timestamp}:{body}", prefix="v0=")
UNDATED = HmacAuth(secrets=(NEW, OLD), header="X-Sentinel-Signature", signed="{body}")
IN_URL = UrlAuth(secrets=(NEW, OLD))
CLIENT_STATE = ClientStateAuth(secrets=(NEW, OLD))
SIGNED = [SEPARATE, PREFIXED, COMBINED, BASE64, VERSIONED]
EVERY: list[HmacAuth | BearerAuth | HeaderAuth | BasicAuth] = [
    *SIGNED,
    UNDATED,
    BEARER,
    HEADER,
    BASIC,
]


def renamed(headers: dict[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


@pytest.mark.parametrize("auth", EVERY, ids=repr)
def test_what_the_sender_signs_is_let_in_and_header_names_have_no_case(auth: Auth) -> None:
    headers = sign(auth, body=BODY, now=NOW)
    verify(auth, headers=headers, body=BODY, now=NOW)
    verify(auth, headers=renamed(headers) | {"accept": "*/*"}, body=BODY, now=NOW)


@pytest.mark.parametrize("auth", EVERY, ids=repr)
def test_while_a_secret_is_rotated_both_are_good(auth: Auth) -> None:
    sender = auth.model_copy(update={"secrets": (OLD,)})
    verify(auth, headers=sign(sender, body=BODY, now=NOW), body=BODY, now=NOW)


@pytest.mark.parametrize("auth", EVERY, ids=repr)
def test_a_wrong_secret_is_refused(auth: Auth) -> None:
    sender = auth.model_copy(update={"secrets": (SecretStr("quite-another-secret"),)})
    with pytest.raises(Unauthorized, match="does not match"):
        verify(auth, headers=sign(sender, body=BODY, now=NOW), body=BODY, now=NOW)


@pytest.mark.parametrize("auth", SIGNED, ids=repr)
def test_a_tampered_body_is_refused(auth: Auth) -> None:
    headers = sign(auth, body=BODY, now=NOW)
    with pytest.raises(Unauthorized, match="does not match"):
        verify(auth, headers=headers, body=BODY + b" ", now=NOW)


@pytest.mark.parametrize("auth", SIGNED, ids=repr)
def test_another_timestamp_breaks_the_signature(auth: HmacAuth) -> None:
    headers = sign(auth, body=BODY, now=NOW)
    stamp = str(int(NOW.timestamp()))
    moved = {k: v.replace(stamp, str(int(stamp) + 1)) for k, v in headers.items()}
    assert moved != headers
    with pytest.raises(Unauthorized, match="does not match"):
        verify(auth, headers=moved, body=BODY, now=NOW)


@pytest.mark.parametrize("auth", SIGNED, ids=repr)
@pytest.mark.parametrize("off", [-301, 302])
def test_a_stale_or_future_timestamp_is_refused_though_it_is_signed(
    auth: HmacAuth, off: int
) -> None:
    headers = sign(auth, body=BODY, now=NOW + timedelta(seconds=off))
    with pytest.raises(Unauthorized, match="stale, or ahead"):
        verify(auth, headers=headers, body=BODY, now=NOW)


@pytest.mark.parametrize("off", [-299, 299])
def test_a_clock_within_the_window_is_good(off: int) -> None:
    headers = sign(SEPARATE, body=BODY, now=NOW + timedelta(seconds=off))
    verify(SEPARATE, headers=headers, body=BODY, now=NOW)


@pytest.mark.parametrize("auth", EVERY, ids=repr)
def test_each_header_is_needed(auth: Auth) -> None:
    headers = sign(auth, body=BODY, now=NOW)
    for lost in headers:
        rest = {key: value for key, value in headers.items() if key != lost}
        with pytest.raises(Unauthorized, match="missing"):
            verify(auth, headers=rest, body=BODY, now=NOW)
        with pytest.raises(Unauthorized, match="missing"):
            verify(auth, headers=rest | {lost: " "}, body=BODY, now=NOW)


def test_a_header_that_is_there_twice_is_refused() -> None:
    headers = sign(HEADER, body=BODY, now=NOW) | {"x-api-key": "x"}
    with pytest.raises(Unauthorized, match="missing"):
        verify(HEADER, headers=headers, body=BODY, now=NOW)


@pytest.mark.parametrize(
    "auth",
    [
        None,
        *(each.model_copy(update={"secrets": ()}) for each in [*EVERY, IN_URL, CLIENT_STATE]),
    ],
    ids=repr,
)
def test_without_a_secret_nobody_gets_in_and_the_operator_learns_why(auth: Auth | None) -> None:
    headers = {"Authorization": "Bearer ", "X-Api-Key": "", "X-Firebreak-Signature": ""}
    with pytest.raises(Unauthorized) as caught:
        verify(auth, headers=headers, body=BODY, now=NOW)
    assert isinstance(caught.value, Denied)
    assert "configure auth" in caught.value.operator
    assert "configure" not in str(caught.value)


@pytest.mark.parametrize("sent", ["x", "t=1", "v1=ab", "t=1,t=2,v1=ab", "t=1;v1=ab"])
def test_a_combined_header_needs_one_timestamp_and_a_signature(sent: str) -> None:
    with pytest.raises(Unauthorized, match="the signature is missing"):
        verify(COMBINED, headers={"X-Signature": sent}, body=BODY, now=NOW)


def test_a_signature_without_its_prefix_or_not_in_hexadecimal_does_not_match() -> None:
    headers = sign(PREFIXED, body=BODY, now=NOW)
    name = PREFIXED.header
    for sent in (headers[name].removeprefix("sha256="), headers[name][:-1], headers[name] + "0"):
        with pytest.raises(Unauthorized, match="does not match"):
            verify(PREFIXED, headers=headers | {name: sent}, body=BODY, now=NOW)
    upper = "sha256=" + headers[name].removeprefix("sha256=").upper()
    verify(PREFIXED, headers=headers | {name: upper}, body=BODY, now=NOW)


def test_a_bearer_token_needs_its_scheme() -> None:
    for sent in (f"Basic {NEW.get_secret_value()}", NEW.get_secret_value(), "Bearer"):
        with pytest.raises(Unauthorized, match="missing"):
            verify(BEARER, headers={"Authorization": sent}, body=BODY, now=NOW)


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(Unauthorized, match="no secret"):
        sign(HmacAuth(), body=BODY, now=NOW)


@pytest.mark.parametrize("stamp", ["", "now", "+1777896000", "1777896000.5", "\u0661777896000"])
def test_a_timestamp_is_whole_seconds(stamp: str) -> None:
    headers = sign(SEPARATE, body=BODY, now=NOW) | {"X-Firebreak-Timestamp": stamp}
    with pytest.raises(Unauthorized):
        verify(SEPARATE, headers=headers, body=BODY, now=NOW)


def test_a_sender_in_rotation_may_send_two_signatures() -> None:
    old = COMBINED.model_copy(update={"secrets": (OLD,)})
    stray = COMBINED.model_copy(update={"secrets": (SecretStr("quite-another-secret"),)})
    _, _, good = sign(old, body=BODY, now=NOW)["X-Signature"].partition(",")
    both = {"X-Signature": f"{sign(stray, body=BODY, now=NOW)['X-Signature']}, {good}"}
    verify(COMBINED, headers=both, body=BODY, now=NOW)


@given(st.dictionaries(st.sampled_from(["X-Signature", "Authorization", "X-Api-Key"]), st.text()))
def test_no_invented_header_gets_in(headers: dict[str, str]) -> None:
    for auth in EVERY:
        with pytest.raises(Unauthorized):
            verify(auth, headers=headers, body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "fewer than 16"),
        ("fifteen-chars-x", "fewer than 16"),
        ("a-secret-with-a-line-end\n", "white space"),
        ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)", "did not resolve"),
    ],
)
@pytest.mark.parametrize("scheme", ["hmac", "bearer", "header", "basic", "url"])
def test_a_weak_secret_is_refused_and_not_repeated(scheme: str, secret: str, why: str) -> None:
    written = {"scheme": scheme, "secrets": [NEW.get_secret_value(), secret]}
    if scheme == "header":
        written["header"] = "X-Api-Key"
    if scheme == "basic":
        written["user"] = "kibana"
    with pytest.raises(ValidationError, match=why) as caught:
        Source.model_validate({"name": "x", "carrier": "o365_activity", "auth": written})
    assert NEW.get_secret_value() not in str(caught.value)
    assert not secret or secret not in str(caught.value)


def test_three_secrets_an_unknown_field_and_an_unknown_scheme_are_refused() -> None:
    for written in (
        {"scheme": "bearer", "secrets": [NEW.get_secret_value()] * 3},
        {"scheme": "bearer", "secrets": [], "secret": "x"},
        {"scheme": "none"},
        {"scheme": "hmac", "window": 0},
        {"scheme": "hmac", "window": "300"},
        {"scheme": "header", "secrets": []},
        {"scheme": "basic", "secrets": []},
        {"scheme": "basic", "user": "a:b", "secrets": []},
        {"scheme": "url", "parameter": "a=b"},
    ):
        with pytest.raises(ValidationError):
            TypeAdapter[Auth](Auth).validate_python(written)


def test_no_secret_stands_in_a_repr_or_a_dump() -> None:
    for auth in EVERY:
        shown = f"{auth!r} {auth} {auth.model_dump_json()}"
        assert NEW.get_secret_value() not in shown
        assert OLD.get_secret_value() not in shown


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"signed": "{timestamp}"}, "signed ends in {body}"),
        ({"signed": "{body}.{timestamp}"}, "signed ends in {body}"),
        ({"signed": "{nonce}{body}"}, "signed ends in {body}"),
        ({"signed": "{timestamp}{timestamp}{body}"}, "signed ends in {body}"),
        ({"signed": "{body}", "timestamp_header": "X-Time"}, "proves nothing"),
        ({"encoding": "base64", "timestamp_header": None}, "a header of its own"),
    ],
)
def test_a_signature_that_could_not_be_checked_stops_the_start_with_a_sentence(
    written: dict[str, object], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        HmacAuth.model_validate(written)


def test_a_long_client_state_stops_the_start_because_graph_would_cut_it() -> None:
    with pytest.raises(ValidationError, match="at most 128 characters"):
        ClientStateAuth(secrets=(SecretStr("x" * 129),))


def test_entra_needs_an_audience_and_applications() -> None:
    good = {"scheme": "entra", "audiences": ["api://x"], "apps": [str(uuid4())]}
    TypeAdapter[Auth](Auth).validate_python(good)
    for key, value in (("audiences", []), ("apps", []), ("apps", ["*"]), ("secrets", ["x" * 16])):
        change = {key: value}
        with pytest.raises(ValidationError):
            TypeAdapter[Auth](Auth).validate_python(good | change)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_secret_in_the_address_is_good_in_its_own_parameter_only(secret: SecretStr) -> None:
    text = secret.get_secret_value()
    verify(IN_URL, headers={}, body=BODY, now=NOW, query={"code": text})
    for query in ({}, {"token": text}, {"code": text + "x"}, {"code": ""}):
        with pytest.raises(Unauthorized, match="does not match"):
            verify(IN_URL, headers={"code": text}, body=BODY, now=NOW, query=query)


def notified(*states: str | None) -> bytes:
    return json.dumps(
        {"value": [{"subscriptionId": "s", "clientState": s} for s in states]}
    ).encode()


def test_every_item_of_a_notification_proves_itself_with_either_secret() -> None:
    old, new = OLD.get_secret_value(), NEW.get_secret_value()
    verify(CLIENT_STATE, headers={}, body=notified(new, old), now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        notified(),
        notified(None),
        notified("NA"),
        notified(NEW.get_secret_value(), "guessed-by-somebody-else"),
        notified(NEW.get_secret_value(), None),
        b"",
        b"not json",
        b'{"value": ["' + NEW.get_secret_value().encode() + b'"]}',
        b'{"clientState": ["' + NEW.get_secret_value().encode() + b'"]}',
    ],
)
def test_one_item_without_the_client_state_turns_the_whole_notification_away(body: bytes) -> None:
    with pytest.raises(Unauthorized, match="clientState does not match"):
        verify(CLIENT_STATE, headers={}, body=body, now=NOW)


def test_a_secret_that_a_body_repeats_is_taken_out_before_it_is_kept() -> None:
    old, new = OLD.get_secret_value(), NEW.get_secret_value()
    kept = redacted(CLIENT_STATE, notified(new, old)).decode()
    assert old not in kept
    assert new not in kept
    assert kept == notified("(secret)", "(secret)").decode()
    quoted = CLIENT_STATE.model_copy(update={"secrets": (SecretStr('a"quoted\\secret!!'),)})
    assert b"quoted" not in redacted(quoted, notified('a"quoted\\secret!!'))
