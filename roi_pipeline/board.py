"""The status board: what the current edition says of every system, in one row each.

Reads the files of the edition that `current.json` names, never the store. Knows the marts by name;
knows no command and computes no number that is not published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import takewhile
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import add_months, month_of
from roi_pipeline.errors import RoiError
from roi_pipeline.publish.editions import Edition, current
from roi_pipeline.publish.reading import Tables, added

HISTORY_MONTHS = 12
PORTFOLIO = "portfolio"
UNALLOCATED = "unallocated"
NOT_SYSTEMS = (PORTFOLIO, UNALLOCATED)  # rows of dim_system that name sums
NO_WORTH = "quality_has_no_worth"
BREACHES = ("marginal_deterioration", "decommission_review")


@dataclass(frozen=True)
class Standing:
    """What a month said of a system: its label, and why it was held where it was."""

    month: date
    status: str
    held_reason: str | None


@dataclass(frozen=True)
class Evidence:
    """What a month's numbers rest on: outcomes of decisions, the share of decisions that have one,
    the share of outcomes that are in, and how the value is known (A best, D asserted)."""

    outcomes: int
    coverage: Decimal | None
    maturity: Decimal | None
    grade: str | None


@dataclass(frozen=True)
class Review:
    """A question to people that nobody has answered yet."""

    kind: str
    opened_on: date
    opened_by_rule: str
    due_on: date
    is_overdue: bool


@dataclass(frozen=True)
class FirstAction:
    """The option to look at first, what it is worth, and how likely it is the best (method §7)."""

    option: str
    npv: Decimal | None
    probability_best: Decimal | None


@dataclass(frozen=True)
class Row:
    """One system on the board. Money in the reporting currency, ratios as fractions.

    `since` is the first month of the status it has now. `breakeven_month` is the calendar month in
    which the cumulative cash net stayed above 0, `breakeven_periods` the same counted from the
    investment (method §1.6); `is_projected` when it lies ahead. Value and net are None for
    `missing_reason`; `gross_value` is what nothing is compared with. `options_reason`: why options
    that rest on quality are not ranked.
    """

    system_id: str
    name: str
    status: str | None
    since: date | None
    metric: Decimal | None
    metric_low: Decimal | None
    metric_high: Decimal | None
    hurdle: Decimal | None
    value: Decimal | None
    gross_value: Decimal
    cost: Decimal
    net_cash: Decimal | None
    cumulative_net_cash: Decimal | None
    cumulative_net_cash_low: Decimal | None
    breakeven_periods: Decimal | None
    breakeven_month: date | None
    is_projected: bool
    held_reason: str | None
    missing_reason: str | None
    options_reason: str | None
    action: str | None
    history: tuple[Standing, ...] = ()
    evidence: Evidence | None = None
    reviews: tuple[Review, ...] = ()
    first_action: FirstAction | None = None

    @property
    def is_breach(self) -> bool:
        """Whether a threshold of the contract is breached."""
        return self.status in BREACHES


@dataclass(frozen=True)
class FailedCheck:
    """A check that did not hold in the published months."""

    table: str
    name: str
    severity: str
    description: str
    failing: int | None


@dataclass(frozen=True)
class Board:
    """Everything `status` shows."""

    edition: Edition
    month: date
    currency: str
    rows: tuple[Row, ...]
    total: Row
    failed_checks: tuple[FailedCheck, ...] = ()
    quarantined: int = 0
    closed_through: date | None = None
    unallocated: Decimal = field(default=Decimal(0))

    @property
    def breaches(self) -> tuple[str, ...]:
        """The systems for which a threshold is breached."""
        return tuple(row.system_id for row in self.rows if row.is_breach)


def read(marts: Path, looked_back: Edition | None = None) -> Board:
    """The board of the current edition, or of one that looks back; RoiError when there is none, or
    a file of it is missing."""
    edition = looked_back or current(marts)
    if edition is None:
        raise RoiError(f"{marts}: nothing is published yet; run `roi-pipeline run`")
    tables = Tables(marts / edition.name)
    month = date.fromisoformat(f"{edition.months[-1]}-01")
    systems = tables.frame("dim_system").filter(~pl.col("system_id").is_in(NOT_SYSTEMS))
    rows = [
        _row(tables, system_id, name, month)
        for system_id, name in systems.select("system_id", "name").iter_rows()
    ]
    closed = tables.frame("dim_month").filter("is_closed").select(pl.col("month").max()).item()
    currency = tables.frame("roi_monthly").select(pl.col("currency").drop_nulls().first()).item()
    return Board(
        edition=edition,
        month=month,
        currency=currency,
        rows=tuple(sorted(rows, key=lambda row: (not row.is_breach, row.name))),
        total=_row(tables, PORTFOLIO, "Portfolio", month),
        failed_checks=_failed_checks(tables),
        quarantined=int(tables.frame("deliveries")["rows_quarantined"].sum()),
        closed_through=closed,
        unallocated=_unallocated(tables, month),
    )


def _row(tables: Tables, system_id: str, name: str, month: date) -> Row:
    of_system = pl.col("system_id") == system_id
    statuses = tables.frame("threshold_status_monthly").filter(of_system, pl.col("month") <= month)
    standings = statuses.sort("month").to_dicts()
    money = _of_month(tables, "roi_monthly", system_id, month).to_dicts()
    now = standings[-1] if standings else {}
    earned = money[0] if money else {}
    periods, is_projected = _breakeven(earned)
    history = [Standing(s["month"], s["status"], s["held_reason"]) for s in standings]
    return Row(
        system_id=system_id,
        name=name,
        status=now.get("status"),
        since=_since(history),
        metric=now.get("metric", earned.get("incremental_roi")),
        metric_low=now.get("metric_low", earned.get("incremental_roi_low")),
        metric_high=now.get("metric_high", earned.get("incremental_roi_high")),
        hurdle=now.get("hurdle"),
        value=earned.get("value", Decimal(0)),
        gross_value=earned.get("gross_value", Decimal(0)),
        cost=earned.get("tco_cash", Decimal(0)),
        net_cash=earned.get("net_cash", Decimal(0)),
        cumulative_net_cash=earned.get("cumulative_net_cash", Decimal(0)),
        cumulative_net_cash_low=earned.get("cumulative_net_cash_low"),
        breakeven_periods=periods,
        breakeven_month=_calendar(tables, system_id, periods),
        is_projected=is_projected,
        held_reason=now.get("held_reason"),
        missing_reason=earned.get("missing_reason"),
        options_reason=_options_reason(tables, system_id, month),
        action=now.get("recommended_action"),
        history=tuple(history[-HISTORY_MONTHS:]),
        evidence=_evidence(tables, now, month),
        reviews=_open_reviews(tables, system_id),
        first_action=_first_action(tables, system_id, month),
    )


def _evidence(tables: Tables, now: dict[str, Any], month: date) -> Evidence | None:
    if not now:
        return None
    values = _of_month(tables, "value_attribution_monthly", now["system_id"], month)
    direct = values.filter(pl.col("category") == "direct")
    grade = direct.select(pl.col("evidence_grade").max()).item()
    return Evidence(now["evidence_predictions"], now["coverage"], now["maturity"], grade)


def _open_reviews(tables: Tables, system_id: str) -> tuple[Review, ...]:
    if not tables.has("status_reviews"):
        return ()
    waiting = tables.frame("status_reviews").filter(
        pl.col("system_id") == system_id, pl.col("state") == "open"
    )
    waiting = waiting.sort("due_on", nulls_last=True, maintain_order=True)
    shown = waiting.select("kind", "opened_on", "opened_by_rule", "due_on", "is_overdue")
    return tuple(Review(**row) for row in shown.iter_rows(named=True))


def _first_action(tables: Tables, system_id: str, month: date) -> FirstAction | None:
    if not tables.has("options_monthly"):
        return None
    options = _of_month(tables, "options_monthly", system_id, month).filter("is_first_action")
    first = options.sort("rank", nulls_last=True, maintain_order=True).head(1)
    found = first.select("option", "npv", "probability_best").to_dicts()
    return FirstAction(**found[0]) if found else None


def _options_reason(tables: Tables, system_id: str, month: date) -> str | None:
    if not tables.has("options_monthly"):
        return None
    reasons = _of_month(tables, "options_monthly", system_id, month)["missing_reason"]
    return NO_WORTH if NO_WORTH in reasons.to_list() else None


def _since(history: Sequence[Standing]) -> date | None:
    """The first of the unbroken months that end now and have the status of now."""
    same = list(takewhile(lambda s: s.status == history[-1].status, reversed(history)))
    return same[-1].month if same else None


def _breakeven(earned: dict[str, Any]) -> tuple[Decimal | None, bool]:
    reached: Decimal | None = earned.get("breakeven_month_sustained")
    ahead: Decimal | None = earned.get("breakeven_month_projected")
    return (reached, False) if reached is not None else (ahead, ahead is not None)


def _calendar(tables: Tables, system_id: str, periods: Decimal | None) -> date | None:
    """The calendar month in which a period after the investment ends."""
    if periods is None:
        return None
    systems = tables.frame("dim_system")
    if system_id != PORTFOLIO:
        systems = systems.filter(pl.col("system_id") == system_id)
    invested_on: date = systems.select(pl.col("invested_on").min()).item()
    return add_months(month_of(invested_on), ceil(periods))


def _failed_checks(tables: Tables) -> tuple[FailedCheck, ...]:
    """Every check that did not hold when it was last run."""
    check, months = ["table_name", "check_name"], ["month_last", "month_first"]
    newest_first = tables.frame("check_results").sort(
        months, descending=True, nulls_last=True, maintain_order=True
    )
    failed = newest_first.unique(check, keep="first").filter(~pl.col("passed")).sort(check)
    shown = failed.select(*check, "severity", "description", "failing")
    return tuple(FailedCheck(*row) for row in shown.iter_rows())


def _unallocated(tables: Tables, month: date) -> Decimal:
    """What the month cost that no system claims, as paid."""
    costs = _of_month(tables, "tco_monthly", UNALLOCATED, month).filter(pl.col("basis") == "cash")
    found: Decimal | None = costs.select(added(pl.col("amount"))).item()
    return Decimal(0) if found is None else found


def _of_month(tables: Tables, name: str, system_id: str, month: date) -> pl.DataFrame:
    """The rows of a table about a system and a month."""
    return tables.frame(name).filter(pl.col("system_id") == system_id, pl.col("month") == month)
