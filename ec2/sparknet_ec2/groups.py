"""The security groups of a cluster: who reaches its machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sparknet_ec2.cloud import Answer, Cloud
from sparknet_ec2.cluster import Cluster, having, tags_of
from sparknet_ec2.errors import CloudError, Ec2Error
from sparknet_ec2.plan import Plan

__all__ = ["Groups", "ensure", "let_in", "name_of"]

# ssh, the pages of master or worker, those of programs, and of the history server.
_OUTSIDE = {"master": [(22, 22), (8080, 8081), (4040, 4045), (18080, 18080)],
            "worker": [(22, 22), (8080, 8081)]}  # fmt: skip


class Groups(NamedTuple):
    """Ids."""

    master: str
    worker: str


def name_of(cluster: str, role: str) -> str:
    """As the first ``spark-ec2`` called them."""
    return f"{cluster}-{'master' if role == 'master' else 'slaves'}"


def ensure(cloud: Cloud, plan: Plan, there: Cluster, tags: list[Answer]) -> Groups:
    """Both groups and their rules, made as far as they are missing."""
    known = {group["GroupName"]: group["GroupId"] for group in there.groups}
    ids = Groups(*(_group(cloud, plan, role, known, tags) for role in Groups._fields))
    for group in ids:
        pairs = [{"GroupId": other} for other in ids]
        _allow(cloud, group, [{"IpProtocol": "-1", "UserIdGroupPairs": pairs}])
    let_in(
        cloud,
        {name_of(plan.cluster, role): getattr(ids, role) for role in ids._fields},
        plan.from_address,
    )
    return ids


def let_in(cloud: Cloud, groups: Mapping[str, str], source: str) -> None:
    """Has the ports that users need open for addresses. groups: ids by name."""
    for name, group in groups.items():
        role = "master" if name.endswith("-master") else "worker"
        ports = [
            {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "IpRanges": [{"CidrIp": source}]}
            for low, high in _OUTSIDE[role]
        ]
        _allow(cloud, group, ports)


def _group(cloud: Cloud, plan: Plan, role: str, known: dict[str, str], tags: list[Answer]) -> str:
    name = name_of(plan.cluster, role)
    if name in known:
        return known[name]
    network = {} if plan.network is None else {"VpcId": plan.network}
    try:
        made = cloud.change(
            "create_security_group",
            {"GroupId": f"sg-of-{name}"},
            GroupName=name,
            Description=f"SparkNet cluster {plan.cluster}",
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
            **network,
        )
    except CloudError as failure:
        if failure.code != "InvalidGroup.Duplicate":
            raise
        # It may be of a request whose answer was lost, and then bears our tags.
        ours = [{"Name": "group-name", "Values": [name]}, *having(tags_of({"Tags": tags}))]
        again = [
            group["GroupId"]
            for group in cloud.ask("describe_security_groups", Filters=ours)["SecurityGroups"]
        ]
        if not again:
            raise Ec2Error(
                f"there is a security group {name} that belongs to no cluster of SparkNet's: remove"
                " it, or give the cluster another name"
            ) from None
        return str(again[0])
    return str(made["GroupId"])


def _allow(cloud: Cloud, group: str, rules: list[Answer]) -> None:
    """Rules of one request are all there, or none is."""
    try:
        cloud.change("authorize_security_group_ingress", {}, GroupId=group, IpPermissions=rules)
    except CloudError as failure:
        if failure.code != "InvalidPermission.Duplicate":
            raise
