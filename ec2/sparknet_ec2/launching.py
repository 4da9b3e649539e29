"""From nothing to a cluster whose master counts its workers. Each step finds what is there."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from sparknet_ec2 import cluster as clusters
from sparknet_ec2 import deploy, downloads, groups, machines, plan, starting
from sparknet_ec2.cloud import Cloud
from sparknet_ec2.cluster import Cluster, Node
from sparknet_ec2.command_line import Asked
from sparknet_ec2.ending import offers_to_clean_up
from sparknet_ec2.errors import Ec2Error, OptionError, RemoteError, SetupError
from sparknet_ec2.options import Options
from sparknet_ec2.plan import Plan
from sparknet_ec2.remote import Remote, on_all
from sparknet_ec2.screen import Screen

__all__ = ["add_workers", "known_hosts", "launch", "remote_of", "start"]

_SECONDS = 1200.0  # A machine's set-up: packages and 400 MB of Spark.


class _Growth(NamedTuple):
    """What is started anew. master: whether one is."""

    master: bool
    workers: int


def launch(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """A new cluster; with --resume the rest of one, with --use-existing-master new workers."""
    name, options = asked.cluster, asked.options
    made = plan.make(name, options, cloud, screen.say)
    there = clusters.find(cloud, name)
    if options.use_existing_master:
        if there.master is None or there.workers:
            raise OptionError(
                f"--use-existing-master: cluster {name} has "
                + ("no master" if there.master is None else f"{len(there.workers)} workers already")
            )
    elif there.nodes and not options.resume:
        raise OptionError(
            f"cluster {name} is there already, {len(there.nodes)} machines: --resume goes on with"
            " its launch, add-workers makes it larger, destroy ends it"
        )
    if not there.nodes and not cloud.pretends:
        known_hosts(cloud.region, name).unlink(missing_ok=True)
    missing = max(options.slaves - len(there.workers), 0)
    _grow(made, there, _Growth(there.master is None, missing), cloud, screen)


def add_workers(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """As many more as -s says."""
    made = plan.make(asked.cluster, asked.options, cloud, screen.say)
    there = clusters.find(cloud, asked.cluster)
    there.needed_master()
    _grow(made, there, _Growth(False, asked.options.slaves), cloud, screen)


def _grow(made: Plan, there: Cluster, growth: _Growth, cloud: Cloud, screen: Screen) -> None:
    _check_jump(cloud, made.cluster, made.options)
    for line in made.told(growth.workers, growth.master):
        screen.say(line)
    launch = secrets.token_hex(8)
    with offers_to_clean_up(cloud, made.cluster, launch, screen):
        ids = groups.ensure(cloud, made, there, starting.tags_for(made, launch))
        secret = secrets.token_hex(32) if there.master is None else _secret(cloud, there.master)
        master = there.master
        if growth.master:
            data = _user_data(made, "master", None, secret)
            (master,) = starting.run(
                cloud, made, launch, "master", ids.master, [(made.zones[0], 1)], data
            )
        if master is None:
            raise Ec2Error(f"there is no master of a cluster {made.cluster}")
        nodes = [*there.nodes, *([master] if growth.master else [])]
        wanted = made.workers_by_zone(growth.workers)
        data = _user_data(made, "worker", master.private, secret)
        nodes += starting.run(cloud, made, launch, "worker", ids.worker, wanted, data)
        _wake(cloud, there.nodes)
        if cloud.pretends:
            screen.say("that is all: nothing was changed")
            return
        again = {node.id for node in there.nodes} if made.options.resume else set()
        ready(made.cluster, made.options, nodes, cloud, screen, made.spark_version, again)


def start(asked: Asked, cloud: Cloud, screen: Screen) -> None:
    """Machines that were stopped run again; services come by themselves."""
    there = clusters.find(cloud, asked.cluster)
    there.needed_master()
    plan.check_identity(asked.options)
    _check_jump(cloud, asked.cluster, asked.options)
    # Stopped for the night, and started from elsewhere.
    source = asked.options.authorized_address or downloads.own_address()
    groups.let_in(cloud, {each["GroupName"]: each["GroupId"] for each in there.groups}, source)
    _wake(cloud, there.nodes)
    if cloud.pretends:
        screen.say("that is all: nothing was changed")
        return
    ready(asked.cluster, asked.options, there.nodes, cloud, screen, None)


def ready(
    name: str,
    options: Options,
    nodes: Sequence[Node],
    cloud: Cloud,
    screen: Screen,
    spark_version: str | None,
    again: Collection[str] = (),
) -> None:
    """Waits until these machines are a cluster, and says what to do with it. spark_version: what is
    brought to the master belongs to it; None: it has everything. again: ids of machines whose
    set-up may have failed before, and gets another chance."""
    ids = {node.id for node in nodes}
    booting = {node.id for node in nodes if node.state != "running"}
    running = starting.await_running(
        cloud, ids, lambda done, total: screen.bar("machines that run", done, total)
    )
    there = Cluster(name, running, [], [], [])
    remote = remote_of(cloud.region, name, options)
    addresses = {node.id: node.address(options.private_ips) for node in there.nodes}
    for machine in booting:  # Another one may have had its address.
        remote.forget(addresses[machine])
    retried = {addresses[machine] for machine in again}
    stages = dict.fromkeys(addresses.values(), "")

    def set_up(address: str) -> None:
        def told(stage: str) -> None:
            stages[address] = stage
            done = sum(stage == "ready" for stage in stages.values())
            others = sorted({stage for stage in stages.values() if stage not in ("", "ready")})
            screen.bar("machines set up", done, len(stages), ", ".join(others))

        try:
            remote.await_ready(address, _SECONDS, told)
        except SetupError:
            if address not in retried:
                raise
            told("again")
            remote.set_up_again(address)
        told("ready")

    on_all(stages, set_up)
    master = addresses[there.needed_master().id]
    if spark_version is not None:
        screen.say("bringing SparkNet to the master")
        has_s3 = deploy.deploy(remote, master, spark_version)
        if not has_s3 and (options.copy_aws_credentials or options.instance_profile_name):
            screen.say(
                "s3a:// is not known there: build/setup s3 makes it, launch --resume brings it"
            )
        if options.deploy_root_dir is not None:
            deploy.deploy_root(remote, master, options.deploy_root_dir)
        if options.copy_aws_credentials:
            keys = cloud.keys
            deploy.copy_credentials(remote, master, keys.id, keys.secret, keys.token)
    number = len(there.workers) * options.worker_instances
    deploy.await_workers(
        remote, master, number, lambda done: screen.bar("workers that Spark has", done, number)
    )
    for line in _next(name, options, cloud.region, master, len(there.workers)):
        screen.say(line)


def remote_of(region: str, name: str, options: Options) -> Remote:
    """How the machines of a cluster are reached."""
    return Remote(
        options.user,
        plan.check_identity(options),
        known_hosts(region, name),
        jump=options.proxy_jump,
    )


def _check_jump(cloud: Cloud, name: str, options: Options) -> None:
    """OptionError, before anything is started that could not be reached."""
    if cloud.pretends:
        return
    try:
        remote_of(cloud.region, name, options).reach_jump()
    except RemoteError as failure:
        raise OptionError(str(failure)) from None


def known_hosts(region: str, name: str) -> Path:
    """The file of the host keys of a cluster's machines."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(state, "sparknet-ec2")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{region}-{name}.known_hosts"


