"""Real time against batch: what each way of serving cost and brought, and what moving would
change (method §1.8, W04)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.efficiency import batch_against_realtime
from roi_pipeline.marts.economics import MONEY, cents
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.reading import Read, currency
from roi_pipeline.marts.terms import Terms

DEFAULTS: Mapping[str, float] = {  # terms of the same names override them
    "batch_discount": 0.5,
    "time_sensitive_share": 0.1,
    "deferral_days": 1.0,
}
SERVING: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "serving_mode": pl.String,
    "predictions": pl.Int64,
    **dict.fromkeys(("cost", "compute_cost", "value"), MONEY),
    **dict.fromkeys(("cost_per_1k", "value_per_1k"), pl.Float64),
    **dict.fromkeys(("counterfactual_saving", "value_lost", "deferred_value"), MONEY),
    **dict.fromkeys(("deferral_cost", "net_change"), MONEY),
    "breakeven_time_sensitive_share": pl.Float64,
    "is_movable": pl.Boolean,
    **dict.fromkeys(("missing_reason", "assumptions"), pl.String),
    "currency": pl.String,
}


def serving_mode_comparison_monthly(read: Read) -> pl.DataFrame:
    """What each serving mode cost and brought, and what serving it in batches would change."""
    terms, money = Terms.read(read), currency(read)
    by_system: dict[tuple[date, str], list[dict[str, Any]]] = defaultdict(list)
    for row in read("serving_mode_month").iter_rows(named=True):
        by_system[row["month"], row["system_id"]].append(row)
    rows = [
        _row(row, terms) | {"currency": money}
        for modes in by_system.values()
        for row in _divided(modes)
    ]
    return pl.DataFrame(rows, schema=SERVING)


def _divided(modes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The modes of one system and month, each with its part of the system's cost and with the share
    of compute time that batches save: by compute time, by predictions where that is not logged."""
    seconds = float(sum(row["compute_seconds"] or 0 for row in modes))
    predictions = sum(row["predictions"] for row in modes)
    each = {
        row["serving_mode"]: float(row["compute_seconds"]) / row["predictions"]
        for row in modes
        if row["compute_seconds"] is not None and row["predictions"]
    }
    in_batches = each.get("batch")
    for row in modes:
        part = None
        if seconds > 0:
            part = float(row["compute_seconds"] or 0) / seconds
        elif predictions:
            part = row["predictions"] / predictions
        now = each.get(row["serving_mode"])
        yield row | {
            "cost": _part(row["cost"], part),
            "compute": _part(row["compute"], part),
            "batch_discount": 1 - in_batches / now if now and in_batches is not None else None,
        }


def _part(amount: Decimal | None, part: float | None) -> float:
    """An estimate: the part of a system's cost that falls to one mode."""
    return 0.0 if amount is None or part is None else float(amount) * part


def _row(row: dict[str, Any], terms: Terms) -> dict[str, Any]:
    n, value, cost = row["predictions"], float(row["value"] or 0), row["cost"]
    told = {name: row[name] for name in ("month", "system_id", "serving_mode", "predictions")}
    told |= {
        "cost": cents(cost),
        "compute_cost": cents(row["compute"]),
        "value": cents(value),
        "cost_per_1k": rounded(1000 * cost / n) if n else None,
        "value_per_1k": rounded(1000 * value / n) if n else None,
    }
    if row["serving_mode"] == "batch":
        return told | {"missing_reason": "batch_already"}
    return told | _moved(row, terms, n, value)


def _moved(row: dict[str, Any], terms: Terms, n: int, value: float) -> dict[str, Any]:
    """The same month in batches, by what the terms say of the system."""
    given = terms.in_force(row["system_id"], row["month"])
    assumed = {
        name: float(given[name][0]) if name in given else default
        for name, default in DEFAULTS.items()
    }
    source = {name: "term" if name in given else "default" for name in DEFAULTS}
    measured = row["batch_discount"]
    if "batch_discount" not in given and measured is not None:
        assumed["batch_discount"], source["batch_discount"] = float(measured), "measured"
    is_bound = _is_latency_sensitive(row["serving_mode"], given)
    if is_bound:
        assumed["time_sensitive_share"], source["time_sensitive_share"] = 1.0, "latency"
    hurdle = terms.number(row["system_id"], row["month"], "hurdle_rate_annual", 0.12)
    compute = row["compute"]
    found = batch_against_realtime(
        n,
        compute / n if n else 0.0,
        assumed["batch_discount"],
        value,
        assumed["time_sensitive_share"],
        assumed["deferral_days"],
        hurdle,
    )
    return {
        "counterfactual_saving": cents(found.saving),
        "value_lost": cents(found.value_lost),
        "deferred_value": cents(value - found.value_lost),
        "deferral_cost": cents(found.deferral),
        "net_change": cents(found.net),
        "breakeven_time_sensitive_share": rounded(found.time_sensitive_share),
        "is_movable": not is_bound,
        "missing_reason": "no_value" if found.time_sensitive_share is None else None,
        "assumptions": "; ".join(f"{name} {assumed[name]:g} ({source[name]})" for name in DEFAULTS),
    }


def _is_latency_sensitive(mode: str, given: Mapping[str, tuple[str, str]]) -> bool:
    """By the term `latency_sensitive` (true or false); without it, what runs at the edge is."""
    if "latency_sensitive" in given:
        return given["latency_sensitive"][0].lower() in ("true", "1", "1.0", "yes")
    return mode == "edge"
