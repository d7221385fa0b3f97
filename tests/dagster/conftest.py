"""A small portfolio's definitions, and a Dagster instance of its own."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from small_portfolio import small_portfolio

from roi_pipeline import portfolio
from roi_pipeline.automation import definitions_of
from roi_pipeline.portfolio import Portfolio


@pytest.fixture
def company(tmp_path: Path) -> Portfolio:
    return portfolio.load(small_portfolio(tmp_path / "company"))


@pytest.fixture
def definitions(company: Portfolio) -> dg.Definitions:
    return definitions_of(company)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as found:
        yield found
