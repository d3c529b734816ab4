"""The header of App Service authentication, as the platform writes it."""

from __future__ import annotations

import json
from base64 import b64encode

TENANT_CLAIM = "http://schemas.microsoft.com/identity/claims/tenantid"
NIA = "11111111-aaaa-4aaa-8aaa-000000000001"
OLGA = "11111111-aaaa-4aaa-8aaa-000000000002"


def principal(*roles: str, oid: str = NIA, name: str = "Nia Okafor", tid: str | None = None) -> str:
    """A signed-in person with these app roles, of this organisation or of that of `tid`."""
    claims = [
        {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": oid},
        {"typ": "name", "val": name},
        *([{"typ": TENANT_CLAIM, "val": tid}] if tid else ()),
        *({"typ": "roles", "val": f"Firebreak.{role.capitalize()}"} for role in roles),
    ]
    found = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return b64encode(json.dumps(found).encode()).decode()
