"""What every test may ask for."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real exports and logs beside the project; tests that need them skip without them."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"real data not found at {SHARED}/data")
    return SHARED


@pytest.fixture(scope="session")
def oracles() -> Path:
    """Worked and published numbers."""
    return Path(__file__).parent / "oracles"
