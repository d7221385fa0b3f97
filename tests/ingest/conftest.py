"""Companies to ingest into; `company.py` beside this file is importable from the tests."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.append(str(Path(__file__).parent))

from company import SYSTEM, Company

from roi_pipeline import warehouse
from roi_pipeline.ingest import deliveries
from roi_pipeline.portfolio import load


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Company]]:
    """make(*sources, **keys of portfolio.yaml) gives a Company in a new folder."""
    made = 0
    with ExitStack() as stack:

        def make_company(*sources: dict[str, Any], **keys: Any) -> Company:
            nonlocal made
            made += 1
            folder = tmp_path / f"company{made}"
            folder.mkdir()
            given = {
                "portfolio": "acme",
                "reporting_currency": "USD",
                "systems": [SYSTEM],
                "sources": list(sources),
                "engine": {"memory_limit": "1GB", "threads": 2},
                **keys,
            }
            (folder / "portfolio.yaml").write_text(yaml.safe_dump(given))
            portfolio = load(folder)
            con = stack.enter_context(warehouse.opened(portfolio))
            deliveries.open_receipts(con, portfolio)
            return Company(portfolio, con)

        yield make_company


@pytest.fixture
def logs(make: Callable[..., Company]) -> Company:
    """A company with a source of predictions and one of outcomes."""
    return make(
        {"dataset": "predictions", "path": "inbox/predictions/*"},
        {"dataset": "outcomes", "path": "inbox/outcomes/*"},
    )


@pytest.fixture
def bills(make: Callable[..., Company]) -> Company:
    """A company with a source of FOCUS bills, one file an export."""
    return make({"dataset": "billing", "path": "inbox/billing/*"})
