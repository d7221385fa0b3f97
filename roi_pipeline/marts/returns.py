"""Return on investment by month and system, and for the whole portfolio (method §1)."""

from decimal import Decimal
from itertools import accumulate
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.breakeven import band, breakeven, discounted_breakeven
from roi_pipeline.domain.cashflow import irr, monthly_rate, npv, roi
from roi_pipeline.marts.facts import (
    Month,
    cumulative_low,
    evidence_months,
    read,
    rounded,
    window,
)
from roi_pipeline.marts.terms import Terms

MONEY = pl.Decimal(38, 18)
ROI: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    **dict.fromkeys(
        (
            *("value", "gross_value", "tco_cash", "tco_accrual", "avoidable_cost"),
            *("net_cash", "net_accrual", "cumulative_value", "cumulative_tco_cash"),
            *("cumulative_tco_accrual", "cumulative_net_cash", "cumulative_net_accrual"),
            *("value_trailing_12", "tco_accrual_trailing_12"),
        ),
        MONEY,
    ),
    **dict.fromkeys(
        (
            *("roi_cumulative_cash", "roi_cumulative_accrual", "roi_trailing_12", "npv"),
            *("irr_annual", "breakeven_month_first", "breakeven_month_sustained"),
            *("breakeven_month_discounted", "breakeven_month_projected"),
        ),
        pl.Float64,
    ),
    "breakeven_crossings": pl.Int64,
    "breakeven_band": pl.String,
    "window_value": MONEY,
    "window_avoidable_cost": MONEY,
    **dict.fromkeys(("incremental_roi", "incremental_roi_low", "incremental_roi_high"), pl.Float64),
    "economic_profit": MONEY,
    "cumulative_net_cash_low": MONEY,
    "missing_reason": pl.String,
    "currency": pl.String,
}


def roi_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """One row a month and system, and one for `portfolio`."""
    terms, names, facts = Terms.read(con), *read(con)
    (currency,) = con.execute("select reporting_currency from setting").fetchall()[0]
    rows = []
    for system_id, months in facts.items():
        for k, raw in enumerate(names[system_id]):
            seen = months[: k + 1]
            rows.append(
                raw
                | _returns(system_id, seen, terms)
                | _incremental(system_id, seen, terms)
                | {"missing_reason": _missing(seen[-1], raw), "currency": currency}
            )
    return pl.DataFrame(rows, schema=ROI)


def _returns(system_id: str, seen: list[Month], terms: Terms) -> dict[str, Any]:
    """Cumulative returns, present value and breakeven up to the last month seen."""
    flows = [month.value - month.tco_cash for month in seen]
    value = sum((month.value for month in seen), Decimal(0))
    cash = sum((month.tco_cash for month in seen), Decimal(0))
    accrual = sum((month.tco_accrual for month in seen), Decimal(0))
    year = seen[-12:]
    last = seen[-1].month
    annual = terms.number(system_id, last, "hurdle_rate_annual", 0.12)
    rate = monthly_rate(annual, terms.text(system_id, last, "hurdle_convention", "effective"))
    evidence = evidence_months(system_id, seen, terms)
    found = breakeven(list(accumulate(flows)), [m.value - m.tco_cash for m in evidence])
    found_irr = irr(flows)
    return {
        "roi_cumulative_cash": rounded(roi(value, cash)),
        "roi_cumulative_accrual": rounded(roi(value, accrual)),
        "roi_trailing_12": rounded(
            roi(
                sum((m.value for m in year), Decimal(0)),
                sum((m.tco_accrual for m in year), Decimal(0)),
            )
        ),
        "npv": round(npv(rate, flows), 6),
        "irr_annual": None if found_irr.rate is None else rounded((1 + found_irr.rate) ** 12 - 1),
        "breakeven_month_first": rounded(found.first),
        "breakeven_month_sustained": rounded(found.sustained),
        "breakeven_month_discounted": rounded(discounted_breakeven(rate, flows).sustained),
        "breakeven_month_projected": rounded(found.projected),
        "breakeven_crossings": found.crossings,
        "breakeven_band": band(
            found.sustained,
            terms.number(system_id, last, "breakeven_min_months", 9),
            terms.number(system_id, last, "breakeven_max_months", 24),
        ),
        "cumulative_net_cash_low": cumulative_low(seen),
    }


def _incremental(system_id: str, seen: list[Month], terms: Terms) -> dict[str, Any]:
    trailing, month = window(system_id, seen, terms), seen[-1]
    return {
        "window_value": trailing.value,
        "window_avoidable_cost": trailing.avoidable,
        "incremental_roi": trailing.point,
        "incremental_roi_low": trailing.low,
        "incremental_roi_high": trailing.high,
        "economic_profit": month.value - month.avoidable,  # no capital can be released yet: K = 0
    }


def _missing(month: Month, raw: dict[str, Any]) -> str | None:
    """Why a ratio of this row is null, in one word (contracts §4)."""
    if raw["value"] == 0 and raw["gross_value"] != 0:
        return "no_baseline"
    if raw["cumulative_tco_accrual"] <= 0:
        return "no_cost"
    if month.linked == 0:
        return "no_outcomes"
    return "immature" if month.maturity is None else None
