"""What is said to ssh and scp, and what becomes of their answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sparknet_ec2.errors import Ec2Error, OptionError, RemoteError, SetupError
from sparknet_ec2.remote import Remote, on_all
from sparknet_ec2.values import Place
from ssh_stand_in import Machines

pytestmark = pytest.mark.boundary

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote("root", tmp_path / "a key", tmp_path / "known", 2222)


def until(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.02)


def test_options_of_ssh(machines: Machines, tmp_path: Path) -> None:
    machines.start("m1", "admin")
    Remote("admin", tmp_path / "k 100%", tmp_path / "known", 2222).run("m1", "true")
    (line,) = machines.asked
    assert 'StrictHostKeyChecking="accept-new"' in line
    assert f'UserKnownHostsFile="{tmp_path}/known"' in line
    assert f'IdentityFile="{tmp_path}/k 100%%"' in line
    assert 'IdentitiesOnly="yes"' in line
    assert "-o BatchMode=yes" in line
    assert "-p 2222 admin@m1 " in line
    Remote("admin", None, tmp_path / "known").run("m1", "true")
    assert "Identit" not in machines.asked[1]


def test_output_and_input(machines: Machines, remote: Remote) -> None:
    machines.start("m1")
    assert remote.run("m1", "echo \"it's\" '$HOME'; cat", b"given\n") == "it's $HOME\ngiven\n"
    # Without input there is an end of it, not our own.
    assert remote.run("m1", "cat") == ""


def test_a_failure_names_the_machine_and_what_it_said_last(
    machines: Machines, remote: Remote
) -> None:
    machines.start("m1")
    with pytest.raises(RemoteError) as caught:
        remote.run("m1", "echo first >&2; echo 'the reason' >&2; echo >&2; exit 3")
    assert str(caught.value) == "m1: the reason"
    assert (caught.value.address, caught.value.code) == ("m1", 3)
    with pytest.raises(RemoteError, match="m1: on its output"):
        remote.run("m1", "echo on its output; exit 1")
    with pytest.raises(RemoteError, match="m1: it failed and said nothing"):
        remote.run("m1", "exit 1")
    with pytest.raises(RemoteError, match=r"m2: ssh: connect to host m2.*refused") as caught:
        remote.run("m2", "true")
    assert caught.value.code == 255


def test_without_openssh(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for call in (remote.run, remote.stream):
        with pytest.raises(SetupError, match="there is no ssh on this machine"):
            call("m1", "true")


def test_a_stream_is_ours_and_so_is_its_status(
    machines: Machines, remote: Remote, capfd: pytest.CaptureFixture[str]
) -> None:
    machines.start("m1")
    assert remote.stream("m1", "echo out; echo err >&2; exit 7") == 7
    said = capfd.readouterr()
    assert (said.out, said.err) == ("out\n", "err\n")
    assert remote.stream("m1", "cat; kill -TERM $$") == 128 + signal.SIGTERM
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_what_runs_there_ends_when_we_do(
    machines: Machines, tmp_path: Path, sent: signal.Signals
) -> None:
    home = machines.start("m1") / "home/root"
    ours = tmp_path / "ours.py"
    ours.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from sparknet_ec2.remote import Remote\n"
        "command = 'trap \"echo ended >ended; exit 5\" INT; touch begun; sleep 100 & wait'\n"
        "try:\n"
        f"    Remote('root', None, Path({str(tmp_path / 'known')!r})).stream('m1', command)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130 if Path('ended').exists() else 1)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(ours)], cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT / "ec2")}
    )
    until((home / "begun").exists, "program")
    process.send_signal(sent)
    assert process.wait(PATIENCE) == (130 if sent == signal.SIGINT else -sent)
    until((home / "ended").exists, "end of the program")


def test_login_is_at_this_terminal(machines: Machines, remote: Remote) -> None:
    machines.start("m1")
    before = signal.getsignal(signal.SIGINT)
    assert remote.login("m1", "127.0.0.1:8157") == 0
    (line,) = machines.asked
    assert line.endswith(" -p 2222 -D 127.0.0.1:8157 root@m1")
    assert "BatchMode" not in line
    assert signal.getsignal(signal.SIGINT) is before


def test_copies(machines: Machines, remote: Remote, tmp_path: Path) -> None:
    root = machines.start("m1")
    (tmp_path / "a:b").write_text("one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/c").write_text("two")
    remote.copy("m1", [tmp_path / "a:b", str(tmp_path / "folder")], str(root))
    assert (root / "a:b").read_text() == "one"
    assert (root / "folder/c").read_text() == "two"
    assert "-P 2222 --" in machines.asked[0]
    with pytest.raises(OptionError, match="nowhere: no such file"):
        remote.copy("m1", [tmp_path / "a:b", tmp_path / "nowhere"], str(root))
    with pytest.raises(RemoteError, match="m2: lost connection"):
        remote.copy("m2", [tmp_path / "a:b"], "/")
    assert len(machines.asked) == 2


def test_all_go_through_one_connection_to_a_machine(machines: Machines, tmp_path: Path) -> None:
    inside, gate = machines.start("m1"), machines.start("gate", "me")
    given = (Path(tmp_path / "k 100%"), tmp_path / "known")
    remote = Remote("root", *given, jump=Place("me", "gate", 2200))
    others = ["m1", "m2", "m3"]
    for name in others[1:]:
        machines.start(name)
    on_all(others, lambda address: remote.run(address, "true"))
    (tmp_path / "file").touch()
    remote.copy("m1", [tmp_path / "file"], str(inside))
    remote.login("m1")
    remote.stream("m1", "true")
    opened, *others = [line for line in machines.asked if line.startswith(("ssh ", "scp "))]
    assert opened.endswith(" -p 2200 -f -N -M -o ControlPersist=60 me@gate")
    assert f'IdentityFile="{tmp_path}/k 100%%"' in opened
    assert "BatchMode=yes" in opened
    assert "IdentitiesOnly" not in opened  # Others may fit that machine.
    assert f'UserKnownHostsFile="{tmp_path}/known" "~/.ssh/known_hosts"' in opened
    assert [line.split()[0] for line in others] == [*["ssh"] * 3, "scp", "ssh", "ssh"]
    (socket,) = re.findall(r"ControlPath=(\S+)", opened)
    for line in others:
        assert f"-o ProxyCommand=ssh -o ControlPath={socket} " in line
        assert "-p 2200 me@gate -W '[%h]:%p' " in line
        assert f'IdentityFile="{tmp_path}/k 100%%%%"' in line  # ssh reads it twice.
    Path(socket).unlink()  # Nobody used it for a while.
    remote.run("m1", "true")
    assert machines.asked[-2] == opened
    assert gate.exists()


def test_a_machine_to_go_through_that_is_not_there(machines: Machines, tmp_path: Path) -> None:
    machines.start("m1")
    remote = Remote("root", None, tmp_path / "known", jump=Place(None, "gate", None))
    with pytest.raises(RemoteError, match=r"^--proxy-jump gate: ssh: connect .* refused$"):
        remote.run("m1", "true")
    assert len(machines.asked) == 1


def test_waits_until_a_machine_is_ready(machines: Machines, remote: Remote) -> None:
    told: list[str] = []
    came = threading.Event()

    def hear(stage: str) -> None:
        told.append(stage)
        came.set()

    waiting = threading.Thread(target=lambda: remote.await_ready("m1", PATIENCE, hear, 0.01))
    waiting.start()
    for stage in ("boot", "spark", "ready"):
        assert came.wait(PATIENCE)
        came.clear()
        if stage == "boot":
            machines.start("m1")
        else:
            machines.status("m1", stage)
    waiting.join()
    assert told == ["ssh", "boot", "spark", "ready"]


def test_a_set_up_that_failed(machines: Machines, remote: Remote) -> None:
    machines.start("m1")
    machines.status("m1", "failed: spark: curl: (7) Failed to connect")
    with pytest.raises(SetupError, match=r"^m1: spark: curl: \(7\) Failed to connect$"):
        remote.await_ready("m1", PATIENCE, lambda stage: None, 0.01)


def test_a_machine_that_is_never_ready(machines: Machines, remote: Remote) -> None:
    with pytest.raises(RemoteError, match=r"m1: not ready after 0 s: ssh: connect .* refused"):
        remote.await_ready("m1", 0, lambda stage: None, 0.01)
    machines.start("m1")
    machines.status("m1", "python")
    with pytest.raises(RemoteError, match=r"m1: not ready after 0 s: .*'python'"):
        remote.await_ready("m1", 0, lambda stage: None, 0.01)


def test_a_set_up_that_runs_again(machines: Machines, remote: Remote) -> None:
    root = machines.start("m1")
    script = root / "usr/local/lib/sparknet/setup"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    script.chmod(0o755)
    remote.set_up_again("m1")
    assert (root / "ran").exists()
    machines.status("m1", "failed: swap: no room")
    script.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SetupError, match=r"^m1: swap: no room$"):
        remote.set_up_again("m1")


def test_root_does_what_is_roots(machines: Machines, tmp_path: Path, remote: Remote) -> None:
    machines.start("m1", "admin")
    machines.program("sudo", '#!/bin/bash\n[[ "$1" == -n ]] || exit 9\nshift\nexec "$@"\n')
    admin = Remote("admin", None, tmp_path / "known")
    assert remote.as_root("echo a") == "echo a"
    assert admin.as_root("echo a").startswith("sudo -n ")
    assert admin.run("m1", admin.as_root('echo "$((1 + 1))"')) == "2\n"
    assert admin.stream("m1", "exit 4", as_root=True) == 4
    assert sum("sudo -n" in line for line in machines.asked) == 2


def test_an_address_that_another_machine_has_now(tmp_path: Path) -> None:
    known = tmp_path / "known"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvEVqzrHfkOL5LbM1u6tKtT8zTrkUj6pVvcqbiRYXQj"
    known.write_text(f"[m1]:2222 {key}\n[m2]:2222 {key}\n")
    remote = Remote("root", None, known, 2222)
    remote.forget("m1")
    assert known.read_text() == f"[m2]:2222 {key}\n"
    Remote("root", None, tmp_path / "none").forget("m1")


def test_machines_are_spoken_to_side_by_side() -> None:
    """Nobody gets past the barrier before all are there."""
    everybody = threading.Barrier(40, timeout=PATIENCE)
    addresses = [f"m{i}" for i in range(40)]

    def meet(address: str) -> str:
        everybody.wait()
        return address.upper()

    assert on_all(addresses, meet) == {address: address.upper() for address in addresses}
    assert on_all([], meet) == {}


def test_ctrl_c_waits_for_nobody(tmp_path: Path) -> None:
    ours = tmp_path / "ours.py"
    ours.write_text(
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from sparknet_ec2.errors import RemoteError\n"
        "from sparknet_ec2.remote import Remote, on_all\n"
        "remote = Remote('root', None, Path('known'))\n"
        "def refused(*given):\n"
        "    raise RemoteError('m1', 'refused')\n"
        "remote.run = refused\n"
        "told = lambda stage: print(stage, flush=True)\n"
        "try:\n"
        "    on_all(['m1'], lambda address: remote.await_ready(address, 1000, told, 500))\n"
        "except KeyboardInterrupt:\n"
        "    others = [each for each in threading.enumerate() if each.daemon]\n"
        "    for each in others:\n"
        "        each.join()  # It has been told not to wait.\n"
        "    sys.exit(130)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(ours)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "ec2")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ssh\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130


def test_all_failures_are_told() -> None:
    done = []

    def some(address: str) -> None:
        if address == "m1":
            raise RemoteError("m1", "no room")
        if address == "m3":
            raise ValueError("odd")
        done.append(address)

    with pytest.raises(Ec2Error) as caught:
        on_all(["m1", "m2", "m3", "m4"], some)
    assert sorted(done) == ["m2", "m4"]
    assert str(caught.value).splitlines() == [
        "2 of 4 machines failed:",
        "  m1: no room",
        "  m3: ValueError('odd')",
    ]
    with pytest.raises(Ec2Error, match=r"^m1: no room$"):
        on_all(["m1", "m2"], some)
