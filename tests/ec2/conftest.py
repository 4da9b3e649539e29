"""What the tests of ``spark-ec2`` share."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ec2"), str(ROOT / "tests" / "ec2")]