def _wake(cloud: Cloud, nodes: Sequence[Node]) -> None:
    stopped = [node.id for node in nodes if node.state in ("stopped", "stopping")]
    cloud.change_all("start_instances", "InstanceIds", stopped)


def _user_data(made: Plan, role: str, master: str | None, secret: str) -> bytes:
    options = made.options
    machine = machines.Machine(
        role=role,
        cluster=made.cluster,
        master=master,
        spark_version=made.spark_version,
        spark_url=made.spark_url,
        spark_sha512=made.spark_sha512,
        secret=secret,
        user=options.user,
        worker_instances=options.worker_instances,
        master_options=options.master_opts,
        swap_mb=options.swap,
    )
    own = None if options.user_data is None else options.user_data.read_bytes()
    return machines.user_data(machine, own)


def _secret(cloud: Cloud, master: Node) -> str:
    """The one that the master was started with: all of a cluster share it."""
    answer = cloud.ask("describe_instance_attribute", InstanceId=master.id, Attribute="userData")
    return machines.secret_of(base64.b64decode(answer["UserData"].get("Value", "")))


def _next(name: str, options: Options, region: str, master: str, workers: int) -> list[str]:
    ours = ["ec2/spark-ec2", "-r", region, "-i", str(options.identity_file)]
    if options.user != Options.user:
        ours += ["-u", options.user]
    if options.private_ips:
        ours.append("--private-ips")
    if options.proxy_jump is not None:
        ours += ["--proxy-jump", str(options.proxy_jump)]
    jar = f"~/SparkNet/{deploy.KNOWN_AS}"
    return [
        f"cluster {name}: {workers} workers; the master is {master}",
        f"pages      http://{master}:8080 Spark, http://{master}:18080 what has run",
        f"log in     {shlex.join([*ours, 'login', name])}",
        "data       ~/SparkNet/caffe/data/cifar10/get_cifar10.sh",
        f"train      spark-submit --class apps.CifarApp {jar} {workers}",
        f"end        {shlex.join([*ours[:3], 'destroy', name])}",
    ]
