"""Bring the books of a folder up to date as a run does, without Dagster, and read what they say.

Knows the steps of a run and their order; knows no figure. Also writes the folder: portfolio.yaml
and the reference tables, only with the keys a user has.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from roi_pipeline import portfolio, quality
from roi_pipeline.books import session
from roi_pipeline.books.ledger import BOOKS, WHOLE, monthly_marts
from roi_pipeline.books.session import Session
from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.contracts import CONTRACTS
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


@contextmanager
def books(folder: Path, last: date, as_of: datetime | None = None) -> Iterator[Session]:
    """A session in which every input, cells table, ledger table and mart is up to date.

    Raises DataRefused with all reasons when a file was refused.
    """
    with session.opened(portfolio.load(folder), last, as_of) as opened:
        bring_up(opened)
        yield opened


def bring_up(opened: Session) -> None:
    """Every step between an open session and its publication."""
    refused = [one for dataset in CONTRACTS for one in opened.ingest(dataset).refused]
    if refused:
        raise DataRefused("; ".join(one.reason for one in refused))
    opened.build_cells()
    for name in BOOKS:
        if name in WHOLE:
            opened.build_whole(name)
        else:
            opened.build_ledger(name)
    for name in monthly_marts(opened.models):
        opened.build_mart(name)
    quality.record(opened.con, opened.scope.months.first, opened.scope.months.last, [])


COSTS = ("ledger_monthly", "tco_monthly", "reconciliation_monthly", "unallocated_monthly")


def cost_up(opened: Session) -> Session:
    """From bills and the rules about them to the marts that hold cost, and nothing else."""
    for dataset in ("billing", "fx", "cost_categories", "allocation"):
        assert not opened.ingest(dataset).refused
    for table in ("ledger_cost", "unallocated_cost"):
        opened.build_ledger(table)
    for mart in COSTS:
        opened.build_mart(mart)
    return opened


def run(folder: Path, last: date, as_of: datetime | None = None) -> Edition:
    """One run, published."""
    with books(folder, last, as_of) as opened:
        return editions.publish(opened)


def close(folder: Path, month: date, last: date | None = None) -> list[date]:
    """Close the books of a folder up to `month`, as a person does after looking at them."""
    with session.opened(portfolio.load(folder), last or month) as opened:
        return closing.close(opened, month, "controller")


def said(opened: Session, query: str, **parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a query over the marts."""
    return opened.con.execute(query, parameters or None).fetchall()


def by_key(rows: Iterable[tuple[Any, Any]]) -> Mapping[Any, Any]:
    """Rows of a key and a value."""
    return dict(rows)


def write_prices_of(folder: Path, system_id: str, prices: Mapping[str, object]) -> Path:
    """A price by the case in USD for each pair of decision and outcome, from 2026 on."""
    rows = ((system_id, pair, "case", price, "USD", "2026-01-01") for pair, price in prices.items())
    return write_reference(folder, "prices", *rows)
