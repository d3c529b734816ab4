"""What all proofs share: the refusal, headers read one way, and comparisons that tell nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from shared.errors import Denied


class Unauthorized(Denied):
    """The sender did not prove who it is. The message may go into the HTTP answer as it is.

    `operator` says what to configure, where that is what is wrong; it is for the log, not for the
    sender.
    """

    def __init__(self, reason: str, *, operator: str = "") -> None:
        super().__init__(reason)
        self.operator = operator


def one_header(headers: Mapping[str, str], name: str) -> str:
    """Find the one value of a header; two headers of one name are refused as none."""
    found = [value for key, value in headers.items() if key.lower() == name.lower()]
    if len(found) != 1 or not found[0].strip():
        raise Unauthorized(f"the header {name} is missing")
    return found[0].strip()


def credentials(headers: Mapping[str, str], scheme: str) -> str:
    """Read what follows the scheme in `Authorization`. Raises `Unauthorized` without it."""
    given, _, value = one_header(headers, "Authorization").partition(" ")
    if given.lower() != scheme.lower() or not value.strip():
        raise Unauthorized(f"the {scheme} token is missing")
    return value.strip()


def any_equal(given: Iterable[str], valid: Iterable[str]) -> bool:
    """Compare each with each and stop at none; hashing first makes all of one length."""
    expected = [_hash(text) for text in valid]
    matches = [hmac.compare_digest(_hash(text), each) for text in given for each in expected]
    return any(matches)


def texts(secrets: Iterable[SecretStr]) -> list[str]:
    """Open the secrets, to compare with them and nothing else."""
    return [secret.get_secret_value() for secret in secrets]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
