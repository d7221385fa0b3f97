"""From cells and cost lines to the ledger and the marts: what is stale is rebuilt, what is closed
stays. Every table is replaced month by month in one transaction."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.books.computed import refuse_counted_twice
from roi_pipeline.books.refusals import refuse_repeated, refuse_unpriced
from roi_pipeline.books.scenarios import refuse_late_windows, refuse_uncounted
from roi_pipeline.books.scope import Scope, open_months
from roi_pipeline.code import code_sha256
from roi_pipeline.domain.calendar import add_months, month_end
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.marts import (
    choices,
    development,
    economics,
    evidence,
    projections,
    quality,
    register,
    returns,
    scenarios,
    serving,
    sharing,
    statuses,
    taxes,
    unit_costs,
    wear,
)
from roi_pipeline.models import LINE_COLUMNS, Model
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import (
    query_of_frame,
    replace,
    replace_frame,
    replace_months,
    rows,
    table_of,
    transaction,
)

log = logging.getLogger(__name__)

Frame = Callable[[duckdb.DuckDBPyConnection], pl.DataFrame]
Schema = Mapping[str, Any]
# Tables that Python fills: whole ones between the models, monthly ones among the marts.
WHOLE: Mapping[str, tuple[Frame, Schema]] = {
    "depreciation": (register.depreciation, register.SCHEMA),
    "maturity": (evidence.maturity, evidence.MATURITY),
    "shared_value": (sharing.shared_value, sharing.SCHEMA),
    "tax_depreciation": (taxes.tax_depreciation, taxes.SCHEMA),
}
MONTHLY: Mapping[str, tuple[Frame, Schema]] = {
    "development_monthly": (development.development_monthly, development.DEVELOPMENT),
    "quality_monthly": (quality.quality_monthly, quality.QUALITY),
    "roi_monthly": (returns.roi_monthly, returns.ROI),
    "threshold_status_monthly": (statuses.threshold_status_monthly, statuses.STATUS),
    # Each of the following reads those above it.
    "economics_monthly": (economics.economics_monthly, economics.ECONOMICS),
    "degradation_monthly": (wear.degradation_monthly, wear.DEGRADATION),
    "options_monthly": (choices.options_monthly, choices.OPTIONS),
    "projection_monthly": (projections.projection_monthly, projections.PROJECTION),
    "sensitivity_monthly": (scenarios.sensitivity_monthly, scenarios.SENSITIVITY),
    "serving_mode_comparison_monthly": (serving.serving_mode_comparison_monthly, serving.SERVING),
    "unit_cost_monthly": (unit_costs.unit_cost_monthly, unit_costs.UNIT_COST),
    "tco_change_monthly": (unit_costs.tco_change_monthly, unit_costs.CHANGE),
}
# What identifies a row of each of them: unique, never null (tests/publish/test_documented_keys.py).
KEYS: Mapping[str, tuple[str, ...]] = {
    "development_monthly": ("month", "system_id"),
    "quality_monthly": ("month", "system_id", "model_version"),
    "roi_monthly": ("month", "system_id"),
    "threshold_status_monthly": ("month", "system_id"),
    "economics_monthly": ("month", "system_id"),
    "degradation_monthly": ("month", "system_id", "model_version"),
    "options_monthly": ("month", "system_id", "option"),
    "projection_monthly": ("month", "system_id", "horizon_month"),
    "sensitivity_monthly": ("month", "system_id", "analysis", "parameter", "scenario"),
    "serving_mode_comparison_monthly": ("month", "system_id", "serving_mode"),
    "unit_cost_monthly": ("month", "system_id", "serving_mode"),
    "tco_change_monthly": ("month", "system_id", "category", "driver"),
}
# Every table before the marts, in an order in which they can be built.
BOOKS = (
    *("depreciation", "maturity", "tax_depreciation", "ledger_cost", "unallocated_cost"),
    *("value_priced", "shared_value", "ledger_value"),
)
COSTS = ("ledger_cost", "unallocated_cost")
COST_INPUTS = (
    *("operating_costs", "capex", "asset_events", "fx", "allocation", "cost_categories"),
    *("facilities", "edge_fleets"),
)
# What of portfolio.yaml a ledger depends on: everything but where it lies and how fast it is built.
SETTINGS = {*Portfolio.model_fields} - {"folder", "engine", "publish"}
VALUE_INPUTS = ("prices", "baselines", "terms", "indirect_values", "fx")


def ensure_tables(con: duckdb.DuckDBPyConnection, models: Mapping[str, Model]) -> None:
    """Make every view, and every table that is not there yet or has changed its shape.

    A table whose query gives other columns than before keeps the rows and columns both have.
    Nothing is done when the models are those of the last run: binding them all takes seconds.
    """
    refuse_taken(models)
    queries = [model.query for model in models.values()]
    schemas = [repr(schema) for _, schema in (*WHOLE.values(), *MONTHLY.values())]
    mark = sha256(json.dumps([queries, schemas]).encode()).hexdigest()
    if rows(con, "select 1 from built where name = 'models' and fingerprint = ?", [mark]):
        return
    for name, (_, schema) in (*WHOLE.items(), *MONTHLY.items()):
        table = f"marts.{name}" if name in MONTHLY else name
        con.register("shape", pl.DataFrame([], schema=schema))
        _ensure(con, table, query_of_frame("shape", schema))
        con.unregister("shape")
    for model in models.values():
        if model.layer == "cells":
            continue
        if model.name == "ledger_monthly":
            _ensure(con, "closed_ledger", "select *, month as belongs_month from ledger_cost")
        try:
            if model.layer in ("ledger", "marts"):
                _ensure(con, table_of(model), model.query)
            else:
                con.execute(f"create or replace view {model.name} as {model.query}")
                _refuse_missing_columns(con, model)
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise ConfigurationError(
                f"sql/{model.layer}/{model.name}.sql: {error}; roi-pipeline doctor tries the file"
            ) from error
    with transaction(con):
        con.execute("delete from built where name = 'models'")
        con.execute("insert into built values ('models', null, ?)", [mark])


def refuse_taken(models: Mapping[str, Model]) -> None:
    """Raises ConfigurationError for a scenario with the name of a table that Python fills."""
    for name in models.keys() & {*WHOLE, *MONTHLY}:
        raise ConfigurationError(
            f"sql/value/{name}.sql: a table named {name} exists already; rename it"
        )


def _refuse_missing_columns(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Raises ConfigurationError for a file of sql/cost or sql/value whose lines lack a column: the
    error of the table that stacks them would not name the file."""
    named = {name for name, *_ in rows(con, f"describe {model.name}")}
    missing = [name for name in LINE_COLUMNS.get(f"{model.layer}_lines", ()) if name not in named]
    if missing and model.name not in LINE_COLUMNS:
        raise ConfigurationError(
            f"sql/{model.layer}/{model.name}.sql: no column {', '.join(missing)}; select "
            f"{', '.join(LINE_COLUMNS[f'{model.layer}_lines'])}"
        )


