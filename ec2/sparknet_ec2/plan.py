"""What a launch will start: everything that can be found wrong before it costs money is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparknet_ec2 import downloads, jars, modern
from sparknet_ec2.cloud import Answer, Cloud
from sparknet_ec2.errors import CloudError, OptionError, SetupError
from sparknet_ec2.options import Options

__all__ = ["Plan", "check_identity", "make"]


@dataclass(frozen=True)
class Plan:
    """What is started. zones: of the workers, one of them or None each; root_device: that of the
    image; network: the VPC's id, None is the default one."""

    cluster: str
    options: Options
    image: str
    root_device: str
    worker_type: str
    master_type: str
    zones: list[str | None]
    network: str | None
    from_address: str
    extra_groups: list[str]
    spark_version: str
    spark_sha512: str

    @property
    def spark_url(self) -> str:
        """Of the archive."""
        return downloads.archive(self.options.spark_mirror, self.spark_version)

    def workers_by_zone(self, number: int) -> list[tuple[str | None, int]]:
        """How many of so many workers start in which zone: as many in each, or one more."""
        share, left = divmod(number, len(self.zones))
        dealt = [(zone, share + (i < left)) for i, zone in enumerate(self.zones)]
        return [(zone, count) for zone, count in dealt if count]

    def told(self, workers: int, master: bool) -> list[str]:
        """What is about to be started, and what bounds its price."""
        lines = [f"{workers} workers of {self.worker_type}, {'1' if master else 'no new'} master"]
        if master:
            lines[0] += f" of {self.master_type}"
        lines[0] += f", in {self.options.region}: {self.image}, Spark {self.spark_version}"
        price = self.options.spot_price
        if price is None:
            lines.append("price: on demand, as https://aws.amazon.com/ec2/pricing/ has it")
        else:
            lines.append(
                f"price: at most ${price * workers:.2f} an hour for {workers} spot workers"
                f" (${price:g} each)" + ("; the master is on demand" if master else "")
            )
        size, number = self.options.ebs_vol_size, self.options.ebs_vol_num
        disk = self.options.root_vol_size + size * (number if size else 0)
        machines = workers + master
        lines.append(f"disks: {machines * disk:,} GB of EBS, which cost as long as they are there")
        return lines


def make(cluster: str, options: Options, cloud: Cloud, told: Callable[[str], None]) -> Plan:
    """Asks EC2 about all that the options name. told: what is taken in place of what is gone."""
    if options.key_pair is None:
        raise OptionError("launch needs --key-pair: the name of an EC2 key pair")
    check_identity(options)
    _check_region(cloud)
    replacements: list[tuple[str, str]] = []  # What is gone, and the closest to it.

    def replaced(what: str, asked: str, closest: str | None) -> str:
        """closest, noted; OptionError if there is none."""
        if closest is None:
            raise OptionError(f"there is no {what} {asked}")
        replacements.append((f"{what} {asked}", closest))
        return closest

    spark = modern.closest_spark(options.spark_version)
    if spark != (options.spark_version or spark):
        replaced("Spark", str(options.spark_version), spark)
    worker_type, described = _type(cloud, options.instance_type, replaced)
    master_type, master_described = worker_type, described
    if options.master_instance_type not in (None, options.instance_type):
        master_type, master_described = _type(cloud, str(options.master_instance_type), replaced)
    image, root_device = _image(cloud, options.ami, replaced)
    if replacements and not options.modernise:
        each = ", ".join(f"{gone} no longer exists, but {there}" for gone, there in replacements)
        raise OptionError(f"{each}: --modernise takes what does")
    _check_jar(spark)
    for machine in (described, master_described):
        if "x86_64" not in machine["ProcessorInfo"]["SupportedArchitectures"]:
            raise OptionError(
                f"{machine['InstanceType']} is no x86-64: SparkNet has no libraries for it"
            )
    _check_key(cloud, options.key_pair)
    zones = _zones(cloud, options.zone, {worker_type, master_type})
    network = _network(cloud, options)
    _check_placement(cloud, options.placement_group)
    extra = options.additional_security_group
    plan = Plan(
        cluster, options, image, root_device, worker_type, master_type, zones, network,
        options.authorized_address or downloads.own_address(),
        [] if extra is None else [_extra_group(cloud, extra, network)],
        spark, downloads.sha512(options.spark_mirror, spark),
    )  # fmt: skip
    for gone, there in replacements:
        told(f"{gone} is gone: {there}")
    return plan


def check_identity(options: Options) -> Path:
    """The private key's file; OptionError if ssh would not take it."""
    path = options.identity_file
    if path is None:
        raise OptionError("--identity-file is needed: the private key of the key pair")
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as missing:
        raise OptionError(f"--identity-file {path}: {missing.strerror}") from None
    if mode & 0o077:
        raise OptionError(f"--identity-file {path}: others may read it; chmod 400 {path}")
    return path


def _check_region(cloud: Cloud) -> None:
    try:
        cloud.ask("describe_regions", RegionNames=[cloud.region])
    except CloudError as failure:
        if failure.code == "InvalidParameterValue" or not failure.code:
            raise OptionError(f"--region {cloud.region}: {failure}") from None
        raise


def _check_jar(spark: str) -> None:
    try:
        jars.find(spark)
    except SetupError as missing:
        raise OptionError(str(missing)) from None


