"""What is in the package: a software bill of materials (CycloneDX), and every licence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from scripts.package.closure import SDK
from scripts.package.deployed import normal

_CLASSIFIERS: Final = MappingProxyType(
    {
        "MIT License": "MIT",
        "MIT No Attribution License (MIT-0)": "MIT-0",
        "Apache Software License": "Apache-2.0",
        "BSD License": "BSD-3-Clause",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
        "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
        "Python Software Foundation License": "PSF-2.0",
        "ISC License (ISCL)": "ISC",
    }
)
"""What old metadata calls a licence, by its SPDX name."""
_WORDS: Final = MappingProxyType(
    {
        "Apache 2.0": "Apache-2.0",
        "Apache License 2.0": "Apache-2.0",
        "Apache License, Version 2.0": "Apache-2.0",
        "BSD": "BSD-3-Clause",
        "BSD 2-Clause": "BSD-2-Clause",
        "MIT License": "MIT",
        "MPL 2.0": "MPL-2.0",
        "LGPLv3+": "LGPL-3.0-or-later",
    }
)
ALLOWED: Final = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0"),
        *("PSF-2.0", "Apache-2.0 OR BSD-3-Clause", "Apache-2.0 AND MIT", "MIT OR Apache-2.0"),
    }
)
"""Reviewed: each may be shipped unchanged beside an app under MIT, with its text, which is kept."""
UNKNOWN: Final = "unknown"


def shipped(libraries: Path) -> list[Distribution]:
    """List the distributions in a folder of libraries."""
    found = distributions(path=[str(libraries)])
    return sorted(found, key=lambda each: normal(each.name))


def licence(of: Distribution) -> str:
    """Name a distribution's licence as SPDX does, or `UNKNOWN`."""
    if said := of.metadata.get("License-Expression"):
        return said
    classified = [
        line.rpartition(" :: ")[2]
        for line in of.metadata.get_all("Classifier", [])
        if line.startswith("License :: OSI Approved :: ")
    ]
    if named := sorted({_CLASSIFIERS.get(name, UNKNOWN) for name in classified}):
        return " OR ".join(named)
    word = (of.metadata.get("License") or "").strip().partition("\n")[0]
    word = _WORDS.get(word, word)
    return word if word in ALLOWED else UNKNOWN


def licences_page(found: Iterable[Distribution]) -> str:
    """Give docs/licences.md."""
    rows = [f"| {normal(each.name)} | {each.version} | {licence(each)} |" for each in found]
    head = (
        "# Licences of what is shipped",
        "",
        "Firebreak is under the MIT licence (LICENSE). The package for Azure Functions holds these",
        "libraries, unchanged; of msgraph-sdk only what is used. Each brings its licence's text in",
        "its `dist-info` folder. A test refuses a licence that was not reviewed.",
        "",
        "| library | version | licence |",
        "| --- | --- | --- |",
    )
    return "\n".join((*head, *rows)) + "\n"


def bill_of_materials(found: Iterable[Distribution], hashes: Mapping[str, str]) -> str:
    """Give the bill of materials as CycloneDX JSON; the same package gives the same text.

    `hashes` are those of the package itself, by the name of the file.
    """
    app = Component(name="firebreak", type=ComponentType.APPLICATION, bom_ref="firebreak")
    app.properties.update(Property(name=f"sha256:{name}", value=h) for name, h in hashes.items())
    parts = [_component(each) for each in found]
    bom = Bom(components=parts)
    bom.metadata.component = app
    bom.register_dependency(app, parts)
    said = json.loads(JsonV1Dot6(bom).output_as_string())
    # When and under which number it was written are no property of what is shipped.
    del said["serialNumber"], said["metadata"]["timestamp"]
    return json.dumps(said, indent=2, sort_keys=True) + "\n"


def _component(of: Distribution) -> Component:
    name, said = normal(of.name), licence(of)
    made = Component(
        name=name,
        version=of.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}@{of.version}",
        purl=PackageURL("pypi", None, name, of.version),
        licenses=[] if said == UNKNOWN else [LicenseFactory().make_from_string(said)],
    )
    if name == f"{SDK}-sdk":
        made.properties.add(Property(name="firebreak:shipped", value="only the modules in use"))
    return made
