"""What a unit of work costs, by system and serving mode (method §1.7), and why a cost changed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.unit_cost import DIGIT, EXACT, Used, per, split_cost_change
from roi_pipeline.domain.value import allocate
from roi_pipeline.marts.reading import Read, currency, months

MONEY = pl.Decimal(38, 18)
METERS = ("input", "cached", "cache_write", "output", "cached_output", "reasoning")
COSTS = (
    *("cost_accrual", "variable_cost"),
    *(name for meter in METERS for name in (f"{meter}_token_cost", f"{meter}_tokens_billed")),
)
RATIO = pl.Decimal(28, 6)
RATIOS = (
    *("cost_per_1k_predictions", "fixed_cost_per_1k_predictions"),
    *("marginal_cost_per_1k_predictions", "cost_per_1m_tokens"),
    *(f"cost_per_1m_{meter}_tokens" for meter in METERS),
    *("cost_per_compute_hour", "cost_per_successful_outcome", "accelerator_utilisation"),
)
UNIT_COST: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "serving_mode": pl.String,
    "predictions": pl.Int64,
    "tokens": MONEY,
    "compute_seconds": pl.Decimal(38, 6),
    "successful_outcomes": pl.Int64,
    "accelerators": pl.Int64,
    "accelerator_hours": pl.Decimal(38, 6),
    "split_by": pl.String,
    **dict.fromkeys(COSTS, MONEY),
    "fixed_cost": MONEY,
    **dict.fromkeys(RATIOS, RATIO),
    "missing_reason": pl.String,
    "utilisation_missing_reason": pl.String,
    "currency": pl.String,
}
CHANGE: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "category": pl.String,
    "driver": pl.String,
    "unit": pl.String,
    "quantity_before": pl.Decimal(38, 6),
    "quantity_after": pl.Decimal(38, 6),
    "predictions_before": pl.Int64,
    "predictions_after": pl.Int64,
    **dict.fromkeys(("before", "after", "change", "price", "volume", "mix", "other"), MONEY),
    "currency": pl.String,
}
Place = tuple[date, str]


def unit_cost_monthly(read: Read) -> pl.DataFrame:
    """What a system's units of work cost in a month, by serving mode; modes add up to the accrual.

    A cost is split between modes by their seconds of compute where every mode logs them, else by
    predictions. `variable_cost` is what bills charge by use and stopping would save; the rest is
    fixed. A ratio without a denominator is empty and `missing_reason` names the first of them.
    """
    run_months = read("run_month")
    costs = {
        (row["month"], row["system_id"]): {name: row[name] for name in COSTS}
        for row in read("cost_month").join(run_months, on="month", how="semi").iter_rows(named=True)
    }
    modes = _modes(read)
    accelerators = read("accelerator_use").select(
        "month", "system_id", "accelerators", "accelerator_hours"
    )
    ready = {row[:2]: row[2:] for row in accelerators.iter_rows()}
    mode = pl.col("serving_mode").fill_null("realtime")
    default = dict(read("systems").select("system_id", mode).iter_rows())
    money = currency(read)
    rows: list[dict[str, Any]] = []
    for place in sorted({*costs, *modes}):
        if place[1] not in default:
            continue  # nobody's cost has no unit of work
        idle = {default[place[1]]: dict.fromkeys(_MEASURES, Decimal(0))}
        spent = costs.get(place, dict.fromkeys(COSTS, Decimal(0)))
        for name, row in _by_mode(spent, modes.get(place) or idle).items():
            key = {"month": place[0], "system_id": place[1], "serving_mode": name}
            rows.append(key | row | _ratios(row, ready.get(place)) | {"currency": money})
    return pl.DataFrame(rows, schema=UNIT_COST)


def _modes(read: Read) -> dict[Place, dict[str, dict[str, Any]]]:
    """What each serving mode of a system did in a month of the run, in the order of their names."""
    found: dict[Place, dict[str, dict[str, Any]]] = defaultdict(dict)
    grain = ["month", "system_id", "serving_mode"]
    used = (
        read("mode_usage")
        .join(read("run_month"), on="month", how="semi")
        .join(read("success_count"), on=grain, how="left")
        .sort(grain)
    )
    for row in used.iter_rows(named=True):
        found[row["month"], row["system_id"]][row["serving_mode"]] = {
            "predictions": int(row["predictions"]),
            "tokens": Decimal(row["tokens"]),
            "compute_seconds": Decimal(row["compute_seconds"]),
            "successful_outcomes": int(row["successful_outcomes"] or 0),
        }
    return found


def _by_mode(
    spent: Mapping[str, Decimal], used: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Every cost of a system divided between its modes, exactly."""
    weigh = "compute_seconds" if all(one["compute_seconds"] > 0 for one in used.values()) else ""
    split_by = weigh or "predictions"
    weights = {mode: one[split_by] for mode, one in used.items()}
    if not sum(weights.values()):
        weights = dict.fromkeys(weights, 1)
    with localcontext(EXACT):
        parts = {name: allocate(amount, weights, DIGIT) for name, amount in spent.items()}
        cost, variable = parts["cost_accrual"], parts["variable_cost"]
        fixed = {mode: cost[mode] - variable[mode] for mode in used}
    return {
        mode: {
            **one,
            **{name: part[mode] for name, part in parts.items()},
            "fixed_cost": fixed[mode],
            "split_by": split_by,
        }
        for mode, one in used.items()
    }


