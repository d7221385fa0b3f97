"""The status board: what the current edition says of every system, in one row each.

Reads the files of the edition that `current.json` names, never the working database. Knows the
marts by name; knows no command and computes no number that is not published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import takewhile
from math import ceil
from pathlib import Path
from typing import Any

from roi_pipeline.domain.calendar import add_months, month_of
from roi_pipeline.errors import RoiError
from roi_pipeline.publish.editions import Edition, current
from roi_pipeline.publish.reading import Tables

HISTORY_MONTHS = 12
PORTFOLIO = "portfolio"
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
    with Tables(marts / edition.name) as tables:
        month = date.fromisoformat(f"{edition.months[-1]}-01")
        names = dict(
            tables.rows(
                "select system_id, name from dim_system "
                "where system_id not in ('portfolio', 'unallocated')"
            )
        )
        rows = tuple(_row(tables, system_id, names[system_id], month) for system_id in names)
        (closed,) = tables.rows("select max(month) from dim_month where is_closed")[0]
        (aside,) = tables.rows("select coalesce(sum(rows_quarantined), 0) from deliveries")[0]
        total = _row(tables, PORTFOLIO, "Portfolio", month)
        (currency,) = tables.rows("select any_value(currency) from roi_monthly")[0]
        return Board(
            edition=edition,
            month=month,
            currency=currency,
            rows=tuple(sorted(rows, key=lambda row: (not row.is_breach, row.name))),
            total=total,
            failed_checks=_failed_checks(tables),
            quarantined=int(aside),
            closed_through=closed,
            unallocated=_unallocated(tables, month),
        )


def _row(tables: Tables, system_id: str, name: str, month: date) -> Row:
    standings = tables.records(
        "select * from threshold_status_monthly where system_id = ? and month <= ? order by month",
        [system_id, month],
    )
    money = tables.records(
        "select * from roi_monthly where system_id = ? and month = ?", [system_id, month]
    )
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
    ((grade,),) = tables.rows(
        "select max(evidence_grade) from value_attribution_monthly "
        "where system_id = ? and month = ? and category = 'direct'",
        [now["system_id"], month],
    )
    return Evidence(now["evidence_predictions"], now["coverage"], now["maturity"], grade)


def _open_reviews(tables: Tables, system_id: str) -> tuple[Review, ...]:
    if not tables.has("status_reviews"):
        return ()
    found = tables.rows(
        "select kind, opened_on, opened_by_rule, due_on, is_overdue from status_reviews "
        "where system_id = ? and state = 'open' order by due_on",
        [system_id],
    )
    return tuple(Review(*row) for row in found)


def _first_action(tables: Tables, system_id: str, month: date) -> FirstAction | None:
    if not tables.has("options_monthly"):
        return None
    found = tables.rows(
        "select option, npv, probability_best from options_monthly "
        "where system_id = ? and month = ? and is_first_action order by rank",
        [system_id, month],
    )
    return FirstAction(*found[0]) if found else None


def _options_reason(tables: Tables, system_id: str, month: date) -> str | None:
    if not tables.has("options_monthly"):
        return None
    found = tables.rows(
        "select missing_reason from options_monthly where system_id = ? and month = ? "
        "and missing_reason = 'quality_has_no_worth' limit 1",
        [system_id, month],
    )
    return found[0][0] if found else None


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
    ((invested_on,),) = tables.rows(
        "select min(invested_on) from dim_system where system_id = $id or $id = 'portfolio'",
        {"id": system_id},
    )
    return add_months(month_of(invested_on), ceil(periods))


def _failed_checks(tables: Tables) -> tuple[FailedCheck, ...]:
    """Every check that did not hold when it was last run."""
    found = tables.rows(
        """
        select table_name, check_name, severity, description, failing from check_results
        qualify row_number() over (
            partition by table_name, check_name order by month_last desc, month_first desc) = 1
            and not passed
        order by table_name, check_name
        """
    )
    return tuple(FailedCheck(*row) for row in found)


def _unallocated(tables: Tables, month: date) -> Decimal:
    """What the month cost that no system claims, as paid."""
    (found,) = tables.rows(
        "select coalesce(sum(amount), 0) from tco_monthly "
        "where system_id = 'unallocated' and basis = 'cash' and month = ?",
        [month],
    )[0]
    return Decimal(found)
