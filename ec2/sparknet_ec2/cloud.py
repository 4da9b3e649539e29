"""EC2 as the launcher sees it: requests that ask, and requests that change something."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from sparknet_ec2.errors import CloudError, OptionError

__all__ = ["Cloud", "Keys", "batches"]

# Throttled requests, lost connections and failures of EC2's own are tried again, after pauses that
# grow; requests that start something carry a token, so that twice is once.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=10)
# What EC2 takes in one request.
_BATCH = 500
Answer = dict[str, Any]


class Keys:
    """The credentials that boto3 found."""

    def __init__(self, session: Any) -> None:
        found = session.get_credentials()
        if found is None:
            raise OptionError(
                "there are no AWS keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                " ~/.aws/credentials"
            )
        frozen = found.get_frozen_credentials()
        self.id: str = frozen.access_key
        self.secret: str = frozen.secret_key
        self.token: str | None = frozen.token


class Cloud:
    """EC2 of one region. Every failure is a CloudError that names the request.

    pretend: requests that would change something are told, and not made. told: where a line for
    each of them goes then.
    """

    def __init__(
        self,
        region: str,
        profile: str | None = None,
        pretend: bool = False,
        told: Callable[[str], None] = print,
    ) -> None:
        try:
            session = boto3.Session(profile_name=profile, region_name=region)
            self.keys = Keys(session)
            self._ec2 = session.client("ec2", config=_RETRIES)
            self._ssm = session.client("ssm", config=_RETRIES)
        except (BotoCoreError, ValueError) as wrong:  # Of ~/.aws, variables or the region's name.
            raise OptionError(str(wrong)) from None
        self.region = region
        self.pretends = pretend
        self._told = told

    def ask(self, request: str, **parameters: Any) -> Answer:
        """Makes a request that changes nothing. Its pages are joined into one answer."""
        try:
            if self._ec2.can_paginate(request):
                pages = self._ec2.get_paginator(request).paginate(**parameters)
                return dict(pages.build_full_result())
            return dict(getattr(self._ec2, request)(**parameters))
        except (BotoCoreError, ClientError) as failure:
            _fail(request, failure)

    def change(self, request: str, pretended: Answer, **parameters: Any) -> Answer:
        """Makes a request that changes something. pretended: the answer where none is made."""
        if self.pretends:
            self._told(f"{request} {json.dumps(parameters, default=_shown, sort_keys=True)}")
            return pretended
        try:
            return dict(getattr(self._ec2, request)(**parameters))
        except (BotoCoreError, ClientError) as failure:
            _fail(request, failure)

    def change_all(self, request: str, name: str, ids: Sequence[str]) -> None:
        """The same of many things, which the parameter of this name lists."""
        for some in batches(ids):
            self.change(request, {}, **{name: some})

    def parameter(self, name: str) -> str:
        """One of Amazon's public parameters."""
        try:
            found = self._ssm.get_parameter(Name=name)
        except (BotoCoreError, ClientError) as failure:
            _fail("get_parameter", failure)
        return str(found["Parameter"]["Value"])


def batches(ids: Sequence[str]) -> list[list[str]]:
    """As many as one request takes."""
    return [list(ids[start : start + _BATCH]) for start in range(0, len(ids), _BATCH)]


def _shown(value: Any) -> str:
    # The secret is in user data.
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def _fail(request: str, failure: Exception) -> NoReturn:
    if isinstance(failure, ClientError):
        error = failure.response.get("Error", {})
        code = str(error.get("Code", ""))
        raise CloudError(request, code, f"{error.get('Message', failure)} ({code})") from None
    if isinstance(failure, NoCredentialsError):
        raise OptionError(str(failure)) from None
    raise CloudError(request, "", str(failure)) from None
