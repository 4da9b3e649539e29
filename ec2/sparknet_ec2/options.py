"""The options of ``spark-ec2``, each in one place: name, default, check, help."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparknet_ec2 import values

__all__ = ["GROUPS", "Options", "Spec", "specs"]


@dataclass(frozen=True)
class Spec:
    """An option. read: turns its text into a value, or raises ValueError; None is a flag.

    gone: why it cannot be had any more; "" is one that can.
    """

    field: str
    names: tuple[str, ...]
    group: str
    help: str
    default: Any
    read: Any = str
    metavar: str | None = None
    gone: str = ""


# In the order of the help.
GROUPS = {
    "machines": "which machines, and how many",
    "spark": "what runs on them",
    "disks": "their disks",
    "network": "who reaches whom",
    "access": "keys and rights",
    "doing": "how it is done",
    "gone": "what the first spark-ec2 had",
}


def _option(
    names: str,
    group: str,
    help: str,  # noqa: A002 - as argparse has it.
    default: Any = None,
    read: Any = str,
    metavar: str | None = None,
    gone: str = "",
) -> Any:
    kept: dict[str, Any] = {"names": names, "group": group, "help": help, "read": read}
    kept.update(metavar=metavar, gone=gone)
    if default is dict:
        return dataclasses.field(default_factory=dict, metadata=kept)
    return dataclasses.field(default=default, metadata=kept)


def _flag(names: str, group: str, help: str, gone: str = "") -> Any:  # noqa: A002
    return _option(names, group, help, default=False, read=None, gone=gone)


@dataclass(frozen=True)
class Options:
    """What was asked for: defaults, then the file of ``--config``, then the command line."""

    slaves: int = _option(
        "-s --slaves --workers",
        "machines",
        "how many workers; for add-workers and remove-workers, how many of them",
        1,
        values.positive,
        "N",
    )
    instance_type: str = _option(
        "-t --instance-type", "machines", "type of the workers", "m7i.large", metavar="TYPE"
    )
    master_instance_type: str | None = _option(
        "-m --master-instance-type",
        "machines",
        "type of the master; without it, that of the workers",
        metavar="TYPE",
    )
    region: str = _option("-r --region", "machines", "EC2's region", "us-east-1")
    zone: str | None = _option(
        "-z --zone",
        "machines",
        "availability zone; all spreads the workers over those that have the type; without it EC2"
        " chooses",
    )
    ami: str | None = _option(
        "-a --ami",
        "machines",
        "image of the machines, with apt or dnf; without it the newest Amazon Linux 2023",
        metavar="IMAGE",
    )
    spot_price: float | None = _option(
        "--spot-price",
        "machines",
        "workers are spot instances, for at most so much; the master is none",
        read=values.price,
        metavar="DOLLARS",
    )
    placement_group: str | None = _option(
        "--placement-group", "machines", "an existing placement group for all", metavar="NAME"
    )
    additional_tags: dict[str, str] = _option(
        "--additional-tags",
        "machines",
        "tags for all that is made: name:value,name:value",
        dict,
        values.tags,
        "TAGS",
    )
    instance_initiated_shutdown_behavior: str = _option(
        "--instance-initiated-shutdown-behavior",
        "machines",
        "what becomes of a machine that shuts itself down: stop or terminate",
        "stop",
        values.one_of("stop", "terminate"),
        "WHAT",
    )
    user_data: Path | None = _option(
        "--user-data",
        "machines",
        "a file of your own for cloud-init, which comes before SparkNet's set-up",
        read=values.file,
        metavar="FILE",
    )
    spark_version: str | None = _option(
        "-v --spark-version",
        "spark",
        "Spark's version, X.Y.Z; without it, the one that SparkNet is built for",
        read=values.spark_version,
        metavar="VERSION",
    )
    spark_mirror: str = _option(
        "--spark-mirror",
        "spark",
        "where spark-VERSION/spark-VERSION-bin-hadoop3.tgz and its .sha512 lie",
        "https://archive.apache.org/dist/spark",
        values.url,
        "URL",
    )
    worker_instances: int = _option(
        "--worker-instances", "spark", "Spark's workers on each machine", 1, values.positive, "N"
    )
    master_opts: str = _option(
        "--master-opts", "spark", "SPARK_MASTER_OPTS: options of the master's JVM", ""
    )
    deploy_root_dir: str | None = _option(
        "--deploy-root-dir",
        "spark",
        "a folder that is copied to / of the master; with a slash at its end, its contents",
        read=values.folder,
        metavar="FOLDER",
    )
    ebs_vol_size: int = _option(
        "--ebs-vol-size",
        "disks",
        "size of each EBS volume beside the root's",
        0,
        values.count,
        "GB",
    )
    ebs_vol_type: str = _option("--ebs-vol-type", "disks", "type of EBS volumes", "gp3")
    ebs_vol_num: int = _option(
        "--ebs-vol-num", "disks", "EBS volumes of each machine", 1, values.up_to(8), "N"
    )
    root_vol_size: int = _option(
        "--root-vol-size", "disks", "size of the root's volume", 32, values.positive, "GB"
    )
    swap: int = _option("--swap", "disks", "swap of each machine", 1024, values.count, "MB")
    authorized_address: str | None = _option(
        "--authorized-address",
        "network",
        "who may reach the machines' ports; without it this machine's address alone",
        read=values.network,
        metavar="CIDR",
    )
    additional_security_group: str | None = _option(
        "--additional-security-group",
        "network",
        "a security group that the machines are in as well, by its name or id",
        metavar="GROUP",
    )
    subnet_id: str | None = _option(
        "--subnet-id", "network", "subnet; without it the default one", metavar="SUBNET"
    )
    vpc_id: str | None = _option(
        "--vpc-id",
        "network",
        "network; without it that of the subnet, or the default one",
        metavar="VPC",
    )
    private_ips: bool = _flag(
        "--private-ips", "network", "reach the machines by their private addresses"
    )
    proxy_port: str | None = _option(
        "-D",
        "network",
        "with login: a SOCKS proxy at this port of here",
        read=values.proxy,
        metavar="[ADDRESS:]PORT",
    )
    key_pair: str | None = _option(
        "-k --key-pair", "access", "name of an EC2 key pair", metavar="NAME"
    )
    identity_file: Path | None = _option(
        "-i --identity-file",
        "access",
        "the private key of that pair, which only you may read",
        read=Path,
        metavar="FILE",
    )
    user: str = _option("-u --user", "access", "whom ssh logs in as", "root")
    profile: str | None = _option(
        "-p --profile", "access", "profile of ~/.aws whose keys are taken", metavar="NAME"
    )
    copy_aws_credentials: bool = _flag(
        "--copy-aws-credentials",
        "access",
        "give your keys to the master, for S3; --instance-profile-name does without that",
    )
    instance_profile_name: str | None = _option(
        "--instance-profile-name", "access", "IAM instance profile of all machines", metavar="NAME"
    )
    modernise: bool = _flag(
        "--modernise",
        "doing",
        "take the closest there is for instance types, images and Sparks that are gone",
    )
    resume: bool = _flag(
        "--resume", "doing", "with launch: go on with a launch that did not come to its end"
    )
    use_existing_master: bool = _flag(
        "--use-existing-master", "doing", "with launch: new workers for a master that is stopped"
    )
    dry_run: bool = _flag(
        "--dry-run", "doing", "print the requests that would change something, and make none"
    )
    assume_yes: bool = _flag("--assume-yes", "doing", "ask nothing: every answer is yes")
    delete_groups: bool = _flag(
        "--delete-groups", "doing", "with destroy: it removes security groups in any case"
    )
    jar: Path | None = _option(
        "--jar",
        "doing",
        "with submit: a jar of yours that has the class",
        read=values.file,
        metavar="FILE",
    )
    wait: str | None = _option(
        "-w --wait", "gone", "accepted: launch waits for as long as it takes", metavar="SECONDS"
    )
    no_ganglia: bool = _flag("--no-ganglia", "gone", "accepted: there is no Ganglia")
    ganglia: bool = _flag(
        "--ganglia",
        "gone",
        "refused",
        gone="nobody maintains Ganglia; Spark's own pages are at ports 8080, 4040 and 18080",
    )
    hadoop_major_version: str | None = _option(
        "--hadoop-major-version",
        "gone",
        "accepted: 3, the only one that today's Spark has",
        metavar="3",
    )
    spark_git_repo: str | None = _option(
        "--spark-git-repo",
        "gone",
        "refused",
        gone="Spark is installed from its releases; --spark-mirror names where those lie",
    )
    spark_ec2_git_repo: str | None = _option(
        "--spark-ec2-git-repo",
        "gone",
        "refused",
        gone="machines set themselves up, without scripts from elsewhere",
    )
    spark_ec2_git_branch: str | None = _option(
        "--spark-ec2-git-branch",
        "gone",
        "refused",
        gone="machines set themselves up, without scripts from elsewhere",
    )


def specs() -> list[Spec]:
    """All options, in the order in which they are written down."""
    found = []
    for field in dataclasses.fields(Options):
        kept = dict(field.metadata)
        names = tuple(str(kept.pop("names")).split())
        factory = field.default_factory
        default = field.default if factory is dataclasses.MISSING else factory()
        found.append(Spec(field=field.name, names=names, default=default, **kept))
    return found
