"""Components as a software bill of materials: CycloneDX 1.6 in JSON, the same in every build."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from .components import Component

TEXTS = "META-INF/sparknet/licenses/"


def bill(name: str, version: str, purl: str, own: set[str], parts: list[Component]) -> str:
    """The bill of an archive. own: the places of what is SparkNet's; parts: what it bundles."""
    main = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": [{"expression": "Apache-2.0"}],
        "purl": purl,
        "evidence": {"occurrences": [{"location": place} for place in sorted(own)]},
    }
    content: dict[str, Any] = {
        "metadata": {"component": main},
        "components": [_component(each) for each in parts],
        "dependencies": [{"ref": purl, "dependsOn": [each.reference for each in parts]}]
        + [{"ref": each.reference} for each in parts],
    }
    return written(content)


def written(content: dict[str, Any]) -> str:
    """The document of that content. Its serial number is made of it."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "version": 1,
    }
    return json.dumps({**head, **content}, indent=1) + "\n"


def _component(part: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "library", "bom-ref": part.reference}
    if part.group:
        entry["group"] = part.group
    entry["name"] = part.name
    if part.version:
        entry["version"] = part.version
    if part.sha256:
        entry["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    entry["licenses"] = [{"expression": part.license}]
    entry["purl"] = part.purl
    entry["evidence"] = {"occurrences": [{"location": place} for place in sorted(part.places)]}
    entry["properties"] = [
        {"name": "sparknet:license-text", "value": TEXTS + name} for name in sorted(part.texts)
    ]
    return entry
