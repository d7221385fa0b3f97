"""Drill-through: the queries from ledger lines down to delivered rows, a row a cost or prediction.

They read millions of rows, so DuckDB runs them and gives only what is asked for. The connection has
the deliveries of one state and the models that a function names, as views.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.warehouse import parquet

CELL_KEYS = (
    *("day", "system_id", "model_version", "serving_mode", "decision", "arm", "propensity"),
    *("status", "outcome_type", "link", "outcome", "observed_month", "is_correct", "currency"),
)
# Which linked predictions a published count counts.
_ACTED = "decision <> 'none' and status = 'ok'"
_LINKED = f"{_ACTED} and link = 'linked'"
_KNOWN = "status = 'ok' and link = 'linked'"
COUNTED: Mapping[str, str] = {
    "all": "true",
    "acted": _ACTED,
    "linked": _LINKED,
    "matured": f"{_LINKED} and day + horizon_days < as_of_on",
    "known": _KNOWN,
    "true_positive": f"{_KNOWN} and is_positive_decision and is_positive_outcome",
    "false_positive": f"{_KNOWN} and is_positive_decision and not is_positive_outcome",
    "false_negative": f"{_KNOWN} and not is_positive_decision and is_positive_outcome",
    "true_negative": f"{_KNOWN} and not is_positive_decision and not is_positive_outcome",
    "correct": f"{_KNOWN} and coalesce(is_positive_decision = is_positive_outcome, is_correct)",
    "labelled": f"{_KNOWN} and is_correct is not null",
}
# The delivery of a cost line: `source` names its dataset, but for what is computed.
DELIVERY = """
left join deliveries as d
    on d.delivery_id = {line}.delivery_id
    and case
        when {line}.source like 'computed/%' then d.dataset in ('facilities', 'edge_fleets')
        else d.dataset = {line}.source or (d.dataset = 'asset_events' and {line}.source = 'capex')
    end
"""
COST_ROWS = """
select
    c.month, c.system_id, c.basis, c.driver, c.category, c.cost_class, c.source,
    c.amount, case when c.is_avoidable then c.amount else 0 end as avoidable,
    coalesce(d.dataset, c.source) as dataset, c.delivery_id, c.row_no, c.original_amount,
    c.currency, c.allocation_key
from cost_share as c
{delivery}
where list_contains($months, c.month) and list_contains($systems, c.system_id)
order by c.delivery_id, c.row_no, c.month, c.basis, c.driver
"""
UNCLAIMED_ROWS = """
select u.*, coalesce(d.dataset, u.source) as dataset
from unclaimed_cost as u
{delivery}
where {place}
order by u.delivery_id, u.row_no, u.driver
"""
LINKED = """
create or replace table linked as
select
    *,
    'c' || dense_rank() over (order by {keys}) as cell_id
from (
    select
        l.* exclude (serving_mode, weight),
        cast(l.weight as decimal(19, 6)) as weight, -- two of 18 digits are multiplied in 64 bits
        coalesce(l.serving_mode, s.serving_mode, 'realtime') as serving_mode,
        date_trunc('month', l.day)::date as month,
        case
            when l.observed_at is null then 'pending'
            when l.observed_at < l.predicted_at then 'impossible'
            when l.observed_at >= l.horizon_at then 'late'
            else 'linked'
        end as link,
        l.predicted_label = l.outcome as is_correct,
        s.outcome_horizon_days as horizon_days,
        list_contains(s.positive_decisions, l.decision) as is_positive_decision,
        list_contains(s.positive_outcomes, l.outcome) as is_positive_outcome,
        r.as_of_on
    from {linked} as l
    left join systems as s using (system_id)
    cross join run_scope as r
)
"""
CELLS = """
create or replace table outcome_cells as
select
    month, cell_id, {keys},
    count(*) as predictions,
    cast(sum(weight) as decimal(38, 6)) as cases,
    cast(null as decimal(38, 6)) as cases_squared,
    cast(sum(amount * weight) as decimal(38, 6)) as amount,
    cast(null as decimal(38, 6)) as amount_squared,
    cast(sum(outcome_amount * weight) as decimal(38, 6)) as outcome_amount,
    cast(null as decimal(38, 6)) as outcome_amount_squared,
    cast(null as decimal(38, 6)) as amount_product,
    cast(sum(outcome_quantity * weight) as decimal(38, 6)) as outcome_quantity,
    cast(null as decimal(38, 6)) as outcome_quantity_squared
