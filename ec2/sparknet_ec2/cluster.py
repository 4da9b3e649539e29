"""What there is of a cluster, found by tags: EC2 is the only place where it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sparknet_ec2.cloud import Answer, Cloud
from sparknet_ec2.errors import Ec2Error

__all__ = [
    "CLUSTER",
    "LAUNCH",
    "ROLE",
    "Cluster",
    "Node",
    "find",
    "having",
    "named",
    "node",
    "tags_of",
]

CLUSTER, ROLE, LAUNCH = "sparknet:cluster", "sparknet:role", "sparknet:launch"
# Others are gone, or as good as.
_THERE = ("pending", "running", "stopping", "stopped")


class Node(NamedTuple):
    """A machine. role: master or worker; state: EC2's; reason: why it is in that state."""

    id: str
    role: str
    state: str
    type: str
    zone: str
    private: str
    public: str
    spot: bool
    since: str
    reason: str

    def address(self, private: bool) -> str:
        """Where ssh finds it; Ec2Error if that is nowhere."""
        found = self.private if private else self.public
        if not found:
            which = "private" if private else "public"
            hint = "" if private else ": with --private-ips the other one is taken"
            raise Ec2Error(
                f"{self.role} {self.id} is {self.state} and has no {which} address{hint}"
            )
        return found


class Cluster(NamedTuple):
    """All that bears a cluster's tag and is still there."""

    name: str
    nodes: list[Node]
    groups: list[Answer]
    volumes: list[Answer]
    requests: list[Answer]  # for spot instances

    @property
    def master(self) -> Node | None:
        """The master, if there is one."""
        masters = [node for node in self.nodes if node.role == "master"]
        if len(masters) > 1:
            named = ", ".join(node.id for node in masters)
            raise Ec2Error(f"cluster {self.name} has several masters: {named}")
        return masters[0] if masters else None

    @property
    def workers(self) -> list[Node]:
        """The oldest first."""
        found = [node for node in self.nodes if node.role == "worker"]
        return sorted(found, key=lambda node: (node.since, node.id))

    def needed_master(self) -> Node:
        """The master; Ec2Error if there is none."""
        if self.master is None:
            raise Ec2Error(f"there is no master of a cluster {self.name} in this region")
        return self.master

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not (self.nodes or self.groups or self.volumes or self.requests)


def find(cloud: Cloud, name: str, launch: str | None = None) -> Cluster:
    """The cluster of this name, which may be nothing at all. launch: only what this one made."""
    filters = having({CLUSTER: name, **({} if launch is None else {LAUNCH: launch})})
    states = {"Name": "instance-state-name", "Values": list(_THERE)}
    asked = cloud.ask("describe_spot_instance_requests", Filters=filters)
    return Cluster(
        name,
        _nodes(cloud.ask("describe_instances", Filters=[*filters, states])),
        cloud.ask("describe_security_groups", Filters=filters)["SecurityGroups"],
        cloud.ask("describe_volumes", Filters=filters)["Volumes"],
        [each for each in asked["SpotInstanceRequests"] if each["State"] in ("open", "active")],
    )


def named(cloud: Cloud, ids: Sequence[str]) -> list[Node]:
    """Machines by their ids, also those that have ended."""
    return _nodes(cloud.ask("describe_instances", InstanceIds=list(ids)))


def _nodes(answer: Answer) -> list[Node]:
    return [
        node(machine)
        for reservation in answer.get("Reservations", [])
        for machine in reservation["Instances"]
    ]


def node(machine: Answer) -> Node:
    """A machine as EC2 describes it."""
    return Node(
        machine["InstanceId"],
        tags_of(machine).get(ROLE, ""),
        machine["State"]["Name"],
        machine.get("InstanceType", ""),
        machine.get("Placement", {}).get("AvailabilityZone", ""),
        machine.get("PrivateIpAddress", ""),
        machine.get("PublicDnsName") or machine.get("PublicIpAddress", ""),
        machine.get("InstanceLifecycle") == "spot",
        str(machine.get("LaunchTime", "")),
        machine.get("StateReason", {}).get("Message", ""),
    )


def having(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Filters for what has all of these tags."""
    return [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]


def tags_of(thing: Answer) -> dict[str, str]:
    """Tags by name."""
    tags: Sequence[Answer] = thing.get("Tags", ())
    return {tag["Key"]: tag["Value"] for tag in tags}