def _ratios(row: Mapping[str, Any], ready: tuple[int, Decimal] | None) -> dict[str, Any]:
    cost, predictions, hours = (
        row["cost_accrual"],
        row["predictions"],
        row["compute_seconds"] / 3600,
    )
    accelerators, hours_ready = (int(ready[0]), Decimal(ready[1])) if ready else (0, Decimal(0))
    tokens = {
        f"cost_per_1m_{kind}_tokens": per(
            row[f"{kind}_token_cost"], row[f"{kind}_tokens_billed"], 1_000_000
        )
        for kind in METERS
    }
    return {
        "cost_per_1k_predictions": per(cost, predictions, 1000),
        "fixed_cost_per_1k_predictions": per(row["fixed_cost"], predictions, 1000),
        "marginal_cost_per_1k_predictions": per(row["variable_cost"], predictions, 1000),
        "cost_per_1m_tokens": per(cost, row["tokens"], 1_000_000),
        **tokens,
        "cost_per_compute_hour": per(cost, hours),
        "cost_per_successful_outcome": per(cost, row["successful_outcomes"]),
        "missing_reason": _missing(row),
        "accelerators": accelerators,
        "accelerator_hours": hours_ready,
        "accelerator_utilisation": per(Decimal(hours), hours_ready) if hours else None,
        "utilisation_missing_reason": None
        if hours and hours_ready
        else ("no_accelerators" if hours else "no_compute_seconds"),
    }


def _missing(row: Mapping[str, Any]) -> str | None:
    """Why the first of the ratios that are empty is so, in one word."""
    lacks = {
        "no_predictions": row["predictions"],
        "no_cost": row["cost_accrual"],
        "no_outcomes": row["successful_outcomes"],
        "no_compute_seconds": row["compute_seconds"],
        "no_tokens": row["tokens"],
    }
    return next((reason for reason, amount in lacks.items() if not amount), None)


def tco_change_monthly(read: Read) -> pl.DataFrame:
    """Why a system's cost (accrual) changed from the month before: price, volume, mix, other.

    One row a ledger driver; the parts add up to the change exactly (method §7.2).
    """
    totals = read("mode_usage").group_by("month", "system_id").agg(pl.sum("predictions"))
    served = {(month, system_id): int(count) for month, system_id, count in totals.iter_rows()}
    run_months = months(read)
    lines: dict[tuple[str, str, str], dict[date, tuple[Used, str | None]]] = defaultdict(dict)
    for row in read("cost_driver_month").iter_rows(named=True):
        place = (row["month"], row["system_id"])
        used = Used(row["amount"], row["quantity"], served.get(place, 0))
        lines[row["system_id"], row["category"], row["driver"]][row["month"]] = used, row["unit"]
    money, rows = currency(read), []
    for (system_id, category, driver), seen in sorted(lines.items()):
        for month in run_months[1:]:
            then = add_months(month, -1)
            if month not in seen and then not in seen:
                continue
            before, unit_before = seen.get(then, (_nothing(served, then, system_id), None))
            after, unit = seen.get(month, (_nothing(served, month, system_id), unit_before))
            if unit_before not in (None, unit):  # hours and gigabytes cannot be compared
                before, after = replace(before, quantity=None), replace(after, quantity=None)
            change = split_cost_change(before, after)
            rows.append(
                {
                    "month": month,
                    "system_id": system_id,
                    "category": category,
                    "driver": driver,
                    "unit": unit,
                    "quantity_before": before.quantity,
                    "quantity_after": after.quantity,
                    "predictions_before": before.predictions,
                    "predictions_after": after.predictions,
                    "before": before.amount,
                    "after": after.amount,
                    "change": change.total,
                    **asdict(change),
                    "currency": money,
                }
            )
    return pl.DataFrame(rows, schema=CHANGE)


def _nothing(served: Mapping[Place, int], month: date, system_id: str) -> Used:
    """A month without the cost."""
    return Used(Decimal(0), None, served.get((month, system_id), 0))


_MEASURES = ("predictions", "tokens", "compute_seconds", "successful_outcomes")
