"""From ledger lines down to delivered rows, priced one by one so that they add up to the line.

Knows cost shares and linked predictions; knows no published number. A row's part of a rounded sum
is what the sum grows by when the row joins it, so parts always add up to the sum.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.domain.calendar import Months
from roi_pipeline.explain.states import State, add_models, records
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.cells import local_engine, step_of
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import parquet

Key = tuple[date, str, str, str, str, str, str]  # month, system, basis, driver, version, mode, more
CELL_KEYS = (
    *("day", "system_id", "model_version", "serving_mode", "decision", "arm", "propensity"),
    *("status", "outcome_type", "link", "outcome", "observed_month", "is_correct", "currency"),
)


@dataclass(frozen=True)
class Found:
    """A delivered row's part of a ledger line, before it is known whose line it is."""

    amount: Decimal
    dataset: str
    delivery_id: str
    row_no: int
    text: str
    avoidable: Decimal = Decimal(0)
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    outcome_delivery_id: str | None = None
    outcome_row_no: int | None = None


COST_ROWS = """
select
    c.month, c.system_id, c.basis, c.driver, c.category, c.cost_class, c.source,
    c.amount, case when c.is_avoidable then c.amount else 0 end as avoidable,
    coalesce(d.dataset, c.source) as dataset, c.delivery_id, c.row_no, c.original_amount,
    c.currency, c.allocation_key
from cost_share as c
left join deliveries as d
    on d.delivery_id = c.delivery_id
    and case
        when c.source like 'computed/%' then d.dataset in ('facilities', 'edge_fleets')
        else d.dataset = c.source or (d.dataset = 'asset_events' and c.source = 'capex')
    end
where list_contains($months, c.month) and list_contains($systems, c.system_id)
order by c.delivery_id, c.row_no, c.month, c.basis, c.driver
"""


def cost_rows(
    con: duckdb.DuckDBPyConnection,
    models: Mapping[str, Table],
    months: Sequence[date],
    system_ids: Sequence[str],
) -> dict[Key, list[Found]]:
    """Every row behind the cost lines of some months and systems, by line."""
    add_models(con, models, ("cost_share",))
    found: dict[Key, list[Found]] = {}
    for row in records(con, COST_ROWS, {"months": list(months), "systems": list(system_ids)}):
        more = f"{row['category']}/{row['cost_class']}/{row['source']}"
        key = (row["month"], row["system_id"], row["basis"], row["driver"], "", "", more)
        found.setdefault(key, []).append(
            Found(
                amount=row["amount"],
                dataset=row["dataset"],
                delivery_id=row["delivery_id"],
                row_no=row["row_no"],
                text=_cost_text(row),
                avoidable=row["avoidable"],
            )
        )
    return found


def _cost_text(row: Mapping[str, Any]) -> str:
    """What a cost row is: its driver, the key it is shared by, what was billed if that differs."""
    text: str = row["driver"]
    if row["allocation_key"]:
        text += f", its share of {row['allocation_key']}"
    original = row["original_amount"]
    if original is not None and original != row["amount"]:
        text += f", {original.normalize():f} {row['currency']}"
    return text


def load_predictions(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Table],
    state: State,
    stretch: Months,
    system_ids: Sequence[str],
) -> None:
    """Give `con` the table `linked`: every prediction of a stretch of months beside its outcome,
    with the id of its cell; and `outcome_cells` made of it."""
    base = portfolio.state / "tmp"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="explain-", dir=base) as folder:
        step = step_of(con, portfolio, models, stretch, state.as_of, Path(folder))
        file = local_engine(portfolio).linked_rows(step, system_ids)
        con.execute(LINKED.format(keys=", ".join(CELL_KEYS), linked=parquet(file)))
    con.execute(CELLS.format(keys=", ".join(CELL_KEYS)))


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


def value_rows(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Table]
) -> dict[Key, list[Found]]:
    """Every prediction behind the value lines of the stretch at hand, by line: under its own month
    (cohort) and under the month its outcome was observed in (recognised)."""
    add_models(con, models, ("value_priced",))
    found: dict[Key, list[Found]] = {}
    for row in records(con, VALUE_ROWS):
        one = replace(
            _prediction(row, row["amount"]),
            quantity=row["quantity"],
            unit=row["unit"],
            unit_price=row["price"],
        )
        line = (row["driver"], row["model_version"], row["serving_mode"], row["category"])
        for basis, booked in (("cohort", row["month"]), ("recognised", row["observed_month"])):
            found.setdefault((booked, row["system_id"], basis, *line), []).append(one)
    return found


def _prediction(row: Mapping[str, Any], amount: Decimal) -> Found:
    return Found(
        amount=amount,
        dataset="predictions",
        delivery_id=row["delivery_id"],
        row_no=row["row_no"],
        text=f"{row['prediction_id']}: {row['decision']}, then {row['outcome'] or 'nothing yet'}",
        outcome_delivery_id=row["outcome_delivery_id"],
        outcome_row_no=row["outcome_row_no"],
    )


def counted_rows(
    con: duckdb.DuckDBPyConnection, condition: str, where: Mapping[str, object]
) -> list[Found]:
    """Every prediction of `where` (column to value) that meets a condition of columns.py."""
    same = " and ".join(f"{column} is not distinct from ${column}" for column in where) or "true"
    query = f"""
        select delivery_id, row_no, outcome_delivery_id, outcome_row_no, prediction_id, decision,
            outcome
        from linked where outcome_type = 'primary' and {condition} and {same}
        order by delivery_id, row_no
    """  # noqa: S608
    return [_prediction(row, Decimal(1)) for row in records(con, query, dict(where))]
