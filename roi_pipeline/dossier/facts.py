"""What the current edition says of one system, gathered for people who decide on it.

Reads the edition and nothing else; computes no number that is not published (method §7, §8).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.errors import RoiError
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import Edition, current
from roi_pipeline.publish.reading import Tables, added
from roi_pipeline.written import choices

Rows = Sequence[Mapping[str, Any]]
Select = Callable[[pl.DataFrame, date], pl.DataFrame]


def _costs(rows: pl.DataFrame, month: date) -> pl.DataFrame:
    """Cost by category, as used: of the month, what is avoidable of it, and of a year before."""
    in_month = pl.col("month") == month
    a_year_before = pl.col("month") == add_months(month, -12)
    sums = (
        rows.filter(pl.col("basis") == "accrual")
        .group_by("category")
        .agg(
            added(pl.col("amount").filter(in_month)).alias("amount"),
            added(pl.col("avoidable_amount").filter(in_month)).alias("avoidable"),
            added(pl.col("amount").filter(a_year_before)).alias("year_before"),
        )
    )
    used = sums.filter((pl.col("amount") != 0) | (pl.col("year_before") != 0))
    return used.sort("amount", "category", descending=[True, False], nulls_last=True)


def _values(rows: pl.DataFrame, month: date) -> pl.DataFrame:
    """Value of the month's decisions by driver, the largest first, gains or losses."""
    sums = (
        rows.filter(pl.col("month") == month, pl.col("view") == "cohort")
        .group_by("driver", "category")
        .agg(
            added(pl.col("quantity")).alias("quantity"),
            added(pl.col("amount")).alias("amount"),
            pl.col("evidence_grade").max().alias("grade"),
        )
    )
    size = pl.col("amount").abs()
    return sums.sort(size, "driver", "category", descending=[True, False, False], nulls_last=True)


def _until(*order: str) -> Select:
    """The rows up to the month in an order."""

    def select(rows: pl.DataFrame, month: date) -> pl.DataFrame:
        return rows.filter(pl.col("month") <= month).sort(order, nulls_last=True)

    return select


def _options(rows: pl.DataFrame, month: date) -> pl.DataFrame:
    """The options of the month, the best first."""
    return rows.filter(pl.col("month") == month).sort("rank", "option", nulls_last=True)


def _quality(rows: pl.DataFrame, month: date) -> pl.DataFrame:
    """The eight newest rows of model versions."""
    known = rows.filter(pl.col("month") <= month)
    return known.sort("month", "model_version", descending=[True, False]).head(8)


# Every table a dossier reads; those that an edition of an older release lacks are left out.
SELECTIONS: Mapping[str, tuple[str, Select]] = {
    "history": ("threshold_status_monthly", _until("month")),
    "money": ("roi_monthly", _until("month")),
    "transitions": ("status_transitions", _until("month")),
    "reviews": ("status_reviews", _until("opened_on", "review_id")),
    "options": ("options_monthly", _options),
    "quality": ("quality_monthly", _quality),
    "costs": ("tco_monthly", _costs),
    "values": ("value_attribution_monthly", _values),
}


@dataclass(frozen=True)
class Dossier:
    """One system up to one month: rows of the edition, oldest first, and where they come from."""

    edition: Edition
    system: Mapping[str, Any]
    month: date
    tables: Mapping[str, Rows]

    @property
    def now(self) -> Mapping[str, Any]:
        """The status of the month."""
        return self.tables["history"][-1]

    @property
    def money(self) -> Mapping[str, Any]:
        """The return of the month."""
        return self.tables["money"][-1]

    @property
    def question(self) -> Mapping[str, Any] | None:
        """The review that waits for a decision."""
        open_ones = [row for row in self.tables["reviews"] if row["state"] == "open"]
        return open_ones[-1] if open_ones else None

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The option to look at first."""
        found = [row for row in self.tables["options"] if row["is_first_action"]]
        return found[0] if found else None

    @cached_property
    def terms(self) -> list[tuple[str, str, str]]:
        """Term, value and version in force in the month."""
        told = json.loads(self.now["terms"] or "{}")
        return [(name, value, version) for name, (value, version) in sorted(told.items())]


def gather(portfolio: Portfolio, system_id: str, month: date | None = None) -> Dossier:
    """What the current edition says of a system up to a month (default: the edition's last).

    RoiError when nothing is published, the month is not in the edition or the system was not live.
    """
    edition = current(portfolio.marts)
    if edition is None:
        raise RoiError(f"{portfolio.marts}: nothing is published yet; run `roi-pipeline run`")
    at = month or date.fromisoformat(f"{edition.months[-1]}-01")
    system_of = pl.col("system_id") == portfolio.system(system_id).id
    tables = Tables(portfolio.marts / edition.name)
    found: dict[str, Rows] = {
        name: select(tables.frame(table).filter(system_of), at).to_dicts()
        if tables.has(table)
        else []
        for name, (table, select) in SELECTIONS.items()
    }
    (system,) = tables.frame("dim_system").filter(system_of).to_dicts()
    live = [f"{row['month']:%Y-%m}" for row in found["history"]]
    if f"{at:%Y-%m}" not in live:
        told = choices(f"{at:%Y-%m}", live) if live else "it was not live yet"
        raise RoiError(f"no status of {system_id!r} in {at:%Y-%m}: {told}")
    return Dossier(edition, system, at, found)
