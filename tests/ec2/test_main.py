"""What is wrong with a command line is a line and exit status 2, before anything costs money."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from aws import IDENTITY, KEYS, REGION, Aws, launch, run
from sparknet_ec2 import jars

pytestmark = pytest.mark.boundary

_FIND = jars.find
README = shlex.split(
    "--key-pair=key --identity-file=key.rsa --region=eu-west-1 --zone=eu-west-1c"
    " --instance-type=g2.8xlarge --ami=ami-c0dd7db3 -s 5 --copy-aws-credentials"
    " --spark-version 1.5.0 --spot-price 1.5 --no-ganglia --user-data cloud-config.txt"
)


@pytest.fixture
def cloud_config(aws: Aws, root: Path) -> None:
    text = (root / "ec2" / "cloud-config.txt").read_text()
    Path("cloud-config.txt").write_text(text)


@pytest.mark.usefixtures("cloud_config")
def test_the_command_of_the_first_readme(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = run(*README, "launch", "sparknet")
    assert asked.status == 2
    assert asked.err.count("\n") == 1
    for gone, closest in (
        ("Spark 1.5.0", "3.5."),
        ("instance type g2.8xlarge", "c6id.8xlarge"),
        ("image ami-c0dd7db3", "ami-"),
    ):
        assert f"{gone} no longer exists, but {closest}" in asked.err
    assert "--modernise" in asked.err
    assert aws.left() == []

    keys: list[str] = []
    monkeypatch.setattr(
        "sparknet_ec2.deploy.copy_credentials", lambda remote, master, *given: keys.extend(given)
    )
    done = run(*README, "--modernise", "launch", "sparknet")
    assert done.status == 0, done.err
    assert keys == ["test", "test", None]
    assert (
        "at most $7.50 an hour for 5 spot workers ($1.5 each); the master is on demand" in done.err
    )
    machines = aws.machines()
    assert sorted(each["Role"] for each in machines) == ["master", *["worker"] * 5]
    assert {each["InstanceType"] for each in machines} == {"c6id.8xlarge"}
    assert {each["Placement"]["AvailabilityZone"] for each in machines} == {"eu-west-1c"}


# (what is wrong, words before "launch sparknet" and the usual keys, a part of the line)
WRONG = [
    ("no key pair", ["-r", REGION, "-i", IDENTITY], "--key-pair"),
    ("no identity", ["-r", REGION, "-k", "key"], "--identity-file is needed"),
    ("unknown key pair", ["-r", REGION, "-k", "other", "-i", IDENTITY], "no such key pair"),
    ("missing identity", ["-r", REGION, "-k", "key", "-i", "none.pem"], "none.pem: No such file"),
    ("unknown zone", [*KEYS, "-z", "eu-west-1x"], "eu-west-1 has eu-west-1a, eu-west-1b"),
    ("unknown type", [*KEYS, "-t", "q9.huge"], "there is no instance type q9.huge"),
    ("a type of ARM's", [*KEYS, "-t", "m7g.large"], "m7g.large is no x86-64"),
    ("no workers", [*KEYS, "-s", "0"], "0 is less than 1"),
    ("a word for a number", [*KEYS, "-s", "many"], "'many' is no whole number"),
    ("too many volumes", [*KEYS, "--ebs-vol-num", "9"], "9 is more than 8"),
    ("a commit", [*KEYS, "-v", "0123abcd"], "0123abcd is a commit"),
    ("a Spark to come", [*KEYS, "-v", "9.0.0"], "SparkNet is built for 3.5 and 4"),
    ("a free machine", [*KEYS, "--spot-price", "0"], "no price in dollars"),
    ("no network", [*KEYS, "--authorized-address", "here"], "'here' is no IPv4 network"),
    ("tags without values", [*KEYS, "--additional-tags", "team"], "'team' is not name:value"),
    ("no file", [*KEYS, "--user-data", "none.txt"], "there is no file none.txt"),
    ("no subnet", [*KEYS, "--subnet-id", "subnet-0123"], "--subnet-id"),
    ("a network alone", [*KEYS, "--vpc-id", "vpc-0123"], "--vpc-id needs --subnet-id"),
    (
        "a disk that is bought by speed",
        [*KEYS, "--ebs-vol-type", "io2"],
        "'io2' is none of gp3, gp2",
    ),
    ("no name of a region", ["-r", "eu west"], "'eu west' doesn't match a supported format"),
    ("no placement group", [*KEYS, "--placement-group", "none"], "there is no such group"),
    ("no group", [*KEYS, "--additional-security-group", "none"], "there is no such group"),
    ("Ganglia", [*KEYS, "--ganglia"], "nobody maintains Ganglia"),
    ("Hadoop 1", [*KEYS, "--hadoop-major-version", "1"], "no builds for it"),
    ("YARN", [*KEYS, "--hadoop-major-version", "yarn"], "EMR has YARN's"),
    ("other scripts", [*KEYS, "--spark-ec2-git-branch", "x"], "set themselves up"),
    ("a fork of Spark", [*KEYS, "--spark-git-repo", "x"], "from its releases"),
    ("no such option", [*KEYS, "--gpu"], "unrecognized arguments: --gpu"),
    ("no such profile", [*KEYS, "-p", "nobody"], "nobody"),
    ("not stopped", [*KEYS, "--use-existing-master"], "has no master"),
    (
        "no machine",
        [*KEYS, "--proxy-jump", "me@"],
        "'me@' is not like host, user@host or user@host:",
    ),
    ("no port", [*KEYS, "--proxy-jump", "me@gate:70000"], "70000 is no port"),
    ("two machines", [*KEYS, "--proxy-jump", "gate,other"], "'gate,other' is not like host"),
    ("nobody there", [*KEYS, "--proxy-jump", "127.0.0.1:1"], "--proxy-jump 127.0.0.1:1: ssh: conn"),
    ("a program's size", [*KEYS, "--memory", "4g"], "--memory goes with submit, not with launch"),
    ("a cluster's size", [*KEYS, "--workers", "4"], "launch; -s is how many a cluster has"),
]


@pytest.mark.parametrize(("words", "told"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_is_a_line(aws: Aws, words: list[str], told: str) -> None:
    done = run(*words, "launch", "sparknet")
    assert done.status == 2, done.err
    assert done.err.count("\n") == 1
    assert done.err.startswith("spark-ec2: ")
    assert told in done.err
    assert all(name.startswith(("Describe", "GetParameter")) for name in aws.requests)
    assert aws.left() == []


def test_a_spark_that_there_is_no_jar_for(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be missed when machines have been running for minutes."""
    monkeypatch.setattr("sparknet_ec2.jars.find", _FIND)
    monkeypatch.setattr("sparknet_ec2.jars.ROOT", Path.cwd())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("SPARKNET_JAR", raising=False)
    done = launch("-v", "4.2.0")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "no SparkNet jar for Spark 4.2.0 here: build/setup makes one for Spark 3.5," in done.err
    assert aws.left() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "an action and the name of a cluster"),
        (["launch"], "an action and the name of a cluster"),
        (["fly", "x"], "there is no action 'fly'; there are launch,"),
        (["launch", "1x"], "'1x' is no name of a cluster"),
        (["launch", "x", "y"], "launch takes nothing after the cluster's name, not 'y'"),
        (["run-command", "x"], "run-command needs a command"),
        (["copy-file", "x", "target"], "copy-file needs files"),
        (["submit", "x"], "submit needs a program"),
        (["-i", IDENTITY, "copy-file", "x", "gone", "/mnt"], "gone: no such file"),
        (["--cores", "0", "submit", "x", "y"], "0 is less than 1"),
        (["--memory", "lots", "submit", "x", "y"], "'lots' is not like 1500m or 2g"),
        (["--conf", "spark.a", "submit", "x", "y"], "'spark.a' is not like spark.name=value"),
        (["--py-files", "gone.py", "submit", "x", "y"], "there is no file gone.py"),
    ],
)
def test_actions_that_are_no_sentences(aws: Aws, words: list[str], told: str) -> None:
    done = run(*words)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert told in done.err
    assert aws.requests == []


