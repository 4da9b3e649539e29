"""Machines that are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from sparknet_ec2.cloud import Answer, Cloud
from sparknet_ec2.cluster import CLUSTER, LAUNCH, ROLE, Node, named, node
from sparknet_ec2.errors import CloudError, Ec2Error
from sparknet_ec2.groups import name_of
from sparknet_ec2.plan import Plan

__all__ = ["await_running", "run", "tags_for"]

_PAUSE, _PATIENCE = 3.0, 900.0  # seconds


def tags_for(plan: Plan, launch: str, role: str | None = None) -> list[Answer]:
    """Those of all that a launch makes. launch: its id."""
    tags = {**plan.options.additional_tags, CLUSTER: plan.cluster, LAUNCH: launch}
    if role is not None:
        tags.update({ROLE: role, "Name": name_of(plan.cluster, role)})
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def run(
    cloud: Cloud,
    plan: Plan,
    launch: str,
    role: str,
    group: str,
    wanted: list[tuple[str | None, int]],
    user_data: bytes,
) -> list[Node]:
    """Starts so many machines in each zone: of a zone all, or none and a CloudError."""
    started: list[Node] = []
    for zone, number in wanted:
        answer = cloud.change(
            "run_instances",
            {"Instances": [_pretended(plan, role, i) for i in range(number)]},
            **_request(plan, launch, role, group, zone, number, user_data),
        )
        started += [node(machine) for machine in answer["Instances"]]
    return started


def _request(
    plan: Plan, launch: str, role: str, group: str, zone: str | None, number: int, data: bytes
) -> dict[str, Any]:
    options = plan.options
    spot = role == "worker" and options.spot_price is not None
    # A network interface is made and ended with its machine.
    kinds = ["instance", "volume", *(["spot-instances-request"] if spot else [])]
    tags = tags_for(plan, launch, role)
    request: dict[str, Any] = {
        "ImageId": plan.image,
        "InstanceType": plan.master_type if role == "master" else plan.worker_type,
        "MinCount": number,
        "MaxCount": number,
        "KeyName": options.key_pair,
        "SecurityGroupIds": [group, *plan.extra_groups],
        "UserData": data,
        "BlockDeviceMappings": _disks(plan),
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in kinds],
        # The same request twice starts nothing twice.
        "ClientToken": f"{launch}-{role}-{zone or 'any'}",
    }
    placement = {"AvailabilityZone": zone, "GroupName": options.placement_group}
    given = {name: value for name, value in placement.items() if value is not None}
    if given:
        request["Placement"] = given
    if options.subnet_id is not None:
        request["SubnetId"] = options.subnet_id
    if options.instance_profile_name is not None:
        request["IamInstanceProfile"] = {"Name": options.instance_profile_name}
    if spot:
        bid = {"MaxPrice": f"{options.spot_price:g}", "SpotInstanceType": "one-time"}
        request["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": bid}
    else:
        behaviour = options.instance_initiated_shutdown_behavior
        request["InstanceInitiatedShutdownBehavior"] = behaviour
    return request


def _disks(plan: Plan) -> list[Answer]:
    options = plan.options
    sizes = [options.root_vol_size]
    if options.ebs_vol_size:
        sizes += [options.ebs_vol_size] * options.ebs_vol_num
    # /dev/sds and on, as the first spark-ec2 had them; Linux may call them otherwise.
    names = [plan.root_device, *(f"/dev/sd{chr(ord('s') + i)}" for i in range(len(sizes) - 1))]
    kept = {"DeleteOnTermination": True, "Encrypted": True}
    # Not every type can be started from.
    kinds = ["gp3", *[options.ebs_vol_type] * (len(sizes) - 1)]
    return [
        {"DeviceName": name, "Ebs": {"VolumeSize": size, "VolumeType": kind, **kept}}
        for name, size, kind in zip(names, sizes, kinds)
    ]


def _pretended(plan: Plan, role: str, number: int) -> Answer:
    return {
        "InstanceId": f"i-{role}-{number}",
        "State": {"Name": "pending"},
        "PrivateIpAddress": f"address-of-{role}",
        "Tags": tags_for(plan, "", role),
    }


def await_running(
    cloud: Cloud, wanted: Collection[str], told: Callable[[int, int], None]
) -> list[Node]:
    """Waits until the machines of these ids run. Ec2Error: one of them has ended, or the time is
    over.

    told: how many of how many run.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        nodes = _known(cloud, sorted(wanted))
        running = {each.id for each in nodes if each.state == "running"}
        told(len(running), len(wanted))
        if running == set(wanted):
            return nodes
        lost = [each for each in nodes if each.state in ("shutting-down", "terminated")]
        if lost:
            raise Ec2Error("; ".join(map(_why, lost)))
        if time.monotonic() > end:
            missing = ", ".join(sorted(set(wanted) - running))
            raise Ec2Error(f"not running after {_PATIENCE:g} s: {missing}")
        time.sleep(_PAUSE)


def _known(cloud: Cloud, ids: list[str]) -> list[Node]:
    """EC2 may not know yet what it has just started."""
    try:
        return named(cloud, ids)
    except CloudError as failure:
        if failure.code != "InvalidInstanceID.NotFound":
            raise
        return []


def _why(lost: Node) -> str:
    reason = lost.reason or "EC2 gives no reason"
    return f"{lost.role or 'machine'} {lost.id} is {lost.state}: {reason}"
