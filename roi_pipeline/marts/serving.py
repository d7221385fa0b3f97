"""Real time against batch: what each way of serving cost and brought, and what moving would
change (method §1.8, W04)."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.efficiency import batch_against_realtime
from roi_pipeline.marts.economics import MONEY, cents
from roi_pipeline.marts.facts import rounded
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


def serving_mode_comparison_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What each serving mode cost and brought, and what serving it in batches would change."""
    terms = Terms.read(con)
    rows = [_row(row, terms) for row in con.execute(_MODES).pl().iter_rows(named=True)]
    return pl.DataFrame(rows, schema=SERVING)


def _row(row: dict[str, Any], terms: Terms) -> dict[str, Any]:
    n, value, cost = row["predictions"], float(row["value"] or 0), float(row["cost"] or 0)
    told = {name: row[name] for name in ("month", "system_id", "serving_mode", "predictions")}
    told |= {
        "cost": cents(cost),
        "compute_cost": cents(row["compute"] or 0),
        "value": cents(value),
        "cost_per_1k": rounded(1000 * cost / n) if n else None,
        "value_per_1k": rounded(1000 * value / n) if n else None,
        "currency": row["currency"],
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
    compute = float(row["compute"] or 0)
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


# Cost is shared between modes by their compute time, by their predictions where that is not logged.
_MODES = """
with used as (
    select
        date_trunc('month', day)::date as month,
        system_id,
        serving_mode,
        sum(predictions)::bigint as predictions,
        sum(compute_seconds) as compute_seconds
    from usage_cells
    group by all
),
shared as (
    select
        *,
        case
            when sum(compute_seconds) over whole > 0
                then coalesce(compute_seconds, 0) / sum(compute_seconds) over whole
            else predictions / sum(predictions) over whole
        end as part,
        compute_seconds / nullif(predictions, 0) as seconds_each
    from used
    window whole as (partition by month, system_id)
),
cost as (
    select
        belongs_month as month,
        system_id,
        sum(amount) filter (where side = 'cost' and basis = 'accrual') as cost,
        sum(avoidable_amount) filter (
            where side = 'cost' and basis = 'accrual' and source = 'billing'
        ) as compute
    from ledger_monthly
    group by belongs_month, system_id
),
worth as (
    select belongs_month as month, system_id, serving_mode, sum(amount) as value
    from ledger_monthly
    where basis = 'cohort' and category = 'direct'
    group by belongs_month, system_id, serving_mode
)
select
    s.month,
    s.system_id,
    s.serving_mode,
    s.predictions,
    c.cost * s.part as cost,
    c.compute * s.part as compute,
    w.value,
    1 - b.seconds_each / nullif(s.seconds_each, 0) as batch_discount,
    (select reporting_currency from setting) as currency
from shared as s
left join cost as c using (month, system_id)
left join worth as w using (month, system_id, serving_mode)
left join shared as b
    on b.month = s.month and b.system_id = s.system_id and b.serving_mode = 'batch'
inner join run_month as m on m.month = s.month
order by s.system_id, s.month, s.serving_mode
"""