def test_a_key_that_others_may_read(aws: Aws) -> None:
    Path(IDENTITY).chmod(0o644)
    done = launch()
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert f"{IDENTITY}: others may read it; chmod 400 {IDENTITY}" in done.err
    assert aws.requests == []


def test_no_keys_of_amazons(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    done = launch()
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in done.err


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("AWS_SECRET_ACCESS_KEY", None, "Partial credentials found in env, missing: AWS_SECRET"),
        ("AWS_CONFIG_FILE", "wrong", "Unable to parse config file: "),
        ("AWS_ENDPOINT_URL", "nowhere", "Invalid endpoint: nowhere"),
    ],
)
def test_what_is_wrong_with_amazons_settings(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None, told: str
) -> None:
    Path("wrong").write_text("[default\n")
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    done = launch()
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert told in done.err
    assert aws.requests == []


def test_options_of_a_file(aws: Aws) -> None:
    Path("cluster.toml").write_text(
        f'region = "{REGION}"\nkey-pair = "key"\nidentity_file = "{IDENTITY}"\nslaves = 2\n'
        'spot-price = 0.5\nassume-yes = true\n[additional-tags]\nteam = "vision"\n'
    )
    assert run("--config", "cluster.toml", "-s", "3", "launch", "sparknet").status == 0
    machines = aws.machines()
    assert len(machines) == 4  # The command line comes last.
    tags = {tag["Key"]: tag["Value"] for tag in machines[0]["Tags"]}
    assert tags["team"] == "vision"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("slaves = 0", "cluster.toml: slaves: 0 is less than 1"),
        ("slave = 1", "cluster.toml: there is no option 'slave'"),
        ('resume = "yes"', "cluster.toml: resume is true or false, not 'yes'"),
        ("slaves = [1, 2]", "cluster.toml: slaves is one value"),
        ("slaves", "--config cluster.toml: "),
        ("memory = [1]", "cluster.toml: memory is one value"),
        ('memory = "x"', "cluster.toml: memory: 'x' is not like 1500m or 2g"),
        ('conf = [["a"]]', "cluster.toml: conf is one value"),
        ('conf = "a"', "cluster.toml: conf: 'a' is not like spark.name=value"),
    ],
)
def test_what_is_wrong_with_a_file(aws: Aws, content: str, told: str) -> None:
    Path("cluster.toml").write_text(content)
    done = run("--config", "cluster.toml", "launch", "sparknet")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert told in done.err


def test_help_names_everything() -> None:
    from sparknet_ec2.command_line import ACTIONS
    from sparknet_ec2.options import specs

    told = run("--help")
    assert (told.status, told.err) == (0, "")
    for word in (*ACTIONS, *(name for spec in specs() for name in spec.names)):
        assert word in told.out
    assert run("--version").out.startswith("spark-ec2 ")


def test_actions_are_those_that_the_help_names() -> None:
    from sparknet_ec2 import actions, command_line

    assert set(actions.ACTIONS) == set(command_line.ACTIONS)
