"""What an edition says: its rows, and the ledger lines that a column of a row is made of.

Reads the files of one edition and says which lines a term of a recipe means; goes no deeper than
the ledger.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.explain.columns import DEFAULTS, EXPLAINED, Span, Term
from roi_pipeline.explain.flows import Cash
from roi_pipeline.explain.states import records
from roi_pipeline.explain.tree import Line, Measure
from roi_pipeline.marts.adjusted import Flows, hurdle, risk_adjusted
from roi_pipeline.marts.facts import Month
from roi_pipeline.marts.terms import Terms
from roi_pipeline.publish.editions import Edition
from roi_pipeline.warehouse import parquet
from roi_pipeline.written import choices

PORTFOLIO = "portfolio"
LEDGER = "ledger_monthly"
MEASURED = ("amount", "avoidable_amount", "quantity")
# Value against a baseline, a holdout or a release, or a month's gross loss; and the gross value.
_VALUED = """({is_not}exists (
    select 1 from value_attribution_monthly as v
    where v.month = l.month and v.system_id = l.system_id and v.driver = l.driver
        and v.model_version = l.model_version and v.serving_mode = l.serving_mode
        and v.view = 'cohort' and v.is_incremental
))"""
GROSS = _VALUED.format(is_not="not ")
COUNTED = f"""({_VALUED.format(is_not="")} or (
    select sum(v.amount) < 0 from value_attribution_monthly as v
    where v.month = l.month and v.system_id = l.system_id
        and v.view = 'cohort' and v.category = 'direct' and not v.is_incremental
))"""  # noqa: S608


@dataclass(frozen=True)
class Published:
    """The tables of an edition, to be queried while it is open."""

    con: duckdb.DuckDBPyConnection

    def records(self, query: str, parameters: object = None) -> list[dict[str, Any]]:
        """Every row of a query, by column."""
        return records(self.con, query, parameters)

    def rows(self, table: str, month: date, system_id: str) -> list[dict[str, Any]]:
        """The rows of a table under a month and a system, in the order of all their columns."""
        return self.records(
            f"from {table} where month = ? and system_id = ? order by all",
            [month, system_id],
        )


@contextmanager
def opened(marts: Path, edition: Edition) -> Iterator[Published]:
    """An edition's tables under their own names; RoiError when a file is missing."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("set TimeZone = 'UTC'")
        for name in edition.tables:
            file = marts / edition.name / f"{name}.parquet"
            if not file.is_file():
                raise RoiError(
                    f"{file}: not there; restore the edition from a backup, or remove "
                    "current.json and run again"
                )
            table = con.sql(f"from {parquet(file)}")
            if name == "unallocated_monthly":  # all its rows are of one system, which it leaves out
                table = table.project("*, 'unallocated' as system_id")
            table.create_view(name)
        yield Published(con)


def check_names(edition: Edition, table: str, column: str | None) -> str:
    """The column to explain; ConfigurationError when the table or the column has no recipe."""
    if table not in edition.tables:
        raise ConfigurationError(f"no table {table!r}: {choices(table, list(edition.tables))}")
    if table not in EXPLAINED:
        raise ConfigurationError(
            f"{table} is not made of ledger lines; explain one of {', '.join(EXPLAINED)}"
        )
    chosen = column or DEFAULTS[table]
    if chosen not in EXPLAINED[table]:
        raise ConfigurationError(
            f"{table} has no explained column {chosen!r}: {choices(chosen, EXPLAINED[table])}"
        )
    return chosen


def month_rows(
    published: Published, edition: Edition, table: str, month: date, system_id: str
) -> list[dict[str, Any]]:
    """The rows to explain; RoiError naming what there is when there are none."""
    if f"{month:%Y-%m}" not in edition.months:
        raise RoiError(
            f"{month:%Y-%m} is not in edition {edition.name} "
            f"({edition.months[0]} to {edition.months[-1]}): run that month first"
        )
    found = published.rows(table, month, system_id)
    if not found:
        there = published.records(
            f"select distinct system_id from {table} where month = ? order by 1",  # noqa: S608
            [month],
        )
        names = [row["system_id"] for row in there]
        raise RoiError(
            f"{table} has no row for {system_id!r} in {month:%Y-%m}: "
            + (choices(system_id, names) if names else "no system has one")
        )
    return found


def months_of(
    published: Published, terms: Terms, system_id: str, month: date, span: Span
) -> list[date] | None:
    """The months a term adds up; None when they are not published (the window of the total)."""
    if span == "month":
        return [month]
    if span == "window":
        return evidence_months(published, terms, system_id, month)
    found = published.records(
        "select month from roi_monthly where system_id = ? and month <= ? order by 1",
        [system_id, month],
    )
    months = [row["month"] for row in found]
    return months[-12:] if span == "year" else months


def evidence_months(
    published: Published, terms: Terms, system_id: str, month: date
) -> list[date] | None:
    """The trailing months that count as evidence (method §6); None for the portfolio's total."""
    if system_id == PORTFOLIO:
        return None
    policy = terms.policy(system_id, month)
    size = int(terms.number(system_id, month, "evidence_window_months", 3))
    found = published.records(
        "select * from threshold_status_monthly where system_id = ? and month <= ? order by month",
        [system_id, month],
    )
    known = [
        row["month"]
        for row in found
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
    conditions = ["list_contains($months, month)", "side = $side", "basis = $basis"]
    given: dict[str, Any] = {"months": list(months), "side": term.side, "basis": term.basis}
    if system_id != PORTFOLIO:
        conditions.append("system_id = $system_id")
        given["system_id"] = system_id
    if term.category == "indirect":
        conditions.append("category = 'indirect'")
    elif term.side == "value" and more is None:
        conditions += ["category = 'direct'", GROSS if term.is_gross else COUNTED]
    for column, value in (more or {}).items():
        conditions.append(f"{column} is not distinct from ${column}")
        given[column] = value
    found = published.records(
        f"from {LEDGER} as l where {' and '.join(conditions)} order by all",
        given,
    )
    chosen = [row for row in found if term.measure == "amount" or row[term.measure]]
    return [line_of(row, k, term.sign, term.measure) for k, row in enumerate(chosen, start)]


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
    found = published.records(
        "select system_id, month, value, tco_cash from roi_monthly where month <= ? "
        "order by system_id, month",
        [month],
    )
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
