"""The facts behind returns and status: what each system brought and cost a month, and the trailing
window of months that count as evidence (method §1.5, §3.3, §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import hypot, sqrt
from typing import Any

import duckdb

from roi_pipeline.domain.cashflow import incremental_roi
from roi_pipeline.domain.uncertainty import roi_interval_fieller, z_score
from roi_pipeline.marts.terms import Terms


@dataclass(frozen=True)
class Month:
    """What one system brought and cost in one month, and how sure that is."""

    month: date
    value: Decimal
    tco_cash: Decimal
    tco_accrual: Decimal = Decimal(0)
    avoidable: Decimal = Decimal(0)
    low_gap: float = 0.0
    high_gap: float = 0.0
    variance: float = 0.0
    acted: int = 0
    linked: int = 0
    maturity: float | None = None
    indirect: Decimal = Decimal(0)
    book_value: Decimal = Decimal(0)
    baseline_error: float = 0.0

    @property
    def coverage(self) -> float | None:
        """Linked outcomes a decision acted on."""
        return self.linked / self.acted if self.acted else None


@dataclass(frozen=True)
class Window:
    """The trailing evidence months of a system: what they brought, what not running it saves.

    `is_bounded` is False where the cost is so uncertain that the return has no bounds (Fieller).
    """

    months: tuple[date, ...]
    value: Decimal
    avoidable: Decimal
    point: float | None
    low: float | None
    high: float | None
    is_bounded: bool = True


def read(
    con: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[Month]]]:
    """roi_input by system, oldest first: the columns that pass through, and the facts."""
    shown: dict[str, list[dict[str, Any]]] = {}
    facts: dict[str, list[Month]] = {}
    frame = con.execute("select * from roi_input order by system_id, month").pl()
    for row in frame.iter_rows(named=True):
        system_id = row["system_id"]
        shown.setdefault(system_id, []).append(
            {
                "month": row["month"],
                "system_id": system_id,
                "value": row["value"],
                "gross_value": row["gross_value"],
                "indirect_value": row["indirect_value"],
                "cumulative_indirect_value": row["cumulative_indirect_value"],
                "tco_cash": row["tco_cash"],
                "tco_accrual": row["tco_accrual"],
                "avoidable_cost": row["avoidable"],
                "net_cash": row["net_cash"],
                "net_accrual": row["net_accrual"],
                "cumulative_value": row["cumulative_value"],
                "cumulative_tco_cash": row["cumulative_tco_cash"],
                "cumulative_tco_accrual": row["cumulative_tco_accrual"],
                "cumulative_net_cash": row["cumulative_value"] - row["cumulative_tco_cash"],
                "cumulative_net_accrual": row["cumulative_value"] - row["cumulative_tco_accrual"],
                "value_trailing_12": row["value_trailing_12"],
                "tco_accrual_trailing_12": row["tco_trailing_12"],
            }
        )
        facts.setdefault(system_id, []).append(
            Month(
                row["month"],
                row["value"],
                row["tco_cash"],
                row["tco_accrual"],
                row["avoidable"],
                float(row["value_low_gap"]),
                float(row["value_high_gap"]),
                row["value_variance"],
                int(row["acted"]),
                int(row["linked"]),
                row["maturity"],
                row["indirect_value"],
                row["book_value"],
                row["baseline_error"],
            )
        )
    return shown, facts


def evidence_months(system_id: str, seen: list[Month], terms: Terms) -> list[Month]:
    """The trailing months that count as evidence (method §6), at most the contract's window."""
    size = int(terms.number(system_id, seen[-1].month, "evidence_window_months", 3))
    policy = terms.policy(system_id, seen[-1].month)
    known = [
        month
        for month in seen
        if (month.maturity or 0) >= policy.min_maturity
        and (month.coverage or 0) >= policy.min_coverage
        and month.linked >= policy.min_predictions
    ]
    return known[-size:]


def window(system_id: str, seen: list[Month], terms: Terms) -> Window:
    """Incremental ROI over the evidence window (method §1.5, D8), with 95 % bounds that also hold
    whatever the open predictions turn out to be (method §3.3).

    Where the term `cost_relative_error` says that the avoidable cost is itself an estimate, the
    bounds are Fieller's (method §4.2), and there are none when the cost is not distinct from 0.
    """
    months = evidence_months(system_id, seen, terms)
    named = tuple(month.month for month in months)
    value = sum((month.value for month in months), Decimal(0))
    avoidable = sum((month.avoidable for month in months), Decimal(0))
    point = incremental_roi(value, avoidable)
    if point is None:
        return Window(named, value, avoidable, None, None, None)
    error = standard_error(months)
    relative = terms.number(system_id, seen[-1].month, "cost_relative_error", 0)
    worst, best = (
        roi_interval_fieller(
            value + Decimal(str(sum(gaps))), error, avoidable, relative * float(avoidable)
        )
        for gaps in ([m.low_gap for m in months], [m.high_gap for m in months])
    )
    if worst is None or best is None:
        return Window(named, value, avoidable, rounded(point), None, None, is_bounded=False)
    low, high = rounded(worst.low), rounded(best.high)
    return Window(named, value, avoidable, rounded(point), low, high)


def cumulative_low(seen: list[Month]) -> Decimal:
    """The least the cumulative cash net can be: open predictions at their worst, less 1.96 SE."""
    net = sum((month.value - month.tco_cash for month in seen), Decimal(0))
    gap = sum(month.low_gap for month in seen)
    reach = z_score() * standard_error(seen)
    return net + Decimal(str(round(gap - reach, 6)))


def standard_error(months: Sequence[Month]) -> float:
    """Of the value of several months: their predictions vary apart (method §4.2), but all stand
    against the same measured baseline, whose error therefore adds up."""
    baseline = sum(month.baseline_error for month in months)
    return hypot(sqrt(sum(month.variance for month in months)), baseline)


def rounded(number: Decimal | float | None) -> float | None:
    return None if number is None else round(float(number), 6)
