"""User data: parts that cloud-init knows, in an order that holds, within what EC2 takes."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import re
import subprocess
from pathlib import Path

import cloud_init
import pytest
from sparknet_ec2.errors import OptionError, SetupError
from sparknet_ec2.machines import LIMIT, Machine, secret_of, user_data

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
MACHINE = Machine("worker", "c", "10.0.0.1", "3.5.6", "https://host/spark.tgz", "ab" * 64, "s3cr3t")
MIXED = (
    b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n'
    b"Content-Type: text/cloud-config\n\n#cloud-config\nfqdn: a\n--x\n"
    b"Content-Type: text/x-shellscript\n\n#!/bin/sh\n--x--\n"
)


def kinds(data: bytes) -> list[str]:
    return [kind for kind, _, _ in cloud_init.parts(data)]


def script(data: bytes) -> str:
    return cloud_init.parts(data)[-1][2].decode()


def test_the_scripts_are_carried_as_they_are() -> None:
    text = script(user_data(MACHINE))
    carried = dict(
        re.findall(
            r"^cat >/usr/local/lib/sparknet/(\S+) <<'(?:\w+)'\n(.*?)^END_OF_SPARKNET_FILE$",
            text,
            re.MULTILINE | re.DOTALL,
        )
    )
    own = {path.name: path.read_text() for path in (ROOT / "ec2/machine").iterdir()}
    assert carried == own
    assert subprocess.run(["bash", "-n"], input=text.encode(), check=False).returncode == 0


def test_root_is_let_in_where_the_user_is_root() -> None:
    assert kinds(user_data(MACHINE)) == ["text/cloud-config", "text/x-shellscript"]
    content = cloud_init.parts(user_data(MACHINE))[0][2]
    assert content == b"#cloud-config\ndisable_root: false\n"
    assert b"\ndisable_root: false\n" in (ROOT / "ec2/cloud-config.txt").read_bytes()
    other = dataclasses.replace(MACHINE, user="admin")
    assert kinds(user_data(other)) == ["text/x-shellscript"]


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        (b"#!/bin/sh\necho hi\n", "text/x-shellscript"),
        (b"#cloud-config\npackages: [htop]\n", "text/cloud-config"),
        (b"#include\nhttps://host/more\n", "text/x-include-url"),
        (b"#cloud-boothook\necho\n", "text/cloud-boothook"),
        (b"## template: jinja\n#cloud-config\n", "text/jinja2"),
        (b"#!/bin/sh\r\n: \xe2\x82\xac\n", "text/x-shellscript"),
    ],
)
def test_the_users_file_comes_first_and_as_it_is(own: bytes, kind: str) -> None:
    for given in (own, gzip.compress(own)):
        found = cloud_init.parts(user_data(MACHINE, given))
        assert found[0][0] == kind
        assert found[0][2] == own
        assert [kind for kind, _, _ in found[1:]] == kinds(user_data(MACHINE))
        # cloud-init runs scripts by their names.
        names = [name for kind, name, _ in found if kind == "text/x-shellscript"]
        assert names == sorted(names)


def test_the_users_file_of_several_parts() -> None:
    found = kinds(user_data(MACHINE, MIXED))
    assert found[:2] == ["text/cloud-config", "text/x-shellscript"]
    assert found[2:] == kinds(user_data(MACHINE))


@pytest.mark.parametrize("own", [b"echo hi\n", b"", b"\x1f\x8bcut short", b"\x7fELF"])
def test_a_file_that_cloud_init_would_not_know(own: bytes) -> None:
    with pytest.raises(OptionError, match="--user-data") as caught:
        user_data(MACHINE, own)
    assert caught.value.status == 2


def test_no_more_than_ec2_takes() -> None:
    assert len(user_data(MACHINE)) < LIMIT == 16384
    noise = "".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(LIMIT // 32 + 1))
    text = f"#!/bin/sh\n: {noise}\n".encode()
    with pytest.raises(
        SetupError, match=r"\d+ bytes, \d+ of them your own file's: EC2 takes 16384"
    ):
        user_data(MACHINE, text)


def test_the_same_machine_has_the_same_user_data() -> None:
    assert user_data(MACHINE) == user_data(MACHINE)


def test_settings_are_words_of_the_shell() -> None:
    nasty = "-Da='b c' \"$HOME\" `id` \\"
    text = script(user_data(dataclasses.replace(MACHINE, master_options=nasty, swap_mb=0)))
    settings = re.search(r"^ROLE=.*?(?=^END_OF)", text, re.MULTILINE | re.DOTALL)
    assert settings
    shown = f'{settings[0]}\nprintf "%s|" "$ROLE" "$MASTER" "$SECRET" "$MASTER_OPTIONS" "$SWAP_MB"'
    done = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.split("|")[:-1] == ["worker", "10.0.0.1", "s3cr3t", nasty, "0"]


def test_the_secret_is_found_again() -> None:
    assert secret_of(user_data(MACHINE, b"#!/bin/sh\nSECRETS=no\n")) == "s3cr3t"
    for other in (b"", b"#!/bin/sh\n", gzip.compress(b"#!/bin/sh\n"), b"\x1f\x8bcut"):
        with pytest.raises(SetupError, match="secret"):
            secret_of(other)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role": "slave"}, "slave"),
        ({"role": "master"}, "master"),
        ({"master": None}, "master"),
        ({"spark_sha512": "ab" * 32}, "SHA-512"),
        ({"secret": ""}, "secret"),
        ({"secret": "a b"}, "secret"),
    ],
)
def test_machines_that_cannot_be(changes: dict[str, str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        dataclasses.replace(MACHINE, **changes)
