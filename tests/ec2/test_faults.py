"""Whatever happens to any request: EC2 and ``describe`` agree afterwards, and ``destroy`` leaves
nothing. The requests are those of a run without faults, all of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from aws import DELAYS, KEYS, NO_CAPACITY, RECLAIMED, REFUSED, Aws, Fault, launch, run

pytestmark = pytest.mark.boundary

OURS = ["-r", "eu-west-1", "--assume-yes"]


def _nothing() -> None:
    pass


def _launched() -> None:
    assert launch("-s", "2", "--spot-price", "1").status == 0


def _stopped() -> None:
    assert launch("-s", "2").status == 0
    assert run(*OURS, "stop", "sparknet").status == 0


# What is there before, and what is then done.
ACTIONS: dict[str, tuple[Callable[[], None], list[str]]] = {
    "launch": (_nothing, [*KEYS, "--assume-yes", "-s", "2", "--spot-price", "1", "launch"]),
    "resume": (_launched, [*KEYS, "--assume-yes", "-s", "3", "--resume", "launch"]),
    "add-workers": (_launched, [*KEYS, "--assume-yes", "-s", "1", "add-workers"]),
    "remove-workers": (_launched, [*OURS, "-s", "1", "remove-workers"]),
    "stop": (_launched, [*OURS, "stop"]),
    "start": (_stopped, [*KEYS, "start"]),
    "reboot-slaves": (_launched, [*OURS, "reboot-slaves"]),
    "destroy": (_launched, [*OURS, "destroy"]),
}

GROWING = ("launch", "resume", "add-workers")


def _agree(aws: Aws) -> None:
    """What there is, as EC2 has it and as we say."""
    told = run("-r", "eu-west-1", "describe", "sparknet")
    left = aws.left()
    assert told.status == (0 if left else 1), told.err
    said = re.findall(r"\b(?:i|sg|sir|vol)-[0-9a-z-]+\b", told.out)
    assert sorted(said) == sorted(left)


def _state(aws: Aws) -> list[str]:
    """All there is, and what machines do."""
    doing = [f"{each['InstanceId']} {each['State']['Name']}" for each in aws.machines()]
    return sorted([*aws.left(), *doing])


def _gone(aws: Aws, where: str) -> None:
    """Whatever happened before, nothing is left afterwards."""
    assert run(*OURS, "destroy", "sparknet").status == 0, where
    assert aws.left() == [], where


@pytest.mark.parametrize("fault", DELAYS, ids=str)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_passes_is_waited_for(aws: Aws, action: str, fault: Fault) -> None:
    before, words = ACTIONS[action]
    before()
    start = len(aws.requests)
    aws.fault_everywhere(fault)
    done = run(*words, "sparknet")
    aws.fault_everywhere(None)
    requests = aws.requests[start:]
    assert len(requests) > 4
    assert done.status == 0, done
    _agree(aws)
    _gone(aws, action)


@pytest.mark.parametrize("action", ACTIONS)
def test_each_request_in_turn(aws: Aws, action: str) -> None:
    before, words = ACTIONS[action]
    before()
    start = len(aws.requests)
    assert run(*words, "sparknet").status == 0
    requests = aws.requests[start:]
    assert len(requests) > 2
    there: list[str] | None = None  # what there was before, if that is how things are now
    for number, request in enumerate(requests):
        faults = [REFUSED]
        if request in ("RunInstances", "StartInstances"):
            faults.append(NO_CAPACITY)
        if action in ("launch", "add-workers"):
            faults.append(RECLAIMED)
        for fault in faults:
            if there is None:
                aws.forget()
                before()
                there = _state(aws)
            aws.fault(number, fault)
            done = run(*words, "sparknet")
            where = f"{fault} at {request}, request {number} of {action}: {done}"
            assert "Traceback" not in done.err, where
            if fault.code:
                assert done.status in (1, 2), where
                assert fault.code in done.err, where
            left = _state(aws)
            if done.status and action in GROWING:
                # What this has made is gone, what was there before is not.
                assert set(left) <= set(there) if fault.reclaims else left == there, where
            _agree(aws)
            if left != there:
                _gone(aws, where)
                there = None
    _gone(aws, action)


def test_ctrl_c_offers_to_clean_up(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sparknet_ec2.launching.ready", interrupted)
    assert launch("-s", "2").status == 130
    assert aws.left() == []
    asked = run(*KEYS, "-s", "2", "launch", "sparknet")
    assert asked.status == 130
    assert "3 machines are left, which cost: `launch --resume sparknet` goes on" in asked.err
    assert len(aws.machines()) == 3
