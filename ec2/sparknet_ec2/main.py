"""The command ``spark-ec2``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sparknet_ec2 import command_line, modern
from sparknet_ec2.actions import ACTIONS
from sparknet_ec2.cloud import Cloud
from sparknet_ec2.errors import Ec2Error, ToldError
from sparknet_ec2.screen import Screen

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit statuses: 0; 1, it failed; 2, it cannot be done as asked, and nothing was; 130, Ctrl-C;
    of a program that was submitted, its own."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        asked = command_line.parse(given, modern.version())
        options = asked.options
        cloud = Cloud(options.region, options.profile, options.dry_run)
        return ACTIONS[asked.action](asked, cloud, Screen(options.assume_yes)) or 0
    except ToldError:
        return 1
    except Ec2Error as failure:
        print(f"spark-ec2: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `describe | head`
        return 1


if __name__ == "__main__":
    sys.exit(main())
