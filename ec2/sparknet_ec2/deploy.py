"""What the launcher brings to a cluster's master when that is ready."""

from __future__ import annotations

from collections.abc import Callable

from sparknet_ec2.remote import Remote


def deploy(remote: Remote, master: str, spark_version: str) -> None:
    """Lays SparkNet out in ``~/SparkNet`` on the master, as a clone has it: the jar for its Spark,
    nets, data scripts and apps. SetupError if there is no such jar here."""
    raise NotImplementedError


def deploy_root(remote: Remote, master: str, folder: str) -> None:
    """``--deploy-root-dir``: copies a local folder to / on the master; with a slash at its end what
    is in it, as rsync has it. OptionError if there is no such folder."""
    raise NotImplementedError


def copy_credentials(
    remote: Remote, master: str, access_key: str, secret_key: str, token: str | None = None
) -> None:
    """``--copy-aws-credentials``: a file on the master, which only root reads, for S3A."""
    raise NotImplementedError


def await_workers(
    remote: Remote, master: str, number: int, told: Callable[[int], None], timeout: float = 300
) -> None:
    """Waits until the master counts so many workers, and has executors take what those have.

    told: hears the number so far. SetupError if the time (seconds) is over.
    """
    raise NotImplementedError
