"""MkDocs' hook that fills docs/howto/sparks.md: the lines of Spark, of build/pom.xml."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

PAGE = "howto/sparks.md"
PLACE = "<!-- lines of Spark -->"
_POM = Path(__file__).resolve().parents[1] / "pom.xml"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with a table of a row for each profile."""
    return markdown.replace(PLACE, _table()) if page.file.src_uri == PAGE else markdown


def _table() -> str:
    rows = ["| Spark | Scala | Java | built with | in a clone |", "| --- | --- | --- | --- | --- |"]
    for profile in ElementTree.parse(_POM).iterfind("profiles/profile"):
        own = {each.tag: each.text for each in profile.iterfind("properties/*")}
        line = profile.findtext("id", "").removeprefix("spark-")
        java = f"{own['java.release']} and newer"
        rows.append(
            f"| {own['spark.line']} | {own['scala.binary.version']} | {java}"
            f" | Spark {own['spark.version']} | `build/setup --spark {line}` |"
        )
    return "\n".join(rows)
