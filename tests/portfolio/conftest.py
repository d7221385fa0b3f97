"""The runner that brings a folder's books up to date, from its neighbour."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "real"))
