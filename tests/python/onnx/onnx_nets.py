"""Texts of small nets."""

from __future__ import annotations

IMAGE = "2 6 7 5"


def data(name: str, shape: str) -> str:
    """The text of an Input layer."""
    dims = " ".join(f"dim: {extent}" for extent in shape.split())
    return (
        f'layer {{ name: "{name}" type: "Input" top: "{name}"'
        f" input_param {{ shape {{ {dims} }} }} }}\n"
    )


def layer(kind: str, bottoms: str, fields: str = "", tops: str = "y", name: str = "it") -> str:
    """The text of a layer. bottoms, tops: names with blanks between them."""
    names = "".join(f' bottom: "{name}"' for name in bottoms.split())
    names += "".join(f' top: "{name}"' for name in tops.split())
    return f'layer {{ name: "{name}" type: "{kind}"{names} {fields} }}\n'


def on_image(kind: str, fields: str = "", tops: str = "y") -> str:
    """The text of a net of one layer."""
    return data("x", IMAGE) + layer(kind, "x", fields, tops)


SMALL = (
    data("data", "2 3 4 4")
    + layer("Convolution", "data", "convolution_param { num_output: 4 kernel_size: 3 }", "a", "c")
    + layer("BatchNorm", "a", tops="a", name="bn")
    + layer("Scale", "a", "scale_param { bias_term: true }", tops="a", name="s")
    + layer("ReLU", "a", tops="a", name="r")
    + layer("Dropout", "a", tops="a", name="d")
    + layer("InnerProduct", "a", "inner_product_param { num_output: 3 }", "ip", "ip")
)
