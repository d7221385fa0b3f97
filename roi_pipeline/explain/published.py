"""What an edition says: its rows, and the ledger lines that a column of a row is made of.

Reads the files of one edition and says which lines a term of a recipe means; goes no deeper than
the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.explain.columns import DEFAULTS, Span, Term
from roi_pipeline.explain.flows import Cash
from roi_pipeline.explain.tree import Line, Measure
from roi_pipeline.marts.adjusted import Flows, hurdle, risk_adjusted
from roi_pipeline.marts.facts import Month
from roi_pipeline.marts.terms import Terms
from roi_pipeline.models.table import Table
from roi_pipeline.publish.editions import Edition
from roi_pipeline.publish.reading import Tables, added
from roi_pipeline.written import choices

PORTFOLIO = "portfolio"
LEDGER = "ledger_monthly"
MEASURED = ("amount", "avoidable_amount", "quantity")
_LINE = ("month", "system_id", "driver", "model_version", "serving_mode")


@dataclass(frozen=True)
class Published:
    """The tables of an edition."""

    tables: Tables

    def frame(self, table: str) -> pl.DataFrame:
        """All rows of a table, in the order of all its columns."""
        frame = self.tables.frame(table)
        if table == "unallocated_monthly":  # all its rows are of one system, which it leaves out
            return frame.with_columns(system_id=pl.lit("unallocated"))
        return frame

    def rows(self, table: str, month: date, system_id: str) -> list[dict[str, Any]]:
        """The rows of a table under a month and a system, in the order of all their columns."""
        found = self.frame(table).filter(pl.col("month") == month, pl.col("system_id") == system_id)
        return found.to_dicts()

    def until(self, table: str, month: date, system_id: str) -> list[dict[str, Any]]:
        """The rows of a system in the months up to a month, the oldest first."""
        found = self.frame(table).filter(pl.col("month") <= month, pl.col("system_id") == system_id)
        return found.sort("month", maintain_order=True).to_dicts()


def opened(marts: Path, edition: Edition) -> Published:
    """The tables of an edition; RoiError when a file is missing."""
    tables = Tables(marts / edition.name)
    for name in edition.tables:
        tables.file(name)
    return Published(tables)


def check_names(
    published: Published, models: Mapping[str, Table], table: str, column: str | None
) -> str:
    """The column to explain; ConfigurationError for a table or column that is not published."""
    known = [name for name, model in models.items() if model.is_published]
    if table not in known:
        raise ConfigurationError(f"no table {table!r}: {choices(table, known)}")
    frame, grain = published.tables.frame(table), models[table].grain
    names = [name for name in frame.columns if name not in grain]
    usual = [name for name in names if frame[name].dtype.is_numeric()] or names
    chosen = column or DEFAULTS.get(table, usual[0])
    if chosen not in names:
        raise ConfigurationError(f"{table} has no column {chosen!r}: {choices(chosen, names)}")
    return chosen


def month_rows(
    published: Published,
    edition: Edition,
    grain: Sequence[str],
    table: str,
    month: date,
    system_id: str,
) -> list[dict[str, Any]]:
    """The rows to explain; RoiError naming what there is when there are none.

    Rows of no month are those of its year or days, or all. Rows of no system are those with
    `system_id` in the first column of the grain that is text, or, for `portfolio`, all.
    """
    if f"{month:%Y-%m}" not in edition.months:
        raise RoiError(
            f"{month:%Y-%m} is not in edition {edition.name} "
            f"({edition.months[0]} to {edition.months[-1]}): run that month first"
        )
    frame = published.frame(table)
    of_month = frame.filter(_in_month(frame, month))
    named = [key for key in grain if frame[key].dtype == pl.String]
    owner = "system_id" if "system_id" in frame.columns else named[0] if named else None
    if owner is None or (owner != "system_id" and system_id == PORTFOLIO):
        return of_month.to_dicts()
    found = of_month.filter(pl.col(owner) == system_id)
    if found.is_empty():
        names = of_month[owner].drop_nulls().unique().sort().to_list()
        raise RoiError(
            f"{table} has no row for {owner} {system_id!r} in {month:%Y-%m}: "
            + (choices(system_id, names) if names else f"no {owner} has one")
        )
    return found.to_dicts()


def _in_month(frame: pl.DataFrame, month: date) -> pl.Expr:
    """Which rows belong to a month, to its year, or to no month at all."""
    if "month" in frame.columns:
        return pl.col("month") == month
    if "tax_year" in frame.columns:
        return pl.col("tax_year") == month.year
    if "date" in frame.columns:
        return pl.col("date").is_between(month, month_end(month))
    return pl.lit(value=True)


def months_of(
    published: Published, terms: Terms, system_id: str, month: date, span: Span
) -> list[date] | None:
    """The months a term adds up; None when they are not published (the window of the total)."""
    if span == "month":
        return [month]
    if span == "window":
        return evidence_months(published, terms, system_id, month)
    months = [row["month"] for row in published.until("roi_monthly", month, system_id)]
    return months[-12:] if span == "year" else months


def evidence_months(
    published: Published, terms: Terms, system_id: str, month: date
) -> list[date] | None:
    """The trailing months that count as evidence (method §6); None for the portfolio's total."""
    if system_id == PORTFOLIO:
        return None
    policy = terms.policy(system_id, month)
    size = int(terms.number(system_id, month, "evidence_window_months", 3))
    known = [
        row["month"]
        for row in published.until("threshold_status_monthly", month, system_id)
        if row["held_reason"] != "no_baseline"
        and float(row["maturity"] or 0) >= policy.min_maturity
        and float(row["coverage"] or 0) >= policy.min_coverage
        and row["evidence_predictions"] >= policy.min_predictions
    ]
    return known[-size:]


