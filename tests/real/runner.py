"""Bring a portfolio up to date as a run does, without checks, and read what it says.

Also writes the folder: portfolio.yaml and the reference tables, only with the keys a user has.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from roi_pipeline import portfolio
from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.models.registry import ancestors
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.pipeline.run import Run
from roi_pipeline.publish import closing, editions
from roi_pipeline.publish.editions import Edition

TABLES = {
    "prices": ("system_id", "driver", "unit", "unit_price", "currency", "valid_from", "valid_to"),
    "cost_categories": (
        *("rule_order", "dataset", "match_column", "match_key", "match_op", "match_value"),
        *("system_id", "allocation_key", "category", "cost_class"),
    ),
    "allocation": ("allocation_key", "system_id", "share", "valid_from", "valid_to"),
    "baselines": (
        *("system_id", "version", "metric", "value", "unit", "n", "standard_error"),
        *("window_start", "window_end"),
    ),
}
DOCUMENT = ("prices", "baselines")  # these rows name the document they come from


def write_portfolio(folder: Path, **keys: Any) -> Path:
    """Write portfolio.yaml; `systems` and `sources` as the file has them."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "portfolio": "acme",
        "reporting_currency": "USD",
        "engine": {"name": "duckdb", "memory_limit": "2GB", "threads": 2},
    }
    (folder / "portfolio.yaml").write_text(yaml.safe_dump({**given, **keys}, sort_keys=False))
    return folder


def write_reference(folder: Path, table: str, *rows: Iterable[Any]) -> Path:
    """Write reference/<table>.csv; a row gives the first columns of TABLES, the rest is empty."""
    columns = TABLES[table]
    file = folder / "reference" / f"{table}.csv"
    file.parent.mkdir(exist_ok=True)
    extra = ("source_document",) if table in DOCUMENT else ()
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*columns, *extra])
        for row in rows:
            values = [*row, *[""] * (len(columns) - len(tuple(row)))]
            writer.writerow([*values, *("contract-1" for _ in extra)])
    return file


class Unchecked(Run):
    """A run whose suites are not run: tests of figures publish without them, to be fast."""

    def checked_tables(self) -> list[str]:
        """None of them."""
        return []


@contextmanager
def unchecked(folder: Path, last: date, as_of: datetime | None = None) -> Iterator[Run]:
    """An open run that publishes without checks."""
    with pipeline_run.opened(portfolio.load(folder), last, as_of) as opened:
        opened.__class__ = Unchecked
        yield opened


@contextmanager
def books(folder: Path, last: date, as_of: datetime | None = None) -> Iterator[Run]:
    """A run in which every table is built and visible to queries.

    Raises DataRefused with all reasons when a file was refused.
    """
    with unchecked(folder, last, as_of) as opened:
        bring_up(opened)
        yield opened


def bring_up(opened: Run) -> None:
    """Every step between an open run and its publication."""
    refused = [one for dataset in CONTRACTS for one in opened.ingest(dataset).refused]
    if refused:
        raise DataRefused("; ".join(one.reason for one in refused))
    for name in opened.stored_tables():
        opened.build(name)
    opened.show([*CONTRACTS, *opened.stored_tables()])


COSTS = ("ledger_monthly", "tco_monthly", "reconciliation_monthly", "unallocated_monthly")


def cost_up(opened: Run) -> Run:
    """From bills and the rules about them to the marts that hold cost."""
    for dataset in ("billing", "fx", "cost_categories", "allocation"):
        assert not opened.ingest(dataset).refused
    needed = ancestors(opened.tables, COSTS)
    for table in opened.stored_tables():
        if table in needed or opened.tables[table].build == "engine":
            opened.build(table)
    opened.show(COSTS)
    return opened


def run(folder: Path, last: date, as_of: datetime | None = None) -> Edition:
    """One run, published."""
    with books(folder, last, as_of) as opened:
        return editions.publish(opened)


def close(folder: Path, month: date, last: date | None = None) -> list[date]:
    """Close the months of a folder up to `month`, as a person does after looking at them."""
    return closing.close(portfolio.load(folder), month, "controller")


def said(opened: Run, query: str, **parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a query over the tables."""
    return opened.con.execute(query, parameters or None).fetchall()


def by_key(rows: Iterable[tuple[Any, Any]]) -> Mapping[Any, Any]:
    """Rows of a key and a value."""
    return dict(rows)


def write_prices_of(folder: Path, system_id: str, prices: Mapping[str, object]) -> Path:
    """A price by the case in USD for each pair of decision and outcome, from 2026 on."""
    rows = ((system_id, pair, "case", price, "USD", "2026-01-01") for pair, price in prices.items())
    return write_reference(folder, "prices", *rows)