def build_whole(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Fill one of the tables that Python computes from everything there is; returns its rows."""
    frame = WHOLE[name][0](con)
    with transaction(con):
        return replace_frame(con, name, frame, None)


def build_ledger(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
    name: str,
    scope: Scope,
) -> list[date]:
    """Bring one ledger table up to date; returns the months that were stale.

    Raises DataRefused, naming driver and system or currency, when a price or a rate is missing.
    """
    wanted = {month: _mark(con, portfolio, models, name, month) for month in scope.months}
    known = dict(rows(con, "select month, fingerprint from built where name = ?", [name]))
    stale = [month for month, mark in wanted.items() if known.get(month) != mark]
    if stale:
        with transaction(con):
            if name == "value_priced":
                refuse_late_windows(con)
            replace_months(con, name, models[name].query, stale)
            if name == "value_priced":
                refuse_uncounted(con, models)
            if name == "ledger_cost":
                refuse_counted_twice(con)
                refuse_repeated(con, portfolio, stale)
            refuse_unpriced(con, name)
            for month in stale:
                con.execute("delete from built where name = ? and month = ?", [name, month])
                con.execute("insert into built values (?, ?, ?)", [name, month, wanted[month]])
    return stale


def build_mart(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Model], name: str, scope: Scope
) -> int:
    """Fill one mart; the months that are closed keep their rows. Returns how many were written."""
    months = open_months(con, scope)
    if name in MONTHLY:
        frame = MONTHLY[name][0](con)
        with transaction(con):
            return replace_frame(con, f"marts.{name}", frame, months)
    model = models[name]
    with transaction(con):
        if "month" in model.grain and name not in ("dim_month", "restatements"):
            return replace_months(con, table_of(model), model.query, months)
        return replace(con, table_of(model), model.query)


def monthly_marts(models: Mapping[str, Model]) -> list[str]:
    """The names of all marts, in the order in which they can be built: models, the tables that
    Python fills, and the models that read those."""
    late = set(MONTHLY)
    for name, model in models.items():
        late |= {name} if model.reads & late else set()
    marts = [model.name for model in models.values() if model.layer == "marts"]
    return [*(n for n in marts if n not in late), *MONTHLY, *(n for n in marts if n in late)]


def _ensure(con: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    schema, _, name = table.rpartition(".")
    shape = [row[:2] for row in rows(con, f"describe {query}")]
    there = [
        row[:2]
        for row in rows(
            con,
            "select column_name, data_type from duckdb_columns() "
            "where schema_name = ? and table_name = ? order by column_index",
            [schema or "main", name],
        )
    ]
    if shape == there:
        return
    columns = ", ".join(f'"{column}" {kind}' for column, kind in shape)
    kept = ", ".join(column for column, _ in there if column in dict(shape))
    with transaction(con):
        con.execute(f"create temp table reshaped ({columns})")
        if kept:
            con.execute(f"insert into reshaped by name select {kept} from {table}")  # noqa: S608
        con.execute(f"create or replace table {table} as from reshaped")
        con.execute("drop table reshaped")


def _mark(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
    name: str,
    month: date,
) -> str:
    """Everything one month of a ledger table depends on, as one checksum."""
    parts: list[object] = [
        portfolio.model_dump(mode="json", include=SETTINGS),
        code_sha256(__name__),
        sorted(m.code_version for m in models.values() if m.layer not in ("cells", "marts")),
    ]
    if name in COSTS:
        used_up = (
            "select count(*), sum(cast(hash(d) as hugeint)) from depreciation as d where month = ?"
        )
        parts += [_live(con, COST_INPUTS), _bills(con, month), rows(con, used_up, [month])]
        parts.append(_shares_by_use(con, month))
    else:
        parts += [
            _live(con, VALUE_INPUTS),
            rows(
                con,
                "select distinct system_id, outcome from outcome_cells "
                "where month <= (select max(month) from run_month) order by all",
            ),
            _cells_marks(con, portfolio, month, is_recognised=name == "ledger_value"),
        ]
        if name == "ledger_value":
            parts.append(_shared_part(con, month))
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _shared_part(con: duckdb.DuckDBPyConnection, month: date) -> list[tuple[object, ...]]:
    """What is taken off a month, which decisions of other months may have a part in."""
    query = (
        "select * from shared_value where month = $month or observed_month = $month order by all"
    )
    return rows(con, query, {"month": month})


def _live(con: duckdb.DuckDBPyConnection, datasets: Iterable[str]) -> list[tuple[object, ...]]:
    return rows(
        con,
        "select dataset, delivery_id, month from delivery_months "
        "where is_live and list_contains($names, dataset) order by all",
        {"names": list(datasets)},
    )


def _bills(con: duckdb.DuckDBPyConnection, month: date) -> list[tuple[object, ...]]:
    """The live bills of a month, and those of other months with charges in it."""
    return rows(
        con,
        """
        select delivery_id, month from delivery_months
        where dataset = 'billing' and is_live and (
            month = $first or (first_at::date <= $last and last_at::date >= $first)
        ) order by all
        """,
        {"first": month, "last": month_end(month)},
    )


def _shares_by_use(con: duckdb.DuckDBPyConnection, month: date) -> list[tuple[object, ...]]:
    """How the month's use divides shared costs: all that a cost ledger takes from the cells."""
    if not rows(con, "select 1 from allocation where driver is not null limit 1"):
        return []
    return rows(
        con,
        "select allocation_key, system_id, share from allocation_share "
        "where is_by_use and valid_from = ? order by all",
        [month],
    )


def _cells_marks(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, month: date, *, is_recognised: bool
) -> list[tuple[object, ...]]:
    """The cells a month's value is made of: its own, and for the recognised view those before."""
    horizon = max(system.outcome_horizon_days for system in portfolio.systems)
    first = add_months(month, -(horizon // 28) - 1) if is_recognised else month
    return rows(
        con,
        "select month, fingerprint from built "
        "where name = 'cells' and month between ? and ? order by all",
        [first, month],
    )
