"""A small company to break things in; `small_company.py` and `points.py` are importable."""

import sys
from pathlib import Path

for neighbour in ("real", "faults"):
    sys.path.append(str(Path(__file__).parent.parent / neighbour))
