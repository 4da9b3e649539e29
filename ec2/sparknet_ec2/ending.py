"""How a cluster ends: nothing that bears its tag is left."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from sparknet_ec2.cloud import Answer, Cloud, batches
from sparknet_ec2.cluster import Cluster, find, named
from sparknet_ec2.errors import CloudError, Ec2Error, ToldError
from sparknet_ec2.screen import Screen

__all__ = ["offers_to_clean_up", "remove", "terminate"]

_PAUSE, _PATIENCE = 3.0, 600.0  # seconds
_GONE = (
    "InvalidInstanceID.NotFound",
    "InvalidVolume.NotFound",
    "InvalidGroup.NotFound",
    "InvalidPermission.NotFound",
)


def remove(cloud: Cloud, cluster: Cluster, screen: Screen) -> None:
    """Ends machines, requests for spot instances, volumes and security groups, in this order; what
    is gone already is no failure."""
    asked = [each["SpotInstanceRequestId"] for each in cluster.requests]
    cloud.change_all("cancel_spot_instance_requests", "SpotInstanceRequestIds", asked)
    terminate(cloud, [node.id for node in cluster.nodes], screen)
    for volume in cluster.volumes:
        # Those of machines go with them.
        with _gone_already():
            _patiently(cloud, "delete_volume", "VolumeInUse", VolumeId=volume["VolumeId"])
    for group in cluster.groups:
        # Groups that name each other can only be deleted once they do not.
        rules = [_as_asked(rule) for rule in group.get("IpPermissions", [])]
        if rules:
            with _gone_already():
                cloud.change(
                    "revoke_security_group_ingress",
                    {},
                    GroupId=group["GroupId"],
                    IpPermissions=rules,
                )
    for group in cluster.groups:
        with _gone_already():
            _patiently(
                cloud, "delete_security_group", "DependencyViolation",
                GroupId=group["GroupId"],
            )  # fmt: skip


def terminate(cloud: Cloud, ids: list[str], screen: Screen) -> None:
    """Ends machines and waits until they are gone."""
    for some in batches(ids):
        with _gone_already():
            cloud.change("terminate_instances", {}, InstanceIds=some)
    end = time.monotonic() + _PATIENCE
    while ids and not cloud.pretends:
        left = [node for node in named(cloud, ids) if node.state != "terminated"]
        screen.bar("machines that ended", len(ids) - len(left), len(ids))
        if not left:
            return
        if time.monotonic() > end:
            raise Ec2Error(
                f"not ended after {_PATIENCE:g} s: {', '.join(node.id for node in left)}"
            )
        time.sleep(_PAUSE)


@contextlib.contextmanager
def offers_to_clean_up(cloud: Cloud, name: str, launch: str, screen: Screen) -> Iterator[None]:
    """Whatever ends the block early, Ctrl-C too, is told, and what this launch has made goes if the
    user wants; then it is a ToldError."""
    try:
        yield
    except BaseException as failure:
        if cloud.pretends or not isinstance(failure, (Ec2Error, KeyboardInterrupt, OSError)):
            raise
        interrupted = isinstance(failure, KeyboardInterrupt)
        screen.say("interrupted" if interrupted else f"error: {failure}")
        made = find(cloud, name, launch)
        if made.empty:
            screen.say("nothing has been started")
        elif screen.asks(f"end {len(made.nodes)} machines and remove all that this has made?"):
            remove(cloud, made, screen)
            screen.say("all that this has made is removed")
        else:
            screen.say(
                f"{len(made.nodes)} machines are left, which cost:"
                f" `launch --resume {name}` goes on, `destroy {name}` ends them"
            )
        if interrupted:
            raise
        raise ToldError(str(failure)) from failure


@contextlib.contextmanager
def _gone_already() -> Iterator[None]:
    try:
        yield
    except CloudError as failure:
        if failure.code not in _GONE:
            raise


def _patiently(
    cloud: Cloud,
    request: str,
    for_now: str,
    **parameters: str,
) -> None:
    """Makes a request until it is no longer refused for what still goes on."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            cloud.change(request, {}, **parameters)
        except CloudError as failure:
            if failure.code != for_now or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _as_asked(rule: Answer) -> Answer:
    """A rule as EC2 takes it: what it adds to those it shows is refused."""
    kept = {name: value for name, value in rule.items() if value != []}
    pairs = [{"GroupId": pair["GroupId"]} for pair in rule.get("UserIdGroupPairs", [])]
    return {**kept, **({"UserIdGroupPairs": pairs} if pairs else {})}
