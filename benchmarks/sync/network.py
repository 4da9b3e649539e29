"""How the time of a round grows with the number of hosts, where the network is what it takes.

Spark's own master and workers run in network namespaces, with links of so many Mbit/s.

The bound is what an all-reduce has to move through each link, 2 (N - 1) / N times the weights.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import paired
import pyspark
from paired import BenchmarkError
from table import MORE, parse

from sparknet import jar

HERE = Path(__file__).resolve().parent
SPARK = Path(pyspark.__path__[0])
BRIDGE = "sparknet0"
WARM_UP = 8  # seconds of rounds before those that are measured
HEADER = (
    "| weights | hosts | bound, ms | fp32, ms | times the bound | bf16, ms | bf16 / fp32 |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/sync/network", description=__doc__)
    parser.add_argument("--weights", type=int, default=61_000_000)
    parser.add_argument("--hosts", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--mbit", type=int, default=1000, help="of each link, both ways")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"append to {paired.RESULTS.name}")
    return parser.parse_args()


def run(*command: str) -> None:
    """Runs a command of the system's."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)}: {done.stderr.strip()}")


def name(host: int) -> str:
    """Of a namespace; host 0 is the driver's and the master's."""
    return f"sparknet-{host}"


def address(host: int) -> str:
    """Of a host on the bridge."""
    return f"10.213.0.{host + 1}"


@contextlib.contextmanager
def network(hosts: int, mbit: int) -> Iterator[None]:
    """Namespaces 0 to hosts on a bridge."""
    limit = ["root", "tbf", "rate", f"{mbit}mbit", "burst", "256kb", "latency", "50ms"]
    try:
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "link", "set", BRIDGE, "up")
        for host in range(hosts + 1):
            own, outer = name(host), f"sparknet-v{host}"
            run("ip", "netns", "add", own)
            run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", own)
            run("ip", "link", "set", outer, "master", BRIDGE, "up")
            inside = ("ip", "netns", "exec", own)
            run(*inside, "ip", "addr", "add", f"{address(host)}/24", "dev", "eth0")
            run(*inside, "ip", "link", "set", "eth0", "up")
            run(*inside, "ip", "link", "set", "lo", "up")
            run(*inside, "tc", "qdisc", "add", "dev", "eth0", *limit)
            run("tc", "qdisc", "add", "dev", outer, *limit)
        yield
    finally:
        # A namespace lives on with a process that has not ended yet, a link does not.
        gone = [("link", "del", f"sparknet-v{host}") for host in range(hosts + 1)]
        gone += [("netns", "del", name(host)) for host in range(hosts + 1)]
        for what in [*gone, ("link", "del", BRIDGE)]:
            subprocess.run(("ip", *what), capture_output=True, check=False)


def at(host: int, folder: Path) -> tuple[list[str], dict[str, str]]:
    """How a command is begun on a host, and its environment."""
    variables = {
        **os.environ,
        "SPARK_HOME": str(SPARK),
        "SPARK_LOCAL_IP": address(host),
        "SPARK_LOCAL_HOSTNAME": address(host),
        "SPARK_WORKER_DIR": str(folder / f"work-{host}"),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARKNET_JAR": str(jar.find()),
        "OMP_NUM_THREADS": "1",
    }
    return ["ip", "netns", "exec", name(host)], variables


@contextlib.contextmanager
def cluster(hosts: int, folder: Path) -> Iterator[str]:
    """Spark's master on host 0 and a worker on each other; gives the master's URL."""
    url = f"spark://{address(0)}:7077"
    spark_class = str(SPARK / "bin/spark-class")
    master = ["org.apache.spark.deploy.master.Master", "--host", address(0), "--port", "7077"]
    worker = ["org.apache.spark.deploy.worker.Worker", "--cores", "1", "--memory", "2g", url]
    running = []
    try:
        for host in range(hosts + 1):
            prefix, variables = at(host, folder)
            with (folder / f"host-{host}.log").open("w") as log:
                command = [*prefix, spark_class, *(worker if host else master)]
                running.append(
                    subprocess.Popen(command, env=variables, stdout=log, stderr=subprocess.STDOUT)
                )
            time.sleep(3 if host == 0 else 0.5)
        yield url
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def milliseconds(chosen: argparse.Namespace, hosts: int, precision: str) -> float:
    """A round, less its steps."""
    with (
        tempfile.TemporaryDirectory(prefix="sparknet-") as made,
        network(hosts, chosen.mbit),
        cluster(hosts, Path(made)) as url,
    ):
        prefix, variables = at(0, Path(made))
        sizes = [str(chosen.weights), str(hosts), str(chosen.rounds), str(WARM_UP)]
        command = [*prefix, sys.executable, "ours_side.py", *sizes, url, precision]
        output = paired.output(command, HERE, variables)
    short, long = parse(output, "round"), parse(output, "long")
    return short - (long - short) / MORE


def main() -> None:
    """Measures and prints the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # for the network to be taken down
    chosen = arguments()
    load = paired.load_at_start()
    rows = []
    try:
        for hosts in chosen.hosts:
            bound = 1000 * 2 * (hosts - 1) / hosts * 32 * chosen.weights / (1e6 * chosen.mbit)
            full, half = (milliseconds(chosen, hosts, p) for p in ("fp32", "bf16"))
            rows.append(
                f"| {chosen.weights / 1e6:g} M | {hosts} | {bound:.0f} | {full:.0f} "
                f"| **{full / bound:.2f}** | {half:.0f} | **{half / full:.2f}** |"
            )
            print(rows[-1], file=sys.stderr)
    except BenchmarkError as error:
        sys.exit(f"benchmarks/sync/network: {error}")
    paired.report(
        "Rounds over a network",
        HEADER,
        rows,
        f"hosts with links of {chosen.mbit} Mbit/s",
        load,
        chosen.write,
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
