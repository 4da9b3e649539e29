"""What is wrong with a command line is a line and exit status 2, before anything costs money."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from aws import IDENTITY, KEYS, REGION, Aws, launch, run

pytestmark = pytest.mark.boundary

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
