"""Real logs and bills; `runner.py` beside this file is importable from the tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
