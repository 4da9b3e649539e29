"""Programs in place of ``ssh`` and ``scp``: other machines are folders of this one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# What is said to a machine is done here: its root is a folder, below which its own places are.
_SSH = r"""#!/bin/bash
printf '%s\n' "ssh $*" >>"$MACHINES/asked"
socket="" keeps=""
while [[ "$1" == -* ]]; do
  if [[ "$1 $2" == "-o ControlPath="* ]]; then socket="${2#*=}"; fi
  if [[ "$1" == -M ]]; then keeps=1; fi
  case "$1" in -o | -p | -D | -O) shift 2 ;; *) shift ;; esac
done
user="${1%@*}" address="${1#*@}"
shift
if [[ ! -d "$MACHINES/$address" ]]; then
  echo "ssh: connect to host $address port 22: Connection refused" >&2
  exit 255
fi
if [[ -n "$keeps" ]]; then touch "$socket"; fi
root="$MACHINES/$address"
export HOME="$root/home/$user"
command="$*"
for place in /run/sparknet /etc/sparknet /opt/spark /usr/local/lib/sparknet; do
  command="${command//$place/$root$place}"
done
cd "$HOME" || exit
exec bash -c "$command"
"""
_SCP = r"""#!/bin/bash
printf '%s\n' "scp $*" >>"$MACHINES/asked"
while [[ "$1" == -* && "$1" != -- ]]; do
  case "$1" in -o | -P) shift 2 ;; *) shift ;; esac
done
shift
target="${*: -1}"
address="${target%%:*}"
[[ -d "$MACHINES/${address#*@}" ]] || { echo "lost connection" >&2; exit 1; }
exec cp -r "${@:1:$#-1}" "${target#*:}"
"""


class Machines:
    """Those that can be reached."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "machines"
        self.programs = folder / "programs"
        self.folder.mkdir()
        self.programs.mkdir()
        self.program("ssh", _SSH)
        self.program("scp", _SCP)
        monkeypatch.setenv("MACHINES", str(self.folder))
        monkeypatch.setenv("PATH", f"{self.programs}{os.pathsep}{os.environ['PATH']}")

    def program(self, name: str, text: str) -> None:
        """One that is found by us and by the machines."""
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, address: str, user: str = "root") -> Path:
        """A machine; its root."""
        home = self.folder / address / "home" / user
        home.mkdir(parents=True)
        # A login shell begins with a PATH of its own.
        (home / ".bash_profile").write_text(f'export PATH="{self.programs}:$PATH"\n')
        return self.folder / address

    def status(self, address: str, stage: str) -> None:
        """Where its set-up is."""
        path = self.folder / address / "run/sparknet/status"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{stage}\n")

    @property
    def asked(self) -> list[str]:
        """The command lines of ssh and scp."""
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []
