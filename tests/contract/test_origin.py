"""What a jar bundles: all of it is a component of its SBOM, with a licence whose text is there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "build")]

from origin import archives, components, modules, natives  # noqa: E402

TEXTS = "META-INF/sparknet/licenses/"
NATIVE = (".so", ".dll", ".dylib", ".jnilib")

pytestmark = pytest.mark.unit


def bill(jar: Path) -> dict[str, Any]:
    with zipfile.ZipFile(jar) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".cdx.json")]
        content: dict[str, Any] = json.loads(archive.read(name))
    return content


def places(component: dict[str, Any]) -> set[str]:
    return {each["location"] for each in component["evidence"]["occurrences"]}


def unaccounted(jar: Path) -> list[str]:
    """Folders of classes, and native libraries, that belong to nothing in the SBOM."""
    content = bill(jar)
    known = set().union(
        *(places(each) for each in [content["metadata"]["component"], *content["components"]])
    )
    with zipfile.ZipFile(jar) as archive:
        names = archive.namelist()
    folders = {f"{name.rpartition('/')[0]}/" for name in names if name.endswith(".class")}
    libraries = {n for n in names if n.endswith(NATIVE) or re.search(r"\.so\.[\w.]+$", n)}
    # A jar's own libraries came with it as a whole; ours are named one by one.
    single = {n for n in libraries if n not in known and f"{n.rpartition('/')[0]}/" not in known}
    return sorted((folders - known) | single)


def test_everything_in_the_jar_is_of_a_component(jar: Path) -> None:
    assert unaccounted(jar) == []


def test_what_nobody_accounts_for_is_noticed(jar: Path, tmp_path: Path) -> None:
    copy = tmp_path / "more.jar"
    shutil.copy(jar, copy)
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("native/linux-x86-64/libextra.so.1", b"")
        archive.writestr("com/extra/Extra.class", b"")
    assert unaccounted(copy) == ["com/extra/", "native/linux-x86-64/libextra.so.1"]


def test_the_bill_is_cyclonedx(jar: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    content = bill(jar)
    assert validator.validate_str(json.dumps(content)) is None
    content["components"][0]["licenses"] = "none"
    assert validator.validate_str(json.dumps(content)) is not None


def test_references_are_unique_and_licences_known(jar: Path) -> None:
    from license_expression import get_spdx_licensing

    content = bill(jar)["components"]
    references = [each["bom-ref"] for each in content]
    assert len(set(references)) == len(references) > 15
    for each in content:
        (only,) = each["licenses"]
        assert get_spdx_licensing().validate(only["expression"]).errors == [], each["name"]


def test_every_component_has_its_texts_in_the_jar(jar: Path) -> None:
    parts = bill(jar)["components"]
    with zipfile.ZipFile(jar) as archive:
        rows = [
            row.split("\t")
            for row in archive.read(f"{TEXTS}COMPONENTS.tsv").decode("utf-8").splitlines()
        ]
        assert [row[0] for row in rows[1:]] == [each["name"] for each in parts]
        for name, _, terms, texts, _ in rows[1:]:
            for text in texts.split(" "):
                assert len(archive.read(TEXTS + text)) > 400, f"{name}: {text}"
            assert terms
        for each in parts:
            for pointer in each["properties"]:
                assert archive.getinfo(pointer["value"]).file_size > 400


def test_texts_are_those_of_the_licences(jar: Path) -> None:
    """Words of licences, and who holds the rights, by component."""
    expected = {
        "protobuf-java": "Redistributions in binary form must reproduce",
        "Protocol Buffers": "Google Inc",
        "oneDNN": "MITSUNARI Shigeo",
        "HDF5": "The Board of Trustees of the University of Illinois",
        "GCC runtime libraries": "GCC Runtime Library Exception",
        "LevelDB": "The LevelDB Authors",
        "LMDB": "OpenLDAP",
        "zlib": "Jean-loup Gailly",
        "libpng": "Glenn Randers-Pehrson",
        "Snappy": "Google",
        "libjpeg-turbo": "Independent JPEG Group",
        "jna": "GNU Lesser General Public License",
        "scala-library": "EPFL",
        "libffi": "Anthony Green",
    }
    parts = {each["name"]: each for each in bill(jar)["components"]}
    with zipfile.ZipFile(jar) as archive:
        for name, words in expected.items():
            texts = [archive.read(each["value"]) for each in parts[name]["properties"]]
            content = b" ".join(b" ".join(texts).split()).lower()
            assert words.lower().encode() in content, name


def test_versions_are_those_of_the_build(jar: Path) -> None:
    pom = (ROOT / "build/pom.xml").read_text(encoding="utf-8")
    parts = {each["name"]: each for each in bill(jar)["components"]}
    named = {"jna": "jna", "protobuf-java": "protobuf", "oneDNN": "dnnl", "HDF5": "hdf5"}
    for name, tag in named.items():
        version = re.search(rf"<{tag}.version>([^<-]*)", pom)
        assert version
        assert parts[name]["version"] == version[1]


def test_a_library_without_an_entry_ends_the_build(tmp_path: Path) -> None:
    origins = tmp_path / "ORIGINS"
    origins.write_text("libccaffe.so\t/usr/lib/libextra.a\n")
    with pytest.raises(components.OriginError, match=r"libextra\.a.*natives\.tsv"):
        natives.components(origins, ROOT, "native/linux-x86-64")


def test_a_library_of_no_package_ends_the_build(tmp_path: Path) -> None:
    library = tmp_path / "libz.so.1"
    library.write_bytes(b"")
    (tmp_path / "ORIGINS").write_text(f"libz.so.1\t{library}\n")
    with pytest.raises(components.OriginError, match=r"libz\.so\.1: neither dpkg nor rpm"):
        natives.components(tmp_path / "ORIGINS", ROOT, "native/linux-x86-64")


def test_packages_of_red_hats_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An rpm that answers as Red Hat's does, for there is none here."""
    text = tmp_path / "COPYING"
    text.write_text("the text")
    program = tmp_path / "rpm"
    program.write_text(
        f"""#!/bin/sh
case "$*" in
  "-qf --qf "*" /usr/lib64/libz.so.1.2.11") printf 'zlib\\t1.2.11\\t40.el9\\tx86_64\\n' ;;
  "-q --licensefiles zlib") echo {text} ;;
  *) exit 1 ;;
esac
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert natives.debian(Path("/usr/lib64/libz.so.1.2.11")) is None
    package = natives.rpm(Path("/usr/lib64/libz.so.1.2.11"))
    assert package is not None
    assert package.version == "1.2.11"
    assert re.fullmatch(r"pkg:rpm/\w+/zlib@1\.2\.11-40\.el9\?arch=x86_64", package.purl)
    assert package.texts == {"COPYING": b"the text"}
    assert natives.rpm(Path("/usr/lib64/libother.so")) is None


def debian(form: str, *arguments: str) -> set[str]:
    """What dpkg-query says of packages, or (form -S) the packages of files."""
    command = ["dpkg-query", *([form] if form == "-S" else ["-W", "-f", form]), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return {line.split(": ")[0] for line in lines} if form == "-S" else set(lines)


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="headers are of no Debian package here")
def test_headers_are_of_components(jar: Path) -> None:
    """What consists of headers alone is compiled in, and no linker tells."""
    headers: set[str] = set()
    for folder in ("caffe_engine", "ccaffe_api", "caffe_proto"):
        rules = (ROOT / "target/native/build/CMakeFiles" / f"{folder}.dir").rglob("*.d")
        for rule in rules:
            headers |= {word for word in rule.read_text().split() if word.startswith("/")}
    outside = [str(Path(h).resolve()) for h in headers if not h.startswith(str(ROOT))]
    assert len(outside) > 100
    source = "${source:Package}\n"
    known = {
        re.sub(r"pkg:deb/[^/]*/([^@]*)@.*", r"\1", each["purl"])
        for each in bill(jar)["components"]
        if each["purl"].startswith("pkg:deb/")
    }
    # The kernel's interface makes no program a part of the kernel.
    sources = debian(source, *known) | {"linux"}
    assert debian(source, *debian("-S", *sorted(outside))) - sources == set()


def make_module(folder: Path, terms: str, content: dict[str, str]) -> modules.Module:
    """A jar in a repository, whose POM has a parent with that licence."""
    pom = "<project><modelVersion>4.0.0</modelVersion>{}</project>"
    parent = (
        "<parent><groupId>a.b</groupId><artifactId>up</artifactId><version>1</version></parent>"
    )
    for name, text in {"up": terms, "part": parent}.items():
        place = folder / "a" / "b" / name / "1"
        place.mkdir(parents=True)
        (place / f"{name}-1.pom").write_text(pom.format(text))
    jar = folder / "a/b/part/1/part-1.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return modules.Module("a.b", "part", "1", jar)


def licenses(*names: str) -> str:
    return (
        "<licenses>"
        + "".join(f"<license><name>{n}</name></license>" for n in names)
        + "</licenses>"
    )


def test_a_module_has_the_licences_of_its_parent(tmp_path: Path) -> None:
    both = licenses("The Apache Software License, Version 2.0", "MIT License")
    content = {"a/b/C.class": "", "root.txt": "", "META-INF/X": "", "META-INF/NOTICE": "Of a.b."}
    made = modules.component(make_module(tmp_path, both, content), b"the text")
    assert made.license == "Apache-2.0 OR MIT"
    assert made.places == {"a/b/", "root.txt"}
    assert made.texts == {"part-1/NOTICE": b"Of a.b.", "part-1/LICENSE": b"the text"}
    assert made.purl == "pkg:maven/a.b/part@1?type=jar"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("", "a.b:part: neither its POM nor a parent has a licence"),
        (licenses("Proprietary"), "a.b:part: .* does not know the licence 'Proprietary'"),
        (licenses("MIT"), "a.b:part: its jar has no text of MIT"),
    ],
)
def test_a_module_without_licence_ends_the_build(tmp_path: Path, terms: str, message: str) -> None:
    module = make_module(tmp_path, terms, {"a/b/C.class": ""})
    with pytest.raises(components.OriginError, match=message):
        modules.component(module, b"")


def test_the_jar_tells_nothing_of_where_and_when_it_was_built(jar: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2010, 1, 1, 0, 0, 0)}
        # The same once more, in UTC and in seconds.
        date = b"UT\5\0\7" + struct.pack("<I", 1262304000)
        assert {info.extra for info in archive.infolist()} == {date}
        # The manifest stands first; what follows is in order.
        names = [name for name in archive.namelist() if not name.startswith("META-INF/")]
    assert names == sorted(names)
    assert archives.mentions(jar, str(ROOT).encode()) == []


def test_differences_are_told(tmp_path: Path) -> None:
    def archive(name: str, entries: dict[str, str], year: int = 2010) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as made:
            for entry, text in entries.items():
                made.writestr(zipfile.ZipInfo(entry, (year, 1, 1, 0, 0, 0)), text)
        return tmp_path / name

    first = archive("first", {"a": "1", "b": "2"})
    assert archives.differences(first, archive("same", {"a": "1", "b": "2"})) == []
    told = {
        "a has another content": archive("content", {"a": "3", "b": "2"}),
        "b is only in one": archive("less", {"a": "1"}),
        "the entries are in another order": archive("order", {"b": "2", "a": "1"}),
    }
    for message, other in told.items():
        assert archives.differences(first, other) == [message]
    later = archive("later", {"a": "1", "b": "2"}, 2011)
    assert archives.differences(first, later) == ["a has another date", "b has another date"]


@pytest.mark.slow
def test_native_code_is_the_same_wherever_it_is_compiled(tmp_path: Path) -> None:
    """The build's own flags, for sources in two folders."""
    entries = json.loads((ROOT / "target/native/build/compile_commands.json").read_text())
    entry = next(each for each in entries if "/ccaffe_api.dir/" in each["command"])
    words = [word for word in shlex.split(entry["command"]) if word != entry["file"]]
    # Neither a compiler cache nor headers that the build has read already.
    words = words[next(i for i, word in enumerate(words) if "ccache" not in word) :]
    while "-include" in words:
        del words[words.index("-include") : words.index("-include") + 2]
    output = words.index("-o") + 1
    folders = [tmp_path / "one", tmp_path / "another" / "place"]
    for folder in folders:
        for name in ("caffe/include", "caffe/src", "libccaffe"):
            shutil.copytree(ROOT / name, folder / name)
    for source in ("libccaffe/blob.cpp", "caffe/src/caffe/filler.cpp", "caffe/src/caffe/blob.cpp"):
        objects = []
        for folder in folders:
            own = [re.sub(rf"{ROOT}/(caffe/|libccaffe)", rf"{folder}/\1", word) for word in words]
            own[output] = str(folder / "object.o")
            subprocess.run([*own, str(folder / source)], cwd=folder, check=True)
            objects.append((folder / "object.o").read_bytes())
        assert objects[0] == objects[1], source


@pytest.mark.boundary
def test_maven_says_that_it_builds_nothing() -> None:
    maven = shutil.which("mvn")
    assert maven, "there is no mvn: run build/setup"
    command = [maven, "-B", "-f", str(ROOT / "build/pom.xml"), "package"]
    for offline in (["-o"], []):
        done = subprocess.run([*command, *offline], capture_output=True, text=True)
        assert done.returncode != 0
        if "SparkNet is not built by Maven: run build/setup" in done.stdout:
            return
    raise AssertionError(done.stdout)
