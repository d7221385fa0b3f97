"""What must be there of closed months: their lines in the journal and their kept rows.

A closed month never opens again because state was lost: the edition that is current says which
months are closed, and a run that does not know them is refused.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from roi_pipeline import files
from roi_pipeline.errors import RoiError
from roi_pipeline.pipeline.journal import Closing
from roi_pipeline.portfolio import Portfolio

CLOSED = "closed"
CURRENT = "current.json"  # in the folder of marts: what the current edition says


def kept_files(portfolio: Portfolio, closings: Mapping[date, Closing], table: str) -> list[Path]:
    """The files that keep the rows of closed months of a table."""
    return [
        portfolio.state / CLOSED / f"{month:%Y-%m}" / f"{table}.parquet"
        for month, closing in closings.items()
        if table in closing.tables
    ]


def refuse_lost(portfolio: Portfolio, closings: Mapping[date, Closing]) -> None:
    """Raise RoiError, saying what to restore, where a closed month would open again or change.

    The journal must know every month that an edition calls closed, and the kept rows must
    be those that were kept.
    """
    known = {f"{month:%Y-%m}" for month in closings}
    if lost := sorted(_ever_closed(portfolio.marts) - known):
        months = lost[0] + (f" to {lost[-1]}" if len(lost) > 1 else "")
        raise RoiError(
            f"{portfolio.state / 'journal'}: the closing of {months} is missing, but "
            f"{portfolio.marts} says that it is closed (current.json and the edition.json of its "
            f"editions): restore state/journal, state/closed and state/deliveries from a backup "
            "made after the closing, then run again. A closed month cannot be opened again; "
            "nothing was published"
        )
    for file, sha256 in _kept_files(portfolio, closings):
        if not file.is_file() or files.sha256_of(file) != sha256:
            what = "is not what was kept" if file.is_file() else "is missing"
            raise RoiError(
                f"{file}: {what} when the month was closed (sha256 {sha256}): restore it from a "
                "backup. Nothing was changed"
            )


def _kept_files(portfolio: Portfolio, closings: Mapping[date, Closing]) -> list[tuple[Path, str]]:
    return [
        (portfolio.state / CLOSED / f"{month:%Y-%m}" / f"{table}.parquet", sha256)
        for month, closing in closings.items()
        for table, sha256 in closing.tables.items()
    ]


def _ever_closed(marts: Path) -> set[str]:
    """Every month, as YYYY-MM, that the current edition or an earlier one calls closed.

    An edition whose manifest does not say it says it in `dim_month`.
    """
    current = files.read_json(marts / CURRENT) or {}
    manifests = [current, *(files.read_json(file) or {} for file in marts.glob("*/edition.json"))]
    closed = {month for manifest in manifests for month in manifest.get("closed_months", ())}
    calendar = marts / str(current.get("edition")) / "dim_month.parquet"
    if calendar.is_file():
        months = pl.read_parquet(calendar, columns=["month", "is_closed"])
        closed |= {f"{month:%Y-%m}" for month in months.filter("is_closed")["month"]}
    return closed
