"""What every test may ask for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# No example has a time limit: a busy machine is no fault of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

Oracle = Callable[[str], Any]
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


@pytest.fixture(scope="session")
def worked(oracles: Path) -> Oracle:
    """A worked example by the start of its id, e.g. W06; ids differ at the underscore."""
    examples = json.loads((oracles / "worked_examples.json").read_text())["examples"]
    return {example["id"].split("_")[0]: example for example in examples}.__getitem__


@pytest.fixture(scope="session")
def published(oracles: Path) -> Oracle:
    """A published number by the start of its id, e.g. O04."""
    found = json.loads((oracles / "published.json").read_text())["oracles"]
    return {oracle["id"].split("_")[0]: oracle for oracle in found}.__getitem__
