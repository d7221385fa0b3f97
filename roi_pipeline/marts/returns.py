"""Return on investment by month and system, and for the whole portfolio (method §1)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

import polars as pl

from roi_pipeline.domain.breakeven import Breakeven, band, breakeven, discounted_breakeven
from roi_pipeline.domain.cashflow import (
    Irr,
    equivalent_periodic_value,
    irr,
    mirr,
    npv,
    present_value_roi,
    roi,
)
from roi_pipeline.marts.adjusted import capital, hurdle, risk_adjusted
from roi_pipeline.marts.facts import (
    Month,
    cumulative_low,
    evidence_months,
    read_facts,
    rounded,
    window,
)
from roi_pipeline.marts.reading import Read, currency
from roi_pipeline.marts.terms import Terms

MONEY = pl.Decimal(38, 18)
WIDEST_ANNUAL = 1e6  # a hundred million percent a year says nothing, and fits no column
ROI: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    **dict.fromkeys(
        (
            *("value", "gross_value", "tco_cash", "tco_accrual", "avoidable_cost"),
            *("net_cash", "net_accrual", "cumulative_value", "cumulative_tco_cash"),
            *("cumulative_tco_accrual", "cumulative_net_cash", "cumulative_net_accrual"),
            *("value_trailing_12", "tco_accrual_trailing_12"),
            *("indirect_value", "cumulative_indirect_value"),
        ),
        MONEY,
    ),
    **dict.fromkeys(
        (
            *("roi_cumulative_cash", "roi_cumulative_accrual", "roi_trailing_12"),
            *("with_indirect_roi", "npv", "pv_cost", "pv_roi", "equivalent_monthly_value"),
            *("irr_annual", "mirr_annual"),
        ),
        pl.Float64,
    ),
    "irr_sign_changes": pl.Int64,
    "irr_missing_reason": pl.String,
    **dict.fromkeys(
        (
            *("breakeven_month_first", "breakeven_month_sustained"),
            *("breakeven_month_discounted", "breakeven_month_projected"),
        ),
        pl.Float64,
    ),
    "breakeven_crossings": pl.Int64,
    **dict.fromkeys(("breakeven_band", "breakeven_band_basis"), pl.String),
    "window_value": MONEY,
    "window_avoidable_cost": MONEY,
    **dict.fromkeys(("incremental_roi", "incremental_roi_low", "incremental_roi_high"), pl.Float64),
    **dict.fromkeys(("releasable_capital", "capital_charge", "economic_profit"), MONEY),
    **dict.fromkeys(
        (
            *("risk_adjusted_npv", "risk_adjusted_pv_cost", "risk_adjusted_roi"),
            "risk_adjusted_breakeven_month",
        ),
        pl.Float64,
    ),
    "cumulative_net_cash_low": MONEY,
    "missing_reason": pl.String,
    "currency": pl.String,
}


def roi_monthly(read: Read) -> pl.DataFrame:
    """One row a month and system, and one for `portfolio`."""
    terms, names, facts = Terms.read(read), *read_facts(read)
    money = currency(read)
    rows: list[dict[str, Any]] = []
    for system_id, months in facts.items():
        for k, raw in enumerate(names[system_id]):
            seen = months[: k + 1]
            row = raw | _incremental(system_id, seen, terms)
            row |= _economic_profit(system_id, facts, seen[-1], raw["net_accrual"], terms)
            if seen[-1].is_known:  # else none of them is: a value that nothing is compared with
                row |= _returns(system_id, seen, terms)
                row |= _cautious(system_id, facts, seen[-1].month, terms)
            rows.append(row | {"missing_reason": _missing(seen[-1], raw), "currency": money})
    return pl.DataFrame(rows, schema=ROI)


def _returns(system_id: str, seen: list[Month], terms: Terms) -> dict[str, Any]:
    """Cumulative returns, present value and breakeven up to the last month seen."""
    flows = [month.value - month.tco_cash for month in seen]
    costs = [month.tco_cash for month in seen]
    value, cash = sum((month.value for month in seen), Decimal(0)), sum(costs, Decimal(0))
    indirect = sum((month.indirect for month in seen), Decimal(0))
    accrual = sum((month.tco_accrual for month in seen), Decimal(0))
    year = seen[-12:]
    rate = hurdle(system_id, seen[-1].month, terms)
    present = npv(rate, flows)
    return {
        "roi_cumulative_cash": rounded(roi(value, cash)),
        "roi_cumulative_accrual": rounded(roi(value, accrual)),
        "roi_trailing_12": rounded(
            roi(
                sum((m.value for m in year), Decimal(0)),
                sum((m.tco_accrual for m in year), Decimal(0)),
            )
        )
        if all(m.is_measured for m in year) or any(m.is_measured and m.acted for m in year)
        else None,
        "with_indirect_roi": rounded(roi(value + indirect, cash)),
        "npv": rounded(present),
        "pv_cost": rounded(npv(rate, costs)),
        "pv_roi": rounded(present_value_roi(rate, [month.value for month in seen], costs)),
        "equivalent_monthly_value": rounded(
            equivalent_periodic_value(present, rate, len(seen) - 1) if len(seen) > 1 else None
        ),
        **_rates(irr(flows), mirr(flows, rate, rate)),
        **_breakeven(system_id, seen, flows, rate, terms),
        "cumulative_net_cash_low": cumulative_low(seen),
    }


def _rates(found: Irr, modified: float | None) -> dict[str, Any]:
    """Monthly rates per year; why there is no internal rate (method §1.2)."""
    yearly = annual(found.rate)
    reason = None if yearly is not None else "no_rate" if found.sign_changes else "no_sign_change"
    return {
        "irr_annual": yearly,
        "mirr_annual": annual(modified),
        "irr_sign_changes": found.sign_changes,
        "irr_missing_reason": "beyond_range" if yearly is None and found.rate else reason,
    }


def annual(rate: float | None) -> float | None:
    """A monthly rate per year, compounded; None beyond any that says something.

    >>> annual(0.01), annual(999.0)
    (0.126825, None)
    """
    if rate is None or rate > WIDEST_ANNUAL ** (1 / 12):
        return None
    return rounded((1 + rate) ** 12 - 1)


def _breakeven(
    system_id: str, seen: list[Month], flows: list[Decimal], rate: float, terms: Terms
) -> dict[str, Any]:
    """Crossings of the cumulative cash net, and how they lie in the agreed band (method §1.6)."""
    evidence = evidence_months(system_id, seen, terms)
    found = breakeven(list(accumulate(flows)), [m.value - m.tco_cash for m in evidence])
    last = seen[-1].month
    earliest = terms.number(system_id, last, "breakeven_min_months", 9)
    latest = terms.number(system_id, last, "breakeven_max_months", 24)
    months, basis = judged_breakeven(found, len(seen) - 1, latest)
    return {
        "breakeven_month_first": rounded(found.first),
        "breakeven_month_sustained": rounded(found.sustained),
        "breakeven_month_discounted": rounded(discounted_breakeven(rate, flows).sustained),
        "breakeven_month_projected": rounded(found.projected),
        "breakeven_crossings": found.crossings,
        "breakeven_band": band(months, earliest, latest),
        "breakeven_band_basis": basis,
    }


def judged_breakeven(
    found: Breakeven, elapsed: int, latest: float
) -> tuple[float | None, str | None]:
    """The months that are held against the band: when it was reached, else when it is projected,
    else the time that has gone by once it is more than `latest`; and which of them.

    >>> judged_breakeven(Breakeven(None, None, 0, None), 25, 24)
    (25, 'elapsed')
    """
    if found.sustained is not None:
        return found.sustained, "reached"
    if found.projected is not None:
        return found.projected, "projected"
    return (elapsed, "elapsed") if elapsed > latest else (None, None)


def _cautious(
    system_id: str, facts: Mapping[str, list[Month]], last: date, terms: Terms
) -> dict[str, Any]:
    """The investment case with benefits lowered and costs raised by their risk (method §1.10)."""
    flows = risk_adjusted(system_id, facts, last, terms)
    rate = hurdle(system_id, last, terms)
    return {
        "risk_adjusted_npv": rounded(npv(rate, flows.nets)),
        "risk_adjusted_pv_cost": rounded(npv(rate, flows.costs)),
        "risk_adjusted_roi": rounded(present_value_roi(rate, flows.values, flows.costs)),
        "risk_adjusted_breakeven_month": rounded(breakeven(list(accumulate(flows.nets))).sustained),
    }


def _incremental(system_id: str, seen: list[Month], terms: Terms) -> dict[str, Any]:
    trailing = window(system_id, seen, terms)
    return {
        "window_value": trailing.value,
        "window_avoidable_cost": trailing.avoidable,
        "incremental_roi": trailing.point,
        "incremental_roi_low": trailing.low,
        "incremental_roi_high": trailing.high,
    }


def _economic_profit(
    system_id: str,
    facts: Mapping[str, list[Month]],
    month: Month,
    net: Decimal | None,
    terms: Terms,
) -> dict[str, Any]:
    """What the month earned above what its releasable capital could (method §1.10)."""
    held = capital(system_id, facts, month.month, terms)
    return {
        "releasable_capital": held.releasable,
        "capital_charge": held.charge,
        "economic_profit": None if net is None else month.value - month.avoidable - held.charge,
    }


def _missing(month: Month, raw: dict[str, Any]) -> str | None:
    """Why a ratio of this row is null, in one word (contracts §4)."""
    if not (month.is_measured and month.is_known):
        return "no_baseline"
    if raw["cumulative_tco_accrual"] <= 0:
        return "no_cost"
    if month.linked == 0:
        return "no_outcomes"
    return "immature" if month.maturity is None else None
