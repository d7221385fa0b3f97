"""How the quality of each model version wears off (method §5.1, §5.2)."""

from datetime import date
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.decay_fit import FEWEST, Fit, forecast_crossing
from roi_pipeline.domain.degradation import (
    Crossing,
    break_even_quality,
    half_life,
    optimal_interval,
)
from roi_pipeline.domain.uncertainty import wilson
from roi_pipeline.marts.courses import Reference
from roi_pipeline.marts.economics import MONEY, cents, read_economies
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.outlook import (
    NO_WORTH,
    Outlook,
    VersionMonth,
    look_ahead,
    read_versions,
)
from roi_pipeline.marts.reading import Read, currency
from roi_pipeline.marts.terms import Terms

CONFIDENCE = 0.9
DEGRADATION: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("decisions", "right_decisions", "labelled", "right_labels"), pl.Int64),
    **dict.fromkeys(("quality", "quality_low", "quality_high"), pl.Float64),
    "evidence_months": pl.Int64,
    "law": pl.String,
    **dict.fromkeys(("expected_quality", "quality_at_start", "loss_per_month"), pl.Float64),
    **dict.fromkeys(("floor", "step_in_months", "dispersion", "half_life_months"), pl.Float64),
    "break_even_quality": pl.Float64,
    **dict.fromkeys(("crossing_in_months", "crossing_in_months_low"), pl.Float64),
    "crossing_in_months_high": pl.Float64,
    "crossing_month": pl.Date,
    "value_lost_per_month": MONEY,
    "retrain_cost": MONEY,
    "retrain_interval_months": pl.Float64,
    **dict.fromkeys(("missing_reason", "crossing_reason", "retrain_reason"), pl.String),
    "currency": pl.String,
}


def degradation_monthly(read: Read) -> pl.DataFrame:
    """How a model version wears off, and when it stops earning its cost (method §5)."""
    terms, reference, money = Terms.read(read), Reference.read(read), currency(read)
    counted = read_versions(read, "version_quality")
    rows = []
    for system_id, months in read_economies(read).items():
        own = counted.get(system_id, {})
        for k, month in enumerate(months):
            stated = reference.in_force(system_id, month.month).get("retrain")
            cost = stated.one_off_cost if stated else None
            for version, known in own.items():
                seen = {version: [one for one in known if one.month <= month.month]}
                if seen[version] and seen[version][-1].month == month.month:
                    ahead = look_ahead(system_id, months[: k + 1], seen, terms, version)
                    rows.append(_row(ahead, seen[version][-1], cost) | {"currency": money})
    return pl.DataFrame(rows, schema=DEGRADATION)


def _row(ahead: Outlook, counted: VersionMonth, retrain_cost: float | None) -> dict[str, Any]:
    n = counted.decisions
    bounds = wilson(counted.right_decisions, n)
    row: dict[str, Any] = {
        "month": ahead.month,
        "system_id": ahead.system_id,
        "model_version": ahead.model_version,
        "decisions": n,
        "right_decisions": counted.right_decisions,
        "labelled": counted.labelled,
        "right_labels": counted.right_labels,
        "quality": rounded(counted.right_decisions / n) if n else None,
        "quality_low": rounded(bounds.low) if bounds else None,
        "quality_high": rounded(bounds.high) if bounds else None,
        "evidence_months": len(ahead.points),
    }
    if ahead.fit is None:
        return row | {"missing_reason": _why_no_fit(ahead, n)}
    return row | _law(ahead.fit, ahead.age) | _threshold(ahead, ahead.fit, retrain_cost)


def _why_no_fit(ahead: Outlook, decisions: int) -> str:
    if ahead.missing_reason in ("no_baseline", "no_quality"):
        return ahead.missing_reason
    return f"fewer_than_{FEWEST}_evidence_months" if decisions else "no_quality"


def _law(fit: Fit, age: float) -> dict[str, Any]:
    """The fitted law in the terms of its own kind."""
    decay = fit.decay
    return {
        "law": decay.law,
        "expected_quality": rounded(float(decay.quality(age))),
        "quality_at_start": rounded(decay.level),
        "loss_per_month": rounded(decay.loss_at(age)),
        "floor": None if decay.law == "linear" else rounded(decay.floor),
        "step_in_months": decay.at - age if decay.law == "step" else None,
        "dispersion": rounded(fit.dispersion),
        "half_life_months": rounded(half_life(decay)),
    }


def _threshold(ahead: Outlook, fit: Fit, retrain_cost: float | None) -> dict[str, Any]:
    """When quality no longer pays for the running cost, and how often to retrain."""
    base = ahead.base
    if base is None or not ahead.has_worth:
        reason = NO_WORTH if base else ahead.missing_reason
        return {"crossing_reason": reason, "retrain_reason": reason}
    unit, volume = float(base.unit_value), float(base.volume)
    threshold = break_even_quality(unit, float(base.error_cost), float(base.cost) / volume)
    found = Crossing(None, reason=NO_WORTH)
    if threshold is not None:
        found = forecast_crossing(fit, threshold, ahead.age, CONFIDENCE)
    slope = volume * unit * fit.decay.loss_at(ahead.age)
    interval = optimal_interval(retrain_cost, slope) if retrain_cost is not None else None
    return {
        "break_even_quality": rounded(threshold),
        "crossing_in_months": _from_now(found.age, ahead.age),
        "crossing_in_months_low": _from_now(found.low, ahead.age),
        "crossing_in_months_high": _from_now(found.high, ahead.age),
        "crossing_month": _month(ahead.month, found.age, ahead.age),
        "crossing_reason": found.reason,
        "value_lost_per_month": cents(slope),
        "retrain_cost": None if retrain_cost is None else cents(retrain_cost),
        "retrain_interval_months": rounded(interval),
        "retrain_reason": "no_cost_stated"
        if retrain_cost is None
        else "no_decay"
        if interval is None
        else None,
    }


def _from_now(age: float | None, now: float) -> float | None:
    return None if age is None else rounded(age - now)


def _month(now: date, crossing: float | None, age: float) -> date | None:
    """The month in which a crossing lies."""
    return None if crossing is None else add_months(now, int((crossing - age) // 1))
