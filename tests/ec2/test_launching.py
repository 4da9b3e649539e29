"""From a command line to machines, groups and tags, in moto's EC2."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest
from aws import KEYS, Aws, launch, run, told
from jar_files import jar
from sparknet_ec2 import jars
from sparknet_ec2.errors import SetupError

pytestmark = pytest.mark.boundary

_FIND = jars.find


def test_a_cluster(aws: Aws) -> None:
    done = launch("-s", "3")
    assert (done.status, done.out) == (0, "")
    machines = aws.machines()
    assert sorted(each["Role"] for each in machines) == ["master", *["worker"] * 3]
    assert {each["InstanceType"] for each in machines} == {"m7i.large"}
    assert {each["State"]["Name"] for each in machines} == {"running"}
    assert len(aws.waited) == 4
    (master,) = (each for each in machines if each["Role"] == "master")
    assert aws.deployed == [master["PublicDnsName"]]
    assert master["PublicDnsName"] in done.err
    assert "spark-submit --class apps.CifarApp" in done.err


def test_access_is_from_the_callers_address_alone(aws: Aws) -> None:
    assert launch().status == 0
    groups = {
        group["GroupName"]: group
        for group in aws.client.describe_security_groups()["SecurityGroups"]
    }
    ids = {groups[name]["GroupId"] for name in ("sparknet-master", "sparknet-slaves")}
    for name in ("sparknet-master", "sparknet-slaves"):
        rules = groups[name]["IpPermissions"]
        sources = {where["CidrIp"] for rule in rules for where in rule["IpRanges"]}
        assert sources == {"192.0.2.7/32"}
        inside = [rule for rule in rules if rule["UserIdGroupPairs"]]
        assert [rule["IpProtocol"] for rule in inside] == ["-1"]
        assert {pair["GroupId"] for pair in inside[0]["UserIdGroupPairs"]} == ids
        open_ports = {(rule["FromPort"], rule["ToPort"]) for rule in rules if rule["IpRanges"]}
        assert (22, 22) in open_ports
        assert (7077, 7077) not in open_ports  # Spark's own port is the cluster's.


def test_machines_are_asked_for_with_care(aws: Aws) -> None:
    options = ["--ebs-vol-size", "100", "--ebs-vol-num", "2", "--additional-tags", "team:vision"]
    assert launch("-s", "2", *options).status == 0
    asked = [body for body in aws.bodies if body.get("Action") == "RunInstances"]
    assert [body["MinCount"] for body in asked] == ["1", "2"]
    for body in asked:
        assert body["MetadataOptions.HttpTokens"] == "required"
        disks = range(1, 4)
        assert {body[f"BlockDeviceMapping.{i}.Ebs.Encrypted"] for i in disks} == {"true"}
        assert {body[f"BlockDeviceMapping.{i}.Ebs.DeleteOnTermination"] for i in disks} == {"true"}
        sizes = [body[f"BlockDeviceMapping.{i}.Ebs.VolumeSize"] for i in disks]
        assert sizes == ["32", "100", "100"]
    for each in aws.machines():
        tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        assert (tags["sparknet:cluster"], tags["team"]) == ("sparknet", "vision")
    tags = [
        {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}
        for thing in (
            *aws.client.describe_volumes()["Volumes"],
            *(
                group
                for group in aws.client.describe_security_groups()["SecurityGroups"]
                if group["GroupName"] != "default"
            ),
        )
    ]
    assert len(tags) == 3 * 3 + 2
    assert all((each["sparknet:cluster"], each["team"]) == ("sparknet", "vision") for each in tags)


def test_no_keys_are_in_user_data(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAVISIBLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    assert launch().status == 0
    data = [told(body) for body in aws.bodies if body.get("Action") == "RunInstances"]
    assert len(data) == 2
    assert all(b"SECRET=" in each for each in data)  # It can be read here.
    assert not any(b"AKIAVISIBLE" in each or b"verysecret" in each for each in data)


def test_spot_workers(aws: Aws) -> None:
    done = launch("-s", "4", "--spot-price", "0.25")
    assert done.status == 0
    assert "at most $1.00 an hour for 4 spot workers" in done.err
    master, workers = [body for body in aws.bodies if body.get("Action") == "RunInstances"]
    assert "InstanceMarketOptions.MarketType" not in master
    assert workers["InstanceMarketOptions.MarketType"] == "spot"
    assert workers["InstanceMarketOptions.SpotOptions.MaxPrice"] == "0.25"
    assert workers["InstanceMarketOptions.SpotOptions.SpotInstanceType"] == "one-time"


def test_a_placement_group_is_everybodys(aws: Aws) -> None:
    aws.placement_groups.add("close")
    assert launch("--placement-group", "close").status == 0
    asked = [body for body in aws.bodies if body.get("Action") == "RunInstances"]
    assert [body["Placement.GroupName"] for body in asked] == ["close", "close"]


def test_workers_in_all_zones(aws: Aws) -> None:
    assert launch("-s", "4", "--zone", "all").status == 0
    zones = [e["Placement"]["AvailabilityZone"] for e in aws.machines() if e["Role"] == "worker"]
    assert sorted(zones) == ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_a_second_launch_is_refused_and_a_resumed_one_goes_on(aws: Aws) -> None:
    assert launch("-s", "3").status == 0
    gone = next(each for each in aws.machines() if each["Role"] == "worker")
    aws.client.terminate_instances(InstanceIds=[gone["InstanceId"]])
    again = launch("-s", "3")
    assert (again.status, "--resume" in again.err) == (2, True)
    assert len(aws.machines()) == 3
    assert launch("-s", "3", "--resume").status == 0
    assert len(aws.machines()) == 4
    before = {each["InstanceId"] for each in aws.machines()}
    assert launch("-s", "3", "--resume").status == 0
    assert {each["InstanceId"] for each in aws.machines()} == before


def test_resuming_sets_up_again_what_failed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(remote: object, address: str, timeout: float, told: object) -> None:
        raise SetupError(f"{address}: java: no such package")

    monkeypatch.setattr("sparknet_ec2.launching.Remote.await_ready", failing)
    done = run(*KEYS, "-s", "1", "launch", "sparknet")
    assert (done.status, "java: no such package" in done.err) == (1, True)
    assert len(aws.machines()) == 2  # Nobody said that they may go.
    tried: list[str] = []
    monkeypatch.setattr(
        "sparknet_ec2.launching.Remote.set_up_again", lambda remote, address: tried.append(address)
    )
    assert launch("-s", "1", "--resume").status == 0
    assert sorted(tried) == sorted(each["PublicDnsName"] for each in aws.machines())


def test_addresses_may_have_been_those_of_others(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(
        "sparknet_ec2.launching.Remote.forget", lambda remote, address: forgotten.append(address)
    )
    assert launch("-s", "1").status == 0
    assert sorted(forgotten) == sorted(each["PublicDnsName"] for each in aws.machines())
    forgotten.clear()
    assert run(*KEYS, "-s", "1", "add-workers", "sparknet").status == 0
    assert len(forgotten) == 1
    assert run("-r", "eu-west-1", "--assume-yes", "stop", "sparknet").status == 0
    forgotten.clear()
    assert run(*KEYS, "start", "sparknet").status == 0
    assert len(forgotten) == 3


def _secrets(aws: Aws) -> set[bytes]:
    from sparknet_ec2.machines import secret_of

    bodies = [body for body in aws.bodies if body.get("Action") == "RunInstances"]
    return {secret_of(base64.b64decode(body["UserData"])).encode() for body in bodies}


def test_new_workers_share_the_secret(aws: Aws) -> None:
    assert launch("-s", "1").status == 0
    assert run(*KEYS, "-s", "2", "add-workers", "sparknet").status == 0
    assert len(aws.machines()) == 4
    (secret,) = _secrets(aws)
    assert len(secret) == 64


def test_workers_leave_the_newest_first(aws: Aws) -> None:
    assert launch("-s", "2").status == 0
    first = {each["InstanceId"] for each in aws.machines()}
    aws.next_second()
    assert run(*KEYS, "-s", "1", "add-workers", "sparknet").status == 0
    done = run("-r", "eu-west-1", "-s", "1", "--assume-yes", "remove-workers", "sparknet")
    assert done.status == 0
    assert {each["InstanceId"] for each in aws.machines()} == first
    many = run("-r", "eu-west-1", "-s", "3", "--assume-yes", "remove-workers", "sparknet")
    assert (many.status, "has 2 workers" in many.err) == (2, True)


def test_a_night_off(aws: Aws) -> None:
    assert launch("-s", "2", "--spot-price", "1").status == 0
    asked = run("-r", "eu-west-1", "stop", "sparknet")
    assert (asked.status, len(aws.machines())) == (1, 3)  # Nobody said yes.
    assert run("-r", "eu-west-1", "--assume-yes", "stop", "sparknet").status == 0
    (master,) = aws.machines()
    assert master["State"]["Name"] == "stopped"
    assert launch("-s", "2", "--use-existing-master").status == 0
    assert sorted(each["Role"] for each in aws.machines()) == ["master", "worker", "worker"]
    assert {each["State"]["Name"] for each in aws.machines()} == {"running"}
    (secret,) = _secrets(aws)
    assert secret


def test_stopped_machines_start_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launch("-s", "2").status == 0
    assert run("-r", "eu-west-1", "--assume-yes", "stop", "sparknet").status == 0
    assert {each["State"]["Name"] for each in aws.machines()} == {"stopped"}
    monkeypatch.setattr("sparknet_ec2.downloads.own_address", lambda: "198.51.100.4/32")
    assert run(*KEYS, "start", "sparknet").status == 0
    assert {each["State"]["Name"] for each in aws.machines()} == {"running"}
    # Who starts them from elsewhere reaches them from there.
    for group in aws.client.describe_security_groups()["SecurityGroups"]:
        if group["GroupName"] != "default":
            rules = [rule for rule in group["IpPermissions"] if rule["IpRanges"]]
            sources = {where["CidrIp"] for rule in rules for where in rule["IpRanges"]}
            assert sources == {"192.0.2.7/32", "198.51.100.4/32"}


def test_nothing_is_left_of_a_destroyed_cluster(aws: Aws) -> None:
    assert launch("-s", "2", "--spot-price", "1", "--ebs-vol-size", "10").status == 0
    assert run("-r", "eu-west-1", "--assume-yes", "destroy", "sparknet").status == 0
    assert aws.left() == []
    again = run("-r", "eu-west-1", "--assume-yes", "destroy", "sparknet")
    assert (again.status, "there is nothing" in again.err) == (0, True)


def test_what_there_is(aws: Aws) -> None:
    assert launch("-s", "2").status == 0
    told = run("-r", "eu-west-1", "describe", "sparknet").out
    for each in aws.machines():
        assert f"{each['Role']:<7} {each['InstanceId']} running m7i.large" in told
    master = run("-r", "eu-west-1", "get-master", "sparknet").out.strip()
    assert [e["PublicDnsName"] for e in aws.machines() if e["Role"] == "master"] == [master]
    nothing = run("-r", "eu-west-1", "describe", "other")
    assert (nothing.status, "there is nothing" in nothing.err) == (1, True)


def test_a_dry_run_changes_nothing(aws: Aws) -> None:
    done = launch("-s", "5", "--dry-run")
    assert done.status == 0
    assert aws.left() == []
    requests = [line.partition(" ")[0] for line in done.out.splitlines()]
    assert requests == [
        *["create_security_group"] * 2,
        *["authorize_security_group_ingress"] * 4,
        *["run_instances"] * 2,
    ]
    asked = set(aws.requests)
    assert all(name.startswith(("Describe", "GetParameter")) for name in asked)
    assert launch("-s", "1").status == 0
    before = aws.left()
    for action in ("stop", "destroy", "reboot-slaves"):
        assert run("-r", "eu-west-1", "--dry-run", action, "sparknet").status == 0
    assert aws.left() == before
    assert {each["State"]["Name"] for each in aws.machines()} == {"running"}


def test_a_hundred_machines_take_no_more_requests_than_three(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert launch("-s", "2").status == 0
    few = list(aws.requests)
    aws.forget()
    # All are waited for at once: one after the other would never meet.
    together = threading.Barrier(100)
    monkeypatch.setattr(
        "sparknet_ec2.launching.Remote.await_ready",
        lambda remote, address, timeout, told: together.wait(300),
    )
    assert launch("-s", "99").status == 0
    assert aws.requests == few
    aws.requests.clear()
    assert run("-r", "eu-west-1", "--assume-yes", "destroy", "sparknet").status == 0
    assert aws.left() == []
    # moto's volumes stay, of which EC2's go with their machines.
    volumes = aws.requests.count("DeleteVolume")
    assert len(aws.requests) - volumes < 20


def test_spark_4_has_its_own_archive_and_jar(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    jar(target / "scala-2.12/sparknet-assembly-0.2.0.jar", "0.2.0", "3.5", "2.12")
    four = jar(target / "spark-4/scala-2.13/sparknet-assembly-0.2.0.jar", "0.2.0", "4", "2.13")
    monkeypatch.setattr(jars, "ROOT", tmp_path)
    monkeypatch.setattr(jars, "find", _FIND)
    monkeypatch.delenv("SPARKNET_JAR", raising=False)
    brought: list[jars.Jars] = []
    monkeypatch.setattr(
        "sparknet_ec2.deploy.deploy",
        lambda remote, master, version: brought.append(jars.find(version)),
    )
    done = launch("-v", "4.1.1", "--spark-mirror", "https://mirror/spark/")
    assert done.status == 0, done.err
    assert brought == [jars.Jars(four, None, "2.13")]
    assert "Spark 4.1.1" in done.err
    for body in (body for body in aws.bodies if body.get("Action") == "RunInstances"):
        assert b"\nSPARK_VERSION=4.1.1\n" in told(body)
        url = b"https://mirror/spark/spark-4.1.1/spark-4.1.1-bin-hadoop3.tgz"
        assert b"\nSPARK_URL=" + url + b"\n" in told(body)
