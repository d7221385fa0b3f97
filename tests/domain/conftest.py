"""Tables that only the domain is held to."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def billing_oracle(oracles: Path) -> dict[str, Any]:
    """Depreciation and tax tables, beside billing."""
    return json.loads((oracles / "billing.json").read_text())
