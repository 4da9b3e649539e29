"""moto's machines are hosts of our own: EC2 tells their addresses, and they boot, stop and start as
it is asked to have them."""

from __future__ import annotations

import base64
import re
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence

import cloud_init
from aws import Aws
from hosts import Host

_ADDRESSES = ("privateIpAddress", "ipAddress", "dnsName", "privateDnsName")


class Booting:
    """Hosts become machines in their order. user_data: what each was started with."""

    def __init__(self, aws: Aws, hosts: Sequence[Host]) -> None:
        self._aws = aws
        self._free = list(hosts)
        self._threads: list[threading.Thread] = []
        self.hosts: dict[str, Host] = {}  # by the machines' ids
        self.user_data: list[bytes] = []
        aws.answering = self._answered

    def end(self) -> None:
        """Waits for those that boot."""
        self._aws.answering = None
        for thread in self._threads:
            thread.join()

    def _answered(self, form: Mapping[str, str], answer: bytes) -> bytes:
        """moto's answer to a request, of which it has the hosts' addresses."""
        action = form.get("Action")
        if action == "RunInstances":
            self._run(answer, base64.b64decode(form["UserData"]))
        elif action in ("StopInstances", "StartInstances"):
            ids = [value for name, value in form.items() if name.startswith("InstanceId.")]
            for host in (self.hosts[each] for each in ids):
                if action == "StopInstances":
                    power_off(host)
                else:
                    self._begin(host, None)
        return self._readdressed(answer)

    def _run(self, answer: bytes, data: bytes) -> None:
        for each in re.findall(rb"<instanceId>(i-\w+)</instanceId>", answer):
            if each.decode() not in self.hosts:
                host = self._free.pop(0)
                self.hosts[each.decode()] = host
                self.user_data.append(data)
                self._begin(host, data)

    def _begin(self, host: Host, data: bytes | None) -> None:
        """A boot, the first one with user data."""
        work = (power_on, (host,)) if data is None else (cloud_init.boot, (host, data))
        self._threads.append(threading.Thread(target=work[0], args=work[1]))
        self._threads[-1].start()

    def _readdressed(self, answer: bytes) -> bytes:
        if b"<instancesSet>" not in answer:
            return answer
        root = ElementTree.fromstring(answer)
        for machine in root.iterfind(".//{*}item"):
            host = self.hosts.get(machine.findtext("{*}instanceId", ""))
            for name in _ADDRESSES if host else ():
                found = machine.find(f"{{*}}{name}")
                if host is not None and found is not None:
                    found.text = host.address
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
        return ElementTree.tostring(root)


def power_off(host: Host) -> None:
    """What is in memory is gone: programs, /run of the set-up, and mounts."""
    host.ask("pkill -KILL -f 'org[.]apache.spark'; rm -r /run/sparknet; umount /mnt2", check=False)


def power_on(host: Host) -> None:
    """What systemd starts at a boot."""
    unit = host.ask("cat /etc/systemd/system/sparknet-setup.service")
    command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert command
    host.ask(f"SPARKNET_SERVICES=/run/services.sh {command[1]}")
