"""The oracles by their id, so that a test reads numbers instead of repeating them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Oracle = Callable[[str], Any]


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


@pytest.fixture(scope="session")
def billing_oracle(oracles: Path) -> dict[str, Any]:
    """Depreciation and tax tables, beside billing."""
    return json.loads((oracles / "billing.json").read_text())
