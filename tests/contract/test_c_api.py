"""One C API in three places: the header, its JNA mirror, and the symbols of libccaffe.so."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from c_header import (
    HEADER,
    ROOT,
    header_constants,
    header_functions,
    mirror_constants,
    mirror_functions,
)

LIBRARY = ROOT / "build" / "libccaffe.so"

# The Java types that may stand for a C type. Handles are pointers; a result is a reference, or an
# array where the function fills one. Values that are many lie in a buffer, which can be direct.
JAVA = {
    "int32_t": {"int"},
    "float": {"float"},
    "int64_t": {"long"},
    "size_t": {"long"},
    "const char*": {"String", "byte[]"},
    "const void*": {"byte[]", "Pointer"},
    "const void* const*": {"Pointer"},
    "void*": {"Pointer"},
    "const double*": {"double[]"},
    "int32_t*": {"IntByReference", "int[]"},
    "int64_t*": {"LongByReference", "long[]"},
    "const int64_t*": {"long[]"},
    "size_t*": {"LongByReference"},
    "float*": {"FloatByReference", "float[]", "FloatBuffer", "Pointer"},
    "const float*": {"float[]", "FloatBuffer", "Pointer"},
    "const int32_t*": {"int[]"},
    "const uint8_t*": {"Pointer"},
    "uint8_t*": {"Pointer"},
    "ccaffe_data_callback": {"DataCallback"},
    "ccaffe_feed_callback": {"FeedCallback"},
    "ccaffe_python_layer": {"Pointer"},
    "ccaffe_warning_callback": {"Pointer"},
}


def java_types(c_type: str) -> set[str]:
    if c_type in JAVA:
        return JAVA[c_type]
    if c_type.endswith("**"):
        return {"PointerByReference"}
    handles = "buffer|net|solver|blob|memory|neighbour"
    assert re.fullmatch(rf"(const )?ccaffe_({handles})\*", c_type), c_type
    return {"Pointer"}


@pytest.mark.unit
def test_the_header_is_read_whole() -> None:
    functions = header_functions()
    declared = re.findall(r"^\w[\w *]*\bccaffe_\w+\(", HEADER.read_text(), flags=re.MULTILINE)
    assert len(functions) == len(declared) > 50
    assert functions["ccaffe_net_create"] == (
        "ccaffe_status",
        ["const void*", "size_t", "int32_t", "int32_t", "int64_t", "ccaffe_net**"],
    )


@pytest.mark.unit
def test_the_jna_mirror_has_every_function_in_order() -> None:
    assert list(mirror_functions()) == list(header_functions())


@pytest.mark.unit
@pytest.mark.parametrize("name", header_functions())
def test_the_jna_mirror_has_fitting_types(name: str) -> None:
    c_result, c_parameters = header_functions()[name]
    java_result, java_parameters = mirror_functions()[name]
    assert java_result == {"ccaffe_status": "int", "const char*": "String"}[c_result]
    c_parameters = [kind for kind in c_parameters if kind != "void"]
    assert len(java_parameters) == len(c_parameters)
    for java, c in zip(java_parameters, c_parameters):
        assert java in java_types(c), f"{c} as {java}"


@pytest.mark.unit
def test_the_constants_agree() -> None:
    assert mirror_constants() == header_constants()


@pytest.mark.unit
@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_header_compiles_alone(language: str) -> None:
    compiler = shutil.which("cc")
    assert compiler, "there is no C compiler: run build/setup"
    standard = {"c": "-std=c99", "c++": "-std=c++17"}[language]
    command = [compiler, "-x", language, standard, "-Wall", "-Wextra", "-pedantic", "-Werror"]
    source = '#include "ccaffe.h"\n#include "ccaffe.h"\nint unused_symbol;\n'
    subprocess.run(
        [*command, "-fsyntax-only", f"-I{HEADER.parent}", "-"],
        input=source,
        text=True,
        check=True,
    )


@pytest.mark.boundary
def test_the_library_exports_the_header_and_nothing_else() -> None:
    assert LIBRARY.is_file(), f"there is no {LIBRARY}: run build/setup"
    nm = shutil.which("nm")
    assert nm, "there is no nm: run build/setup"
    listing = subprocess.run(
        [nm, "-D", "--defined-only", str(LIBRARY)], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split()[-2:] for line in listing.splitlines())
    # Type A: the version node that the linker's version script makes.
    exported = {name.split("@")[0] for kind, name in rows if kind != "A"}
    assert exported == set(header_functions())
