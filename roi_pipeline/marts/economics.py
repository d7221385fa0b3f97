"""What a month of a system was made of: volume, quality, what quality is worth, and cost.

Everything here is as known now, in the month it belongs to: a correction of an earlier month is
in that month, not in the one that reports it. Small tables, read by all that look ahead.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.value import Month
from roi_pipeline.marts.reading import Read, currency, until_last_month
from roi_pipeline.marts.terms import Terms

MONEY = pl.Decimal(38, 18)
ECONOMICS: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("decisions", "right_decisions"), pl.Int64),
    **dict.fromkeys(("value", "avoidable", "compute", "fixed", "cumulative_net"), MONEY),
    **dict.fromkeys(("unit_value", "value_variance", "price_error", "maturity"), pl.Float64),
    "is_evidence": pl.Boolean,
    "missing_reason": pl.String,
    "currency": pl.String,
}


@dataclass(frozen=True)
class Economy:
    """One system in one month. Money in the reporting currency; cost is what was used up."""

    month: date
    model_version: str | None  # the one that decided most
    decisions: int
    right_decisions: int
    value: Decimal
    avoidable: Decimal  # what not running would save
    compute: Decimal  # the part of it that clouds and model providers bill
    fixed: Decimal  # running cost that stopping would not save; no depreciation
    cumulative_net: Decimal | None  # value less everything paid since the investment, if known
    unit_value: float | None  # what a right decision is worth above a wrong one
    value_variance: float
    price_error: float
    is_evidence: bool
    missing_reason: str | None


def economics_monthly(read: Read) -> pl.DataFrame:
    """What a month of a system was made of: volume, quality, what quality is worth, and cost."""
    terms, money = Terms.read(read), currency(read)
    rows = []
    for row in read("economics_input").sort("system_id", "month").iter_rows(named=True):
        policy = terms.policy(row["system_id"], row["month"])
        coverage = row["linked"] / row["acted"] if row["acted"] else 0.0
        errors, maturity = row["priced_errors"], number(row["maturity"])
        reason = None if row["is_incremental"] else "no_baseline"
        is_evidence = (
            reason is None
            and (maturity or 0) >= policy.min_maturity
            and coverage >= policy.min_coverage
            and row["linked"] >= max(policy.min_predictions, 1)
        )
        rows.append(
            {name: row[name] for name in ECONOMICS if name in row}
            | {
                "unit_value": float(row["errors_worth"] / errors) if errors else None,
                "value_variance": number(row["value_variance"]),
                "price_error": number(row["price_error"]),
                "maturity": maturity,
                "is_evidence": is_evidence,
                "missing_reason": reason or (None if is_evidence else "no_evidence"),
                "currency": money,
            }
        )
    return pl.DataFrame(rows, schema=ECONOMICS)


def read_economies(read: Read) -> dict[str, list[Economy]]:
    """The months of every system, oldest first (reads `economics_monthly` and `run_month`)."""
    found: dict[str, list[Economy]] = {}
    names, ratios = Economy.__dataclass_fields__, ("unit_value", "value_variance", "price_error")
    rows = until_last_month(read, "economics_monthly").sort("system_id", "month")
    for row in rows.iter_rows(named=True):
        known = {name: row[name] for name in names} | {name: number(row[name]) for name in ratios}
        found.setdefault(row["system_id"], []).append(Economy(**known))
    return found


def number(ratio: Decimal | float | None) -> float | None:
    """A stored ratio, which is a decimal, as the float that was stored."""
    return None if ratio is None else float(ratio)


def mean_month(months: list[Economy]) -> Month | None:
    """The mean of some months as volume, quality, unit value, error cost and cost (method §7.2).

    Its net is the mean of theirs exactly. None when nothing was decided, or when no error tells
    what quality is worth.
    """
    count, decisions = len(months), sum(month.decisions for month in months)
    priced = [month for month in months if month.unit_value is not None]
    errors = sum(month.decisions - month.right_decisions for month in priced)
    if not decisions or not errors:
        return None
    unit = sum(
        Decimal(str(month.unit_value)) * (month.decisions - month.right_decisions)
        for month in priced
    ) / Decimal(errors)
    quality = Decimal(sum(month.right_decisions for month in months)) / decisions
    each = sum((month.value for month in months), Decimal(0)) / decisions
    cost = sum((month.avoidable for month in months), Decimal(0)) / count
    return Month(Decimal(decisions) / count, quality, unit, unit * quality - each, cost)


def cents(amount: float | Decimal) -> Decimal:
    """Money that was discounted or simulated, rounded once: more digits would say nothing."""
    return Decimal(str(round(float(amount), 2)))
