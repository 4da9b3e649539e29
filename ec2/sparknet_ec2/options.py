"""The options of ``spark-ec2``, each in one place: name, default, check, help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparknet_ec2 import values
from sparknet_ec2.declaring import Spec, flag, option, specs_of

__all__ = ["GROUPS", "Options", "Spec", "specs"]

# In the order of the help.
GROUPS = {
    "machines": "which machines, and how many",
    "spark": "what runs on them",
    "disks": "their disks",
    "network": "who reaches whom",
    "access": "keys and rights",
    "submit": "with submit: the program, as `sparknet submit` has it",
    "doing": "how it is done",
    "gone": "what the first spark-ec2 had",
}


@dataclass(frozen=True)
class Options:
    """What was asked for: defaults, then the file of ``--config``, then the command line."""

    slaves: int = option(
        "-s --slaves",
        "machines",
        "how many workers; for add-workers and remove-workers, how many of them",
        1,
        values.positive,
        "N",
    )
    instance_type: str = option(
        "-t --instance-type", "machines", "type of the workers", "m7i.large", metavar="TYPE"
    )
    master_instance_type: str | None = option(
        "-m --master-instance-type",
        "machines",
        "type of the master; without it, that of the workers",
        metavar="TYPE",
    )
    region: str = option("-r --region", "machines", "EC2's region", "us-east-1")
    zone: str | None = option(
        "-z --zone",
        "machines",
        "availability zone; all spreads the workers over those that have the type; without it EC2"
        " chooses",
    )
    ami: str | None = option(
        "-a --ami",
        "machines",
        "image of the machines, with apt or dnf; without it the newest Amazon Linux 2023",
        metavar="IMAGE",
    )
    spot_price: float | None = option(
        "--spot-price",
        "machines",
        "workers are spot instances, for at most so much; the master is none",
        read=values.price,
        metavar="DOLLARS",
    )
    placement_group: str | None = option(
        "--placement-group", "machines", "an existing placement group for all", metavar="NAME"
    )
    additional_tags: dict[str, str] = option(
        "--additional-tags",
        "machines",
        "tags for all that is made: name:value,name:value",
        dict,
        values.tags,
        "TAGS",
    )
    instance_initiated_shutdown_behavior: str = option(
        "--instance-initiated-shutdown-behavior",
        "machines",
        "what becomes of a machine that shuts itself down: stop or terminate",
        "stop",
        values.one_of("stop", "terminate"),
        "WHAT",
    )
    user_data: Path | None = option(
        "--user-data",
        "machines",
        "a file of your own for cloud-init, which comes before SparkNet's set-up",
        read=values.file,
        metavar="FILE",
    )
    spark_version: str | None = option(
        "-v --spark-version",
        "spark",
        "Spark's version, X.Y.Z; without it, the one that SparkNet is built for",
        read=values.spark_version,
        metavar="VERSION",
    )
    spark_mirror: str = option(
        "--spark-mirror",
        "spark",
        "where spark-VERSION/spark-VERSION-bin-hadoop3.tgz and its .sha512 lie",
        "https://archive.apache.org/dist/spark",
        values.url,
        "URL",
    )
    worker_instances: int = option(
        "--worker-instances", "spark", "Spark's workers on each machine", 1, values.positive, "N"
    )
    master_opts: str = option(
        "--master-opts",
        "spark",
        "SPARK_MASTER_OPTS: options of the master's JVM",
        "",
        metavar="OPTIONS",
    )
    deploy_root_dir: str | None = option(
        "--deploy-root-dir",
        "spark",
        "a folder that is copied to / of the master; with a slash at its end, its contents",
        read=values.folder,
        metavar="FOLDER",
    )
    ebs_vol_size: int = option(
        "--ebs-vol-size",
        "disks",
        "size of each EBS volume beside the root's",
        0,
        values.count,
        "GB",
    )
    ebs_vol_type: str = option(
        "--ebs-vol-type",
        "disks",
        "their type: gp3, gp2, standard, st1 or sc1",
        "gp3",
        values.one_of("gp3", "gp2", "standard", "st1", "sc1"),
        "TYPE",
    )
    ebs_vol_num: int = option(
        "--ebs-vol-num", "disks", "EBS volumes of each machine", 1, values.up_to(8), "N"
    )
    root_vol_size: int = option(
        "--root-vol-size", "disks", "size of the root's volume", 32, values.positive, "GB"
    )
    swap: int = option("--swap", "disks", "swap of each machine", 1024, values.count, "MB")
    authorized_address: str | None = option(
        "--authorized-address",
        "network",
        "who may reach the machines' ports; without it this machine's address alone",
        read=values.network,
        metavar="CIDR",
    )
    additional_security_group: str | None = option(
        "--additional-security-group",
        "network",
        "a security group that the machines are in as well, by its name or id",
        metavar="GROUP",
    )
    subnet_id: str | None = option(
        "--subnet-id", "network", "subnet; without it the default one", metavar="SUBNET"
    )
    vpc_id: str | None = option(
        "--vpc-id",
        "network",
        "network; without it that of the subnet, or the default one",
        metavar="VPC",
    )
    private_ips: bool = flag(
        "--private-ips", "network", "reach the machines by their private addresses"
    )
    proxy_jump: values.Place | None = option(
        "--proxy-jump",
        "network",
        "a machine, user@host:port, that ssh goes through: with --private-ips, one of their network"
        " that is reached from here",
        read=values.place,
        metavar="HOST",
    )
    proxy_port: str | None = option(
        "-D",
        "network",
        "with login: a SOCKS proxy at this port of here",
        read=values.proxy,
        metavar="[ADDRESS:]PORT",
    )
    key_pair: str | None = option(
        "-k --key-pair", "access", "name of an EC2 key pair", metavar="NAME"
    )
    identity_file: Path | None = option(
        "-i --identity-file",
        "access",
        "the private key of that pair, which only you may read",
        read=Path,
        metavar="FILE",
    )
    user: str = option("-u --user", "access", "whom ssh logs in as", "root")
    profile: str | None = option(
        "-p --profile", "access", "profile of ~/.aws whose keys are taken", metavar="NAME"
    )
    copy_aws_credentials: bool = flag(
        "--copy-aws-credentials",
        "access",
        "give your keys to the master, for S3; --instance-profile-name does without that",
    )
    instance_profile_name: str | None = option(
        "--instance-profile-name", "access", "IAM instance profile of all machines", metavar="NAME"
    )
    workers: int | None = option(
        "--workers",
        "submit",
        "executors, each for one worker; without it as many as the cluster has room for",
        read=values.positive,
        metavar="N",
    )
    cores: int | None = option(
        "--cores",
        "submit",
        "of each executor, all of which its worker's net uses; without it 1 with --workers, else a"
        " machine's",
        read=values.positive,
        metavar="N",
    )
    memory: str | None = option(
        "--memory",
        "submit",
        "heap of each executor, such as 2g; without it half of a machine's memory",
        read=values.megabytes,
        metavar="SIZE",
    )
    driver_memory: str | None = option(
        "--driver-memory", "submit", "heap of the driver", read=values.megabytes, metavar="SIZE"
    )
    name: str | None = option("--name", "submit", "as Spark's pages show it", metavar="NAME")
    jars: tuple[Path, ...] = option(
        "--jars",
        "submit",
        "a jar of yours; may be repeated",
        (),
        values.file,
        "JAR",
        many=True,
    )
    py_files: tuple[Path, ...] = option(
        "--py-files",
        "submit",
        "Python of yours, a module or an archive; may be repeated",
        (),
        values.file,
        "FILE",
        many=True,
    )
    conf: tuple[str, ...] = option(
        "--conf",
        "submit",
        "a setting of Spark's; may be repeated",
        (),
        values.setting,
        "KEY=VALUE",
        many=True,
    )
    modernise: bool = flag(
        "--modernise",
        "doing",
        "take the closest there is for instance types, images and Sparks that are gone",
    )
    resume: bool = flag(
        "--resume", "doing", "with launch: go on with a launch that did not come to its end"
    )
    use_existing_master: bool = flag(
        "--use-existing-master", "doing", "with launch: new workers for a master that is stopped"
    )
    dry_run: bool = flag(
        "--dry-run", "doing", "print what would be asked for, copied and run, and change nothing"
    )
    assume_yes: bool = flag("--assume-yes", "doing", "ask nothing: every answer is yes")
    delete_groups: bool = flag(
        "--delete-groups", "doing", "with destroy: it removes security groups in any case"
    )
    wait: str | None = option(
        "-w --wait", "gone", "accepted: launch waits for as long as it takes", metavar="SECONDS"
    )
    no_ganglia: bool = flag("--no-ganglia", "gone", "accepted: there is no Ganglia")
    ganglia: bool = flag(
        "--ganglia",
        "gone",
        "refused",
        gone="nobody maintains Ganglia; Spark's own pages are at ports 8080, 4040 and 18080",
    )
    hadoop_major_version: str | None = option(
        "--hadoop-major-version",
        "gone",
        "accepted: 3, the only one that today's Spark has",
        metavar="3",
    )
    spark_git_repo: str | None = option(
        "--spark-git-repo",
        "gone",
        "refused",
        metavar="URL",
        gone="Spark is installed from its releases; --spark-mirror names where those lie",
    )
    spark_ec2_git_repo: str | None = option(
        "--spark-ec2-git-repo",
        "gone",
        "refused",
        metavar="URL",
        gone="machines set themselves up, without scripts from elsewhere",
    )
    spark_ec2_git_branch: str | None = option(
        "--spark-ec2-git-branch",
        "gone",
        "refused",
        metavar="NAME",
        gone="machines set themselves up, without scripts from elsewhere",
    )


def specs() -> list[Spec]:
    """All options, in the order in which they are written down."""
    return specs_of(Options)
