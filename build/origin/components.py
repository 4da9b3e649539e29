"""A bundled component, and what is told of all of them together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class OriginError(Exception):
    """Something is bundled whose version, licence or text is not known; the message names it."""


@dataclass
class Component:
    """Something that others made and an archive carries.

    version: as its makers count, "" if nobody says. license: an SPDX expression. purl: the package
    that it came in. places: folders of the archive (with a slash at the end) and files that are the
    component's or have it compiled in. texts: licences and notices, by their path in the
    folder of all texts. sha256: of the file that it came in, where that is one.
    """

    name: str
    version: str
    license: str
    purl: str
    group: str = ""
    places: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)
    sha256: str = ""

    @property
    def reference(self) -> str:
        """What the SBOM calls it: unique, and the same in every build."""
        return self.purl + "#" + self.slug

    @property
    def slug(self) -> str:
        """Its name as that of a folder: ``gcc-runtime-libraries``."""
        return re.sub(r"[^a-z0-9.+]+", "-", self.name.lower()).strip("-")

    def add_texts(self, texts: dict[str, bytes]) -> None:
        """Texts by the name of the file, into the folder of this version."""
        folder = f"{self.slug}-{self.version}" if self.version else self.slug
        self.texts.update({f"{folder}/{name}": text for name, text in texts.items()})


def merged(components: list[Component]) -> list[Component]:
    """One for each reference, with the places and texts of all; sorted by name and version."""
    by_reference: dict[str, Component] = {}
    for each in components:
        first = by_reference.setdefault(each.reference, each)
        first.places |= each.places
        first.texts.update(each.texts)
    return sorted(by_reference.values(), key=lambda c: (c.name.lower(), c.version, c.reference))


def table(components: list[Component]) -> str:
    """Tab-separated: component, version, licence, where the texts are, where it came from."""
    rows = [("component", "version", "license", "texts", "package")]
    for each in components:
        rows.append(
            (each.name, each.version or "-", each.license, " ".join(sorted(each.texts)), each.purl)
        )
    return "".join("\t".join(row) + "\n" for row in rows)


def checked(components: list[Component]) -> list[Component]:
    """The same ones; an error if one has no licence or no text."""
    for each in components:
        if not each.license:
            raise OriginError(f"{each.name}: no licence is known")
        if not any(each.texts.values()):
            raise OriginError(f"{each.name}: the text of {each.license} was not found")
    return components
