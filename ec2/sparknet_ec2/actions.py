"""What is done with a cluster that is there."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from sparknet_ec2 import cluster as clusters
from sparknet_ec2 import ending, launching, submit
from sparknet_ec2.cloud import Cloud
from sparknet_ec2.cluster import Cluster, Node
from sparknet_ec2.command_line import Asked
from sparknet_ec2.errors import Ec2Error, OptionError
from sparknet_ec2.remote import here, on_all
from sparknet_ec2.screen import Screen

__all__ = ["ACTIONS"]

Action = Callable[[Asked, Cloud, Screen], "int | None"]


def destroy(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Ends all that bears the cluster's tag."""
    there = clusters.find(cloud, asked.cluster)
    if there.empty:
        screen.say(f"there is nothing of a cluster {asked.cluster} in {cloud.region}")
        return
    for line in _listed(there):
        screen.say(line)
    _sure(cloud, screen, f"destroy cluster {asked.cluster}, and all data on its disks?")
    ending.remove(cloud, there, screen)
    if not cloud.pretends:
        launching.known_hosts(cloud.region, asked.cluster).unlink(missing_ok=True)
        screen.say(f"cluster {asked.cluster} is gone")


def stop(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Stops machines; spot workers can only end."""
    there = _there(cloud, asked)
    spot = [node.id for node in there.nodes if node.spot]
    others = [node.id for node in there.nodes if not node.spot and node.state == "running"]
    lost = f"; {len(spot)} spot workers end" if spot else ""
    _sure(cloud, screen, f"stop {len(others)} machines, whose instance stores are lost{lost}?")
    cloud.change_all("terminate_instances", "InstanceIds", spot)
    cloud.change_all("stop_instances", "InstanceIds", others)
    screen.say(f"disks stay, and cost: `start {asked.cluster}` goes on, `destroy` ends it")


def describe(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Prints what there is."""
    there = clusters.find(cloud, asked.cluster)
    if there.empty:
        raise Ec2Error(f"there is nothing of a cluster {asked.cluster} in {cloud.region}")
    print(*_listed(there), sep="\n")


def get_master(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Prints its address alone."""
    print(_there(cloud, asked).needed_master().address(asked.options.private_ips))


def login(asked: Asked, cloud: Cloud, screen: Screen) -> int:
    """A shell on the master."""
    remote = launching.remote_of(cloud.region, asked.cluster, asked.options)
    master = _there(cloud, asked).needed_master()
    return remote.login(master.address(asked.options.private_ips), asked.options.proxy_port)


def reboot_slaves(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Restarts the workers' machines."""
    workers = [node.id for node in _there(cloud, asked).workers if node.state == "running"]
    if not workers:
        raise Ec2Error(f"no worker of cluster {asked.cluster} runs")
    _sure(cloud, screen, f"reboot {len(workers)} workers?")
    cloud.change_all("reboot_instances", "InstanceIds", workers)


def remove_workers(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Ends the newest ones."""
    workers, number = _there(cloud, asked).workers, asked.options.slaves
    if number > len(workers):
        raise OptionError(f"-s {number}: cluster {asked.cluster} has {len(workers)} workers")
    leaving = workers[len(workers) - number :]
    _sure(
        cloud, screen, f"end {', '.join(node.id for node in leaving)}, and all data on their disks?"
    )
    ending.terminate(cloud, [node.id for node in leaving], screen)


def run_command(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """On every machine at once; what each says follows its address."""
    if not asked.arguments:
        raise OptionError("run-command needs a command: run-command NAME -- uptime")
    remote = launching.remote_of(cloud.region, asked.cluster, asked.options)
    # One word is a line for the shell there.
    words = asked.arguments
    command = words[0] if len(words) == 1 else shlex.join(words)
    if cloud.pretends:
        print(*(f"{address}: {command}" for address in _addresses(cloud, asked)), sep="\n")
        return
    said = on_all(_addresses(cloud, asked), lambda address: remote.run(address, command))
    for address, text in said.items():
        print(f"{address}:", *text.rstrip("\n").split("\n"), sep="\n  ")


def copy_file(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """To every machine at once."""
    *sources, target = asked.arguments or [""]
    if not sources:
        raise OptionError(
            "copy-file needs files and the place for them: copy-file NAME FILE TARGET"
        )
    here(sources)
    remote = launching.remote_of(cloud.region, asked.cluster, asked.options)
    if cloud.pretends:
        files = shlex.join(sources)
        print(*(f"{at}: {files} to {target}" for at in _addresses(cloud, asked)), sep="\n")
        return
    on_all(_addresses(cloud, asked), lambda address: remote.copy(address, sources, target))


def submit_program(asked: Asked, cloud: Cloud, screen: Screen) -> int:
    """Runs it on the master, with the cluster's workers; its exit status."""
    if not asked.arguments:
        raise OptionError(
            "submit needs a program: submit NAME train.py, or submit NAME apps.CifarApp"
        )
    program, *arguments = asked.arguments
    remote = launching.remote_of(cloud.region, asked.cluster, asked.options)
    master = _there(cloud, asked).needed_master().address(asked.options.private_ips)
    return submit.submit(remote, master, program, arguments, asked.options)


# What `command_line.ACTIONS` names.
ACTIONS: dict[str, Action] = {
    "launch": launching.launch,
    "destroy": destroy,
    "stop": stop,
    "start": launching.start,
    "describe": describe,
    "get-master": get_master,
    "login": login,
    "reboot-slaves": reboot_slaves,
    "add-workers": launching.add_workers,
    "remove-workers": remove_workers,
    "run-command": run_command,
    "copy-file": copy_file,
    "submit": submit_program,
}


def _there(cloud: Cloud, asked: Asked) -> Cluster:
    found = clusters.find(cloud, asked.cluster)
    if not found.nodes:
        raise Ec2Error(f"there is no machine of a cluster {asked.cluster} in {cloud.region}")
    return found


def _addresses(cloud: Cloud, asked: Asked) -> list[str]:
    nodes = [node for node in _there(cloud, asked).nodes if node.state == "running"]
    if not nodes:
        raise Ec2Error(f"no machine of cluster {asked.cluster} runs")
    return [node.address(asked.options.private_ips) for node in nodes]


def _sure(cloud: Cloud, screen: Screen, question: str) -> None:
    if not cloud.pretends and not screen.asks(question):
        raise Ec2Error("nothing was done: --assume-yes says yes where nobody can be asked")


def _listed(there: Cluster) -> list[str]:
    ordered = sorted(there.nodes, key=lambda node: (node.role != "master", node.since, node.id))
    lines = [_line(node) for node in ordered]
    lines += [f"group   {each['GroupId']} {each['GroupName']}" for each in there.groups]
    lines += [f"volume  {each['VolumeId']} {each['Size']} GB" for each in there.volumes]
    lines += [f"request {each['SpotInstanceRequestId']} {each['State']}" for each in there.requests]
    return lines


def _line(node: Node) -> str:
    kind = f"{node.type}{' spot' if node.spot else ''}"
    addresses = " ".join(filter(None, (node.public, node.private)))
    return f"{node.role:<7} {node.id} {node.state} {kind} {node.zone} {addresses}".rstrip()
