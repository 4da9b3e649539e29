"""Makes the launcher's package and the modules beside its tests importable."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ec2"))
sys.path.insert(0, str(ROOT / "tests/python"))
sys.path.insert(0, str(Path(__file__).parent))
