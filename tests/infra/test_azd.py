"""`azd up` finds what it needs: the service by its tag, each parameter by its variable."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from scripts.package.__main__ import NAME, build
from tests.infra.bicep_files import INFRA, ROOT, parsed

AZURE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
PARAMETERS: Final[dict[str, dict[str, str]]] = json.loads(
    (INFRA / "main.parameters.json").read_text(encoding="utf-8")
)["parameters"]


def test_the_service_is_found_by_its_tag() -> None:
    (service,) = AZURE["services"]
    tagged = (INFRA / "modules" / "function-app.bicep").read_text(encoding="utf-8")
    assert f"{{ 'azd-service-name': '{service}' }}" in tagged
    assert AZURE["services"][service]["host"] == "function"
    assert f"SERVICE_{service.upper()}_NAME" in parsed("main.bicep")["outputs"]


def test_what_is_deployed_is_the_package_as_it_is_built() -> None:
    (service,) = AZURE["services"].values()
    assert ROOT / service["dist"] == ROOT / "out" / NAME
    assert service["language"] == "custom", "azd takes a zip as it is of no other language"
    assert service["remoteBuild"] is False
    assert service["hooks"]["prepackage"]["run"].endswith(
        f"-m {build.__module__.rpartition('.')[0]}"
    )


def test_every_parameter_is_given_and_none_that_there_is_not() -> None:
    assert set(PARAMETERS) == set(parsed("main.bicep")["parameters"])


def test_a_default_said_twice_is_the_same() -> None:
    for name, given in PARAMETERS.items():
        found = re.fullmatch(r"\$\{[A-Z0-9_]+(?:=(.*))?\}", given["value"])
        assert found, name
        if (said := found[1]) is not None:
            default = parsed("main.bicep")["parameters"][name]["default"]
            assert said == (str(default).lower() if isinstance(default, bool) else str(default))


def test_what_deploys_is_not_deployed() -> None:
    ignored = (ROOT / ".funcignore").read_text(encoding="utf-8").split()
    assert {"infra", "azure.yaml", ".azure", "lab", "tests", "docs"} <= set(ignored)
    assert {"policy.toml", "host.json", "requirements.txt"}.isdisjoint(ignored)


def test_the_graph_extension_has_the_alias_the_files_use() -> None:
    config = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))
    aliases = {
        alias
        for name in ("permissions.bicep", "sign-in.bicep")
        for alias in parsed(name)["extensions"]
    }
    assert aliases == set(config["extensions"])


def test_the_commands_in_the_files_name_outputs_there_are() -> None:
    outputs = set(parsed("main.bicep")["outputs"])
    for name in ("sign-in.bicep", "permissions.bicep", "grant.sh", "grant.ps1"):
        text = (INFRA / name).read_text(encoding="utf-8")
        assert set(re.findall(r"\b(?:AZURE|SERVICE)_[A-Z_]+\b", text)) <= outputs, name
