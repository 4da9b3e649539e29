"""``python -m sparknet`` is the command ``sparknet``."""

from __future__ import annotations

from sparknet.commands import main

if __name__ == "__main__":
    main()
