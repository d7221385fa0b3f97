"""The facts behind returns and status: what each system brought and cost a month, and the trailing
window of months that count as evidence (method §1.5, §3.3, §6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import hypot, sqrt
from typing import Any

from roi_pipeline.domain.cashflow import incremental_roi
from roi_pipeline.domain.uncertainty import roi_interval_fieller, z_score
from roi_pipeline.marts.reading import Read
from roi_pipeline.marts.terms import Terms

TOTAL = "portfolio"


@dataclass(frozen=True)
class Month:
    """What one system brought and cost in one month, and how sure that is.

    `is_measured`: whether its value is measured against a baseline, holdout or release; if not, a
    gain is 0 here and only a loss counts. `is_known`: whether that since the investment is known.
    """

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
    is_measured: bool = True
    is_known: bool = True

    @property
    def coverage(self) -> float | None:
        """Linked outcomes a decision acted on."""
        return self.linked / self.acted if self.acted else None


@dataclass(frozen=True)
class Window:
    """The trailing evidence months of a system: what they brought, what not running it saves.

    `is_bounded` is False where the cost is so uncertain that the return has no bounds (Fieller).
    Value and avoidable cost are None where no month so far is measured.
    """

    months: tuple[date, ...]
    value: Decimal | None
    avoidable: Decimal | None
    point: float | None
    low: float | None
    high: float | None
    is_bounded: bool = True


def read_facts(read: Read) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[Month]]]:
    """roi_input by system, oldest first: the columns that pass through, and the facts."""
    shown: dict[str, list[dict[str, Any]]] = {}
    facts: dict[str, list[Month]] = {}
    for row in read("roi_input").sort("system_id", "month").iter_rows(named=True):
        system_id, value = row["system_id"], row["value"]
        is_known, is_measured = row["is_known"], row["is_measured"]
        is_total = system_id == TOTAL  # of which there is no net where a part is unknown
        so_far = row["counted_value"] if is_known or row["counted_value"] else None
        year = row["value_trailing_12"]
        shown.setdefault(system_id, []).append(
            {
                "month": row["month"],
                "system_id": system_id,
                "value": value,
                "gross_value": row["gross_value"],
                "indirect_value": row["indirect_value"],
                "cumulative_indirect_value": row["cumulative_indirect_value"],
                "tco_cash": row["tco_cash"],
                "tco_accrual": row["tco_accrual"],
                "avoidable_cost": row["avoidable"],
                **_nets("net_{}", value, row, "tco_{}", is_whole=is_measured or not is_total),
                "cumulative_value": so_far,
                "cumulative_tco_cash": row["cumulative_tco_cash"],
                "cumulative_tco_accrual": row["cumulative_tco_accrual"],
                **_nets(
                    "cumulative_net_{}",
                    so_far,
                    row,
                    "cumulative_tco_{}",
                    is_whole=is_known or not is_total,
                ),
                "value_trailing_12": year if is_known or year else None,
                "tco_accrual_trailing_12": row["tco_trailing_12"],
            }
        )
        facts.setdefault(system_id, []).append(
            Month(
                row["month"],
                value or Decimal(0),
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
                is_measured,
                is_known,
            )
        )
    return shown, facts


def _nets(
    name: str, value: Decimal | None, row: Mapping[str, Any], cost: str, *, is_whole: bool
) -> dict[str, Decimal | None]:
    """Value less cost on both bases; None where the value is unknown, or a part of it."""
    known = value if is_whole else None
    return {
        name.format(basis): None if known is None else known - row[cost.format(basis)]
        for basis in ("cash", "accrual")
    }


def evidence_months(system_id: str, seen: list[Month], terms: Terms) -> list[Month]:
    """The trailing months that count as evidence (method §6), at most the contract's window."""
    size = int(terms.number(system_id, seen[-1].month, "evidence_window_months", 3))
    policy = terms.policy(system_id, seen[-1].month)
    known = [
        month
        for month in seen
        if month.is_measured
        and (month.maturity or 0) >= policy.min_maturity
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
    if not months and not seen[-1].is_known:
        return Window((), None, None, None, None, None)
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


def cumulative_low(seen: list[Month]) -> Decimal | None:
    """The least the cumulative cash net can be: open predictions at their worst, less 1.96 SE.
    None where no month so far is measured."""
    if not seen[-1].is_known:
        return None
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