from linked
group by all
"""
# What the measured sum, the quantity and the amount of a cell grow by when a row joins them.
VALUE_ROWS = """
with counted as (
    select
        l.*,
        v.driver, v.factor, v.unit, v.category,
        case
            when v.rate = 1 then v.unit_price else cast(v.unit_price * v.rate as decimal(28, 9))
        end as price,
        cast(sum(case v.measure
            when 'case' then l.weight
            when 'amount' then coalesce(l.amount * l.weight, 0)
            when 'outcome_amount' then coalesce(l.outcome_amount * l.weight, 0)
            when 'outcome_quantity' then coalesce(l.outcome_quantity * l.weight, 0)
        end) over so_far as decimal(38, 6)) as measured
    from linked as l
    inner join value_priced as v on v.cell_id = l.cell_id and v.open_cell_id is null
    window so_far as (
        partition by l.cell_id, v.driver order by l.delivery_id, l.row_no
        rows between unbounded preceding and current row
    )
),

grown as (
    select
        *,
        cast(measured * factor as decimal(38, 9))
        - coalesce(lag(cast(measured * factor as decimal(38, 9))) over (
            partition by cell_id, driver order by delivery_id, row_no
        ), 0) as quantity
    from counted
)

select
    month, observed_month, system_id, driver, model_version, serving_mode, category,
    cast(quantity * price as decimal(38, 18)) as amount, quantity, unit, price,
    delivery_id, row_no, outcome_delivery_id, outcome_row_no, prediction_id, decision, outcome
from grown
order by delivery_id, row_no, driver
"""
# As the cells step leaves them, but a row a decision, known by where it was delivered.
HANDS = """
create or replace table shared_cells as
select
    month, day, system_id, model_version, serving_mode, decision, arm, outcome_type, outcome,
    cast(propensity as decimal(9, 6)) as propensity, observed_month, is_correct, currency,
    shared_key, predicted_at as touched_at, 1 as predictions, weight as cases,
    delivery_id || '/' || row_no || '/' || outcome_type as cell_id,
    cast(amount * weight as decimal(38, 6)) as amount,
    cast(outcome_amount * weight as decimal(38, 6)) as outcome_amount,
    cast(outcome_quantity * weight as decimal(38, 6)) as outcome_quantity
from linked
where shared_key is not null and link = 'linked' and status = 'ok'
"""
CLAIMS = """
select
    c.*, k.company, m.bit, m.place,
    l.prediction_id, l.decision, l.outcome, l.delivery_id, l.row_no,
    l.outcome_delivery_id, l.outcome_row_no
from shared_claim as c
inner join linked as l
    on c.hand_id = l.delivery_id || '/' || l.row_no || '/' || l.outcome_type
left join shared_company as k on k.shared_key = c.shared_key
left join shared_member as m on m.shared_key = c.shared_key and m.system_id = c.system_id
order by c.hand_id
"""
Row = dict[str, Any]


def link(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make the table `linked` of the engine's linked predictions, each with the id of its cell, and
    `outcome_cells` of it. Needs `systems` and `run_scope`."""
    keys = ", ".join(CELL_KEYS)
    con.execute(LINKED.format(keys=keys, linked=parquet(file)))
    con.execute(CELLS.format(keys=keys))


def share_hands(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `shared_cells` of `linked`: every decision with a hand in a shared outcome."""
    con.execute(HANDS)


def cost_rows(
    con: duckdb.DuckDBPyConnection, months: Sequence[date], system_ids: Sequence[str]
) -> list[Row]:
    """Every row behind the cost of some months and systems. Needs `cost_share`."""
    return _rows(
        con,
        COST_ROWS.format(delivery=DELIVERY.format(line="c")),
        {"months": list(months), "systems": list(system_ids)},
    )


def unclaimed_rows(con: duckdb.DuckDBPyConnection, place: Mapping[str, object]) -> list[Row]:
    """Every row behind unallocated cost where columns have the values of `place`. Needs
    `unclaimed_cost`."""
    same = " and ".join(f"u.{name} = ${name}" for name in place)
    return _rows(
        con, UNCLAIMED_ROWS.format(delivery=DELIVERY.format(line="u"), place=same), dict(place)
    )


def value_rows(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every prediction behind value, with its part of it. Needs `linked` and `value_priced`."""
    return _rows(con, VALUE_ROWS)


def claim_rows(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every claim of a decision on a shared outcome. Needs `shared_claim` and what it reads."""
    return _rows(con, CLAIMS)


def counted_rows(
    con: duckdb.DuckDBPyConnection, counted: str, where: Mapping[str, object]
) -> list[Row]:
    """Every prediction of `where` (column to value) that one of COUNTED counts. Needs `linked`."""
    same = " and ".join(f"{column} is not distinct from ${column}" for column in where) or "true"
    query = f"""
        select delivery_id, row_no, outcome_delivery_id, outcome_row_no, prediction_id, decision,
            outcome
        from linked where outcome_type = 'primary' and {COUNTED[counted]} and {same}
        order by delivery_id, row_no
    """  # noqa: S608
    return _rows(con, query, dict(where))


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> list[Row]:
    """Every row of a query, by column."""
    found = con.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