def _type(cloud: Cloud, name: str, replaced: Callable[..., str]) -> tuple[str, Answer]:
    try:
        return name, _described(cloud, name)
    except CloudError as failure:
        if failure.code != "InvalidInstanceType":
            raise
    closest = replaced("instance type", name, modern.closest_type(name))
    return closest, _described(cloud, closest)


def _described(cloud: Cloud, name: str) -> Answer:
    found: Answer = cloud.ask("describe_instance_types", InstanceTypes=[name])["InstanceTypes"][0]
    return found


def _image(cloud: Cloud, name: str | None, replaced: Callable[..., str]) -> tuple[str, str]:
    """The image and the name of its root device."""
    if name is not None:
        try:
            found = cloud.ask("describe_images", ImageIds=[name])["Images"]
        except CloudError as failure:
            if not failure.code.startswith("InvalidAMIID"):
                raise
            if failure.code == "InvalidAMIID.Malformed":
                raise OptionError(
                    f"--ami {name}: an image's name is like ami-0123456789abcdef0"
                ) from None
            found = []
        if found:
            if found[0].get("Architecture", "x86_64") != "x86_64":
                raise OptionError(f"--ami {name} is for {found[0]['Architecture']}, not for x86-64")
            return name, found[0]["RootDeviceName"]
    newest = cloud.parameter(modern.IMAGE)
    if name is not None:
        replaced("image", name, newest)
    described = cloud.ask("describe_images", ImageIds=[newest])["Images"]
    return newest, described[0]["RootDeviceName"]


@contextlib.contextmanager
def _told_for(code: str, unknown: str) -> Iterator[None]:
    """What EC2 refuses by this code is an OptionError of this text."""
    try:
        yield
    except CloudError as failure:
        if failure.code != code:
            raise
        raise OptionError(unknown) from None


def _check_key(cloud: Cloud, name: str) -> None:
    unknown = f"--key-pair {name}: {cloud.region} has no such key pair"
    with _told_for("InvalidKeyPair.NotFound", unknown):
        cloud.ask("describe_key_pairs", KeyNames=[name])


def _zones(cloud: Cloud, asked: str | None, types: set[str]) -> list[str | None]:
    """Those that workers start in, each of which has all the types; [None]: EC2 chooses."""
    if asked is None:
        return [None]
    there = {
        zone["ZoneName"] for zone in cloud.ask("describe_availability_zones")["AvailabilityZones"]
    }
    if asked != "all" and asked not in there:
        raise OptionError(f"--zone {asked}: {cloud.region} has {', '.join(sorted(there))}")
    wanted = {"Name": "instance-type", "Values": sorted(types)}
    offered = cloud.ask(
        "describe_instance_type_offerings", LocationType="availability-zone", Filters=[wanted]
    )["InstanceTypeOfferings"]
    having: dict[str, set[str]] = {zone: set() for zone in there}
    for offer in offered:
        having.setdefault(offer["Location"], set()).add(offer["InstanceType"])
    fitting = sorted(zone for zone, offers in having.items() if types <= offers)
    if asked == "all" and fitting:
        return list(fitting)
    if asked not in fitting:
        named = " and ".join(sorted(types))
        where = f"; {', '.join(fitting)} do" if fitting else ""
        raise OptionError(f"--zone {asked} does not have {named}{where}")
    return [asked]


def _network(cloud: Cloud, options: Options) -> str | None:
    """The VPC: that of the subnet, else the one named, else None."""
    if options.subnet_id is None:
        if options.vpc_id is not None:
            raise OptionError("--vpc-id needs --subnet-id, a subnet of that network")
        return None
    try:
        found = cloud.ask("describe_subnets", SubnetIds=[options.subnet_id])["Subnets"][0]
    except CloudError as failure:
        if failure.code != "InvalidSubnetID.NotFound":
            raise
        raise OptionError(f"--subnet-id: {failure}") from None
    network = str(found["VpcId"])
    if options.vpc_id not in (None, network):
        raise OptionError(
            f"--subnet-id {options.subnet_id} is in {network}, not in {options.vpc_id}"
        )
    if options.zone not in (None, found["AvailabilityZone"]):
        where = found["AvailabilityZone"]
        raise OptionError(f"--subnet-id {options.subnet_id} is in {where}, not in {options.zone}")
    return network


def _check_placement(cloud: Cloud, name: str | None) -> None:
    if name is None:
        return
    unknown = f"--placement-group {name}: there is no such group"
    with _told_for("InvalidPlacementGroup.Unknown", unknown):
        cloud.ask("describe_placement_groups", GroupNames=[name])


def _extra_group(cloud: Cloud, asked: str, network: str | None) -> str:
    """The id of a security group of this name or id."""
    by_id = re.fullmatch(r"sg-[0-9a-f]+", asked)
    filters: list[dict[str, Any]] = [
        {"Name": "group-id" if by_id else "group-name", "Values": [asked]}
    ]
    if network is not None:
        filters.append({"Name": "vpc-id", "Values": [network]})
    found: Sequence[Answer] = cloud.ask("describe_security_groups", Filters=filters)[
        "SecurityGroups"
    ]
    if not found:
        raise OptionError(f"--additional-security-group {asked}: there is no such group")
    return str(found[0]["GroupId"])
