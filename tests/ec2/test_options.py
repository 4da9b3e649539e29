"""Options that reach EC2's requests, or the machines, as they were meant."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from aws import KEYS, REGION, Aws, launch, run, told
from sparknet_ec2.options import specs

pytestmark = pytest.mark.boundary

ROOT = Path(__file__).resolve().parents[2]
SHEET = Path(os.environ.get("SPARKNET_SHARED", ROOT.parent / "shared")) / "spec/ec2.md"


@pytest.mark.skipif(not SHEET.is_file(), reason="the sheet of the first spark-ec2 is not here")
def test_all_options_of_the_first_spark_ec2() -> None:
    table = SHEET.read_text().partition("## Options")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| -")]
    named = {name for each in first for name in re.findall(r"--?[\w-]+", each)}
    assert len(named) > 50
    ours = {name for spec in specs() for name in spec.names}
    assert named - ours == {"--version", "-h", "--help"}


def started(aws: Aws) -> list[dict[str, str]]:
    """What was asked for: the master's, then the workers'."""
    return [body for body in aws.bodies if body.get("Action") == "RunInstances"]


def test_an_instance_profile_is_everybodys(aws: Aws) -> None:
    aws.of("iam").create_instance_profile(InstanceProfileName="reads-s3")
    assert launch("--instance-profile-name", "reads-s3").status == 0
    assert [body["IamInstanceProfile.Name"] for body in started(aws)] == ["reads-s3"] * 2


def test_rights_to_s3_are_of_no_use_without_s3a(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparknet_ec2.deploy.copy_credentials", lambda *given: None)
    for has_s3 in (False, True):
        monkeypatch.setattr("sparknet_ec2.deploy.deploy", lambda *given, has=has_s3: has)
        done = launch("--copy-aws-credentials", "--resume")
        assert done.status == 0
        assert ("s3a:// is not known there: build/setup s3" in done.err) != has_s3


def test_a_master_of_another_type(aws: Aws) -> None:
    assert launch("-t", "c7i.xlarge", "-m", "m7i.large").status == 0
    assert [body["InstanceType"] for body in started(aws)] == ["m7i.large", "c7i.xlarge"]


def test_disks(aws: Aws) -> None:
    options = ["--root-vol-size", "50", "--ebs-vol-size", "20", "--ebs-vol-type", "st1"]
    assert launch(*options).status == 0
    for body in started(aws):
        sizes = [body[f"BlockDeviceMapping.{i}.Ebs.VolumeSize"] for i in (1, 2)]
        kinds = [body[f"BlockDeviceMapping.{i}.Ebs.VolumeType"] for i in (1, 2)]
        names = [body[f"BlockDeviceMapping.{i}.DeviceName"] for i in (1, 2)]
        assert (sizes, kinds, names) == (["50", "20"], ["gp3", "st1"], ["/dev/xvda", "/dev/sds"])


def test_what_a_machine_does_when_it_shuts_down(aws: Aws) -> None:
    assert launch("--instance-initiated-shutdown-behavior", "terminate").status == 0
    behaviours = [body["InstanceInitiatedShutdownBehavior"] for body in started(aws)]
    assert behaviours == ["terminate"] * 2


def test_what_machines_are_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr(
        "sparknet_ec2.deploy.await_workers",
        lambda remote, master, number, told: counted.append(number),
    )
    Path("own.sh").write_text("#!/bin/sh\necho mine\n")
    options = ["--worker-instances", "2", "--swap", "77", "--master-opts", "-Dspark.x=1"]
    assert launch("-s", "3", *options, "--user-data", "own.sh").status == 0
    assert counted == [6]
    for body, role in zip(started(aws), ("master", "worker")):
        text = told(body)
        for part in (
            f"ROLE={role}",
            "WORKER_INSTANCES=2",
            "SWAP_MB=77",
            "-Dspark.x=1",
            "echo mine",
        ):
            assert part.encode() in text, part


def _subnet(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client.describe_subnets()["Subnets"][0]
    return found


def test_a_subnet_and_its_network(aws: Aws) -> None:
    subnet = _subnet(aws)
    options = ["--subnet-id", subnet["SubnetId"], "--vpc-id", subnet["VpcId"], "--private-ips"]
    assert launch(*options).status == 0
    assert {body["SubnetId"] for body in started(aws)} == {subnet["SubnetId"]}
    groups = [body for body in aws.bodies if body.get("Action") == "CreateSecurityGroup"]
    assert {body["VpcId"] for body in groups} == {subnet["VpcId"]}
    private = {each["PrivateIpAddress"] for each in aws.machines()}
    assert set(aws.waited) == private


def test_a_subnet_of_elsewhere(aws: Aws) -> None:
    subnet = _subnet(aws)
    other = run(*KEYS, "--subnet-id", subnet["SubnetId"], "--vpc-id", "vpc-1", "launch", "x")
    assert (other.status, f"is in {subnet['VpcId']}, not in vpc-1" in other.err) == (2, True)
    zone = next(z for z in ("eu-west-1a", "eu-west-1b") if z != subnet["AvailabilityZone"])
    far = run(*KEYS, "--subnet-id", subnet["SubnetId"], "-z", zone, "launch", "x")
    assert (far.status, f"not in {zone}" in far.err) == (2, True)


def test_one_more_security_group(aws: Aws) -> None:
    made = aws.client.create_security_group(GroupName="office", Description="office")
    for given in ("office", made["GroupId"]):
        aws.bodies.clear()
        assert launch("--additional-security-group", given).status == 0
        assert {body["SecurityGroupId.2"] for body in started(aws)} == {made["GroupId"]}
        assert run("-r", REGION, "--assume-yes", "destroy", "sparknet").status == 0
    assert aws.left() == [made["GroupId"]]  # It is not ours.


def test_everybody_may_be_let_in(aws: Aws) -> None:
    assert launch("--authorized-address", "0.0.0.0/0").status == 0
    rules = [body for body in aws.bodies if body.get("Action", "").startswith("Authorize")]
    sources = {body.get("IpPermissions.1.IpRanges.1.CidrIp") for body in rules}
    assert sources == {None, "0.0.0.0/0"}


def test_keys_of_a_profile(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    Path("credentials").write_text(
        "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = s3cret\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(Path("credentials").resolve()))
    keys: list[str] = []
    monkeypatch.setattr(
        "sparknet_ec2.deploy.copy_credentials", lambda remote, master, *given: keys.extend(given)
    )
    assert launch("-p", "work", "--copy-aws-credentials").status == 0
    assert keys == ["AKIAWORK", "s3cret", None]


def test_a_folder_for_the_master(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[str] = []
    monkeypatch.setattr(
        "sparknet_ec2.deploy.deploy_root", lambda remote, master, folder: folders.append(folder)
    )
    folder = Path("root").resolve()
    folder.mkdir()
    for given in (f"{folder}/", str(folder)):
        assert launch("--deploy-root-dir", given, "--resume").status == 0
    assert folders == [f"{folder}/", str(folder)]


def test_a_login_with_a_proxy(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launch().status == 0
    asked: list[tuple[str, str | None]] = []

    def login(remote: object, address: str, proxy: str | None = None) -> int:
        asked.append((address, proxy))
        return 7

    monkeypatch.setattr("sparknet_ec2.launching.Remote.login", login)
    assert run(*KEYS, "-D", "127.0.0.1:1080", "login", "sparknet").status == 7
    (master,) = (each["PublicDnsName"] for each in aws.machines() if each["Role"] == "master")
    assert asked == [(master, "127.0.0.1:1080")]
    wrong = run(*KEYS, "-D", "high", "login", "sparknet")
    assert (wrong.status, "'high' is neither PORT nor ADDRESS:PORT" in wrong.err) == (2, True)


def test_commands_and_files_go_to_all_machines(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launch("-s", "2").status == 0
    there = {each["PublicDnsName"] for each in aws.machines()}
    ran: list[str] = []
    copied: list[tuple[str, list[str], str]] = []

    def at(remote: object, address: str, command: str) -> str:
        ran.append(command)
        return f"up at {address}\n"

    monkeypatch.setattr("sparknet_ec2.launching.Remote.run", at)
    monkeypatch.setattr(
        "sparknet_ec2.launching.Remote.copy",
        lambda remote, address, sources, target: copied.append((address, sources, target)),
    )
    done = run(*KEYS, "run-command", "sparknet", "--", "echo", "a b")
    assert done.status == 0
    assert set(ran) == {"echo 'a b'"}
    assert all(f"{address}:\n  up at {address}\n" in done.out for address in there)
    for name in ("one", "two"):
        Path(name).touch()
    assert run(*KEYS, "copy-file", "sparknet", "one", "two", "/mnt").status == 0
    assert {address for address, _, _ in copied} == there
    assert all(given == ["one", "two"] and target == "/mnt" for _, given, target in copied)
