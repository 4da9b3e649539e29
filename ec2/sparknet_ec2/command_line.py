"""``spark-ec2 [OPTION...] ACTION CLUSTER [ARGUMENT...]``, and the file that can hold options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from sparknet_ec2.errors import OptionError
from sparknet_ec2.options import GROUPS, Options, Spec, specs

__all__ = ["ACTIONS", "Asked", "parse"]

# What each does, and what it takes beside the cluster's name.
ACTIONS = {
    "launch": ("", "start a master and workers, and wait until they are a cluster"),
    "destroy": ("", "end them, and remove all that belongs to the cluster"),
    "stop": ("", "stop the machines; spot workers end"),
    "start": ("", "start machines that were stopped"),
    "describe": ("", "say what there is of a cluster"),
    "get-master": ("", "print the master's address"),
    "login": ("", "open a shell on the master"),
    "reboot-slaves": ("", "restart the workers' machines"),
    "add-workers": ("", "start as many workers more as -s says"),
    "remove-workers": ("", "end as many workers as -s says, the newest first"),
    "run-command": ("-- COMMAND...", "run a command on every machine"),
    "copy-file": ("FILE... TARGET", "copy files to every machine"),
    "submit": (
        "PROGRAM [-- ARGUMENT...]",
        "run app.py, a class of SparkNet's, or my.jar:my.App on the cluster",
    ),
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_JAVA_OPTIONS = "--master-opts"
_TOP = "spark-ec2 [OPTION...] ACTION CLUSTER [ARGUMENT...]"


class Asked(NamedTuple):
    """A command line that has been understood."""

    action: str
    cluster: str
    arguments: list[str]
    options: Options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(message)


def parse(arguments: Sequence[str], version: str) -> Asked:
    """OptionError says in a line what cannot be understood."""
    found = vars(_parser(version).parse_intermixed_args(_joined(arguments)))
    words = found.pop("words", [])
    if len(words) < 2:
        raise OptionError(f"an action and the name of a cluster are needed: {_TOP}")
    action, cluster, *rest = words
    if action not in ACTIONS:
        raise OptionError(f"there is no action {action!r}; there are {', '.join(ACTIONS)}")
    if not _NAME.fullmatch(cluster):
        raise OptionError(
            f"{cluster!r} is no name of a cluster: letters, digits, - _ . after a letter"
        )
    if rest and not ACTIONS[action][0]:
        raise OptionError(f"{action} takes nothing after the cluster's name, not {rest[0]!r}")
    config = found.pop("config")
    _check_action(action, found)
    given = {**(_of_file(config) if config else {}), **found}
    for spec in specs():
        if spec.gone and spec.field in given:
            raise OptionError(f"{spec.names[-1]}: {spec.gone}")
    if given.get("hadoop_major_version", "3") != "3":
        raise OptionError(_hadoop(given["hadoop_major_version"]))
    return Asked(action, cluster, rest, Options(**{each: _fixed(given[each]) for each in given}))


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_action(action: str, typed: Mapping[str, Any]) -> None:
    """Options of a program's would change nothing elsewhere. A file's are for all actions."""
    for spec in specs():
        if spec.group == "submit" and action != "submit" and spec.field in typed:
            more = "; -s is how many a cluster has" if spec.field == "workers" else ""
            raise OptionError(f"{spec.names[-1]} goes with submit, not with {action}{more}")


def _joined(arguments: Sequence[str]) -> list[str]:
    """Options of Java begin like ours; argparse takes them for values where there is no blank."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == _JAVA_OPTIONS:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _hadoop(version: str) -> str:
    if version == "yarn":
        return (
            "--hadoop-major-version yarn: this launcher's clusters are Spark's own; EMR has YARN's"
        )
    return f"--hadoop-major-version {version}: Spark has no builds for it any more, only for 3"


def _parser(version: str) -> argparse.ArgumentParser:
    width = max(map(len, ACTIONS)) + 2
    listed = "\n".join(
        f"  {name:<{width}}{does}{f' ({takes})' if takes else ''}"
        for name, (takes, does) in ACTIONS.items()
    )
    parser = _Parser(
        "spark-ec2",
        usage=_TOP,
        description="Spark clusters with SparkNet on Amazon's EC2.",
        epilog=f"actions:\n{listed}\n\n"
        "Keys are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of ~/.aws, as for all\n"
        "programs of Amazon's. docs/ec2.md walks from two keys to a trained net.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"spark-ec2 {version}")
    parser.add_argument(
        "--config",
        default=None,
        metavar="FILE",
        help="a TOML file of options by their long names, such as slaves = 5",
    )
    groups = {name: parser.add_argument_group(name, GROUPS[name]) for name in GROUPS}
    for spec in specs():
        _add(groups[spec.group], spec)
    return parser


def _add(group: Any, spec: Spec) -> None:
    told = spec.help
    if spec.read is None:
        group.add_argument(*spec.names, dest=spec.field, action="store_true", help=told)
        return
    if spec.default not in (None, "", {}, ()):
        told += f" ({spec.default})"
    action = "append" if spec.many else "store"
    group.add_argument(
        *spec.names,
        action=action,
        dest=spec.field,
        metavar=spec.metavar,
        type=_reader(spec),
        help=told,
    )


def _reader(spec: Spec) -> Any:
    def read(text: str) -> Any:
        try:
            return spec.read(text)
        except ValueError as wrong:
            raise argparse.ArgumentTypeError(str(wrong)) from None

    return read


def _of_file(name: str) -> dict[str, Any]:
    """Options of a TOML file; numbers and truths may be written as such."""
    try:
        import tomllib
    except ImportError:
        raise OptionError("--config needs Python 3.11 or newer") from None
    try:
        content = tomllib.loads(Path(name).expanduser().read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise OptionError(f"--config {name}: {wrong}") from None
    known = {long[2:]: spec for spec in specs() for long in spec.names if long.startswith("--")}
    found = {}
    for key, value in content.items():
        spec = known.get(key.replace("_", "-"))
        if spec is None:
            raise OptionError(f"{name}: there is no option {key!r}")
        found[spec.field] = _value(name, key, spec, value)
    return found


def _value(name: str, key: str, spec: Spec, value: Any) -> Any:
    if spec.read is None:
        if not isinstance(value, bool):
            raise OptionError(f"{name}: {key} is true or false, not {value!r}")
        return value
    if spec.many:
        return [_read(name, key, spec, each) for each in _several(value)]
    if isinstance(value, dict):
        value = ",".join(f"{tag}:{text}" for tag, text in value.items())
    return _read(name, key, spec, value)


def _several(value: Any) -> list[Any]:
    """Values of an option that may be repeated: a list, a table of settings, or one."""
    if isinstance(value, dict):
        return [f"{name}={_text(each)}" for name, each in value.items()]
    return value if isinstance(value, list) else [value]


def _read(name: str, key: str, spec: Spec, value: Any) -> Any:
    if isinstance(value, (bool, list, dict)):
        raise OptionError(f"{name}: {key} is one value, not {value!r}")
    try:
        return spec.read(str(value))
    except ValueError as wrong:
        raise OptionError(f"{name}: {key}: {wrong}") from None


def _text(value: Any) -> str:
    """As Spark has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