def lines_of(
    published: Published,
    term: Term,
    months: Sequence[date],
    system_id: str,
    start: int,
    more: Mapping[str, Any] | None = None,
) -> list[Line]:
    """The ledger lines of a term, numbered from `start`; `more` narrows them by column."""
    frame = published.frame(LEDGER).filter(
        pl.col("month").is_in([*months]),
        pl.col("side") == term.side,
        pl.col("basis") == term.basis,
    )
    if system_id != PORTFOLIO:
        frame = frame.filter(pl.col("system_id") == system_id)
    if term.category == "indirect":
        frame = frame.filter(pl.col("category") == "indirect")
    elif term.side == "value" and more is None:
        direct = frame.filter(pl.col("category") == "direct")
        frame = _counted(published, direct, is_gross=term.is_gross)
    for column, value in (more or {}).items():
        frame = frame.filter(pl.col(column).eq_missing(pl.lit(value)))
    found = frame.to_dicts()
    chosen = [row for row in found if term.measure == "amount" or row[term.measure]]
    return [line_of(row, k, term.sign, term.measure) for k, row in enumerate(chosen, start)]


def _counted(published: Published, lines: pl.DataFrame, *, is_gross: bool) -> pl.DataFrame:
    """The lines of value against a baseline, a holdout or a release, and those of a month's gross
    loss; or, `is_gross`, the lines that are compared with nothing."""
    values = published.frame("value_attribution_monthly").filter(pl.col("view") == "cohort")
    compared = values.filter("is_incremental").select(_LINE).unique()
    if is_gross:
        return lines.join(compared, on=_LINE, how="anti", maintain_order="left")
    gross = values.filter(~pl.col("is_incremental"), pl.col("category") == "direct")
    of_month = gross.group_by("month", "system_id").agg(added(pl.col("amount")).alias("gross"))
    losses = of_month.filter(pl.col("gross") < 0)
    at = lines.with_row_index("at")
    kept = pl.concat(
        [
            at.join(compared, on=_LINE, how="semi")["at"],
            at.join(losses, on=["month", "system_id"], how="semi")["at"],
        ]
    )
    return at.filter(pl.col("at").is_in(kept.unique().to_list())).drop("at")


def line_of(row: Mapping[str, Any], number: int, sign: int, measure: Measure) -> Line:
    """A row of the ledger as a line; its amount is the measure that is explained."""
    return Line(
        number=number,
        sign=sign,
        measure=measure,
        amount=row[measure],
        unit=row["unit"] if measure == "quantity" else row["currency"],
        **{
            name: row[name]
            for name in (
                *("month", "belongs_month", "system_id", "side", "basis", "driver"),
                *("model_version", "serving_mode", "category", "cost_class", "source"),
            )
        },
    )


def cash(published: Published, terms: Terms, system_id: str, month: date) -> Cash:
    """Every month's value and cash cost up to a month, as the functions of flows.py want them."""
    returns = published.frame("roi_monthly").filter(pl.col("month") <= month)
    found = returns.sort("system_id", "month").to_dicts()
    facts: dict[str, list[Month]] = {}
    for row in found:
        facts.setdefault(row["system_id"], []).append(
            Month(row["month"], row["value"] or Decimal(0), row["tco_cash"])
        )
    mine = facts[system_id]
    evidence = evidence_months(published, terms, system_id, month)
    return Cash(
        plain=Flows([m.value for m in mine], [m.tco_cash for m in mine]),
        cautious=risk_adjusted(system_id, facts, month, terms),
        rate=hurdle(system_id, month, terms),
        evidence_nets=None
        if evidence is None
        else [m.value - m.tco_cash for m in mine if m.month in evidence],
    )
