"""Dagster's view of the books: one asset a dataset, ledger table and mart; a body is one call."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import dagster as dg

from roi_pipeline.books.ledger import WHOLE, monthly_marts
from roi_pipeline.books.reads import PYTHON_READS, RECEIPT_TABLES, VIEWS
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.glossary import meaning
from roi_pipeline.models import Model
from roi_pipeline.portfolio import DATASETS, REFERENCES
from roi_pipeline.publish import editions
from roi_pipeline.resource import Books
from roi_pipeline.suites import suites
from roi_pipeline.warehouse import count, rows

EDITION = "edition"
TOTAL = "portfolio"  # the row of a mart that adds up its systems
SPLIT = ("side", "basis", "view")
PLOTTED = ("value", "tco_cash", "tco_accrual", "cumulative_net_cash", "roi_cumulative_cash")
DESCRIPTIONS: Mapping[str, str] = {
    "depreciation": "What every asset costs in every month of its life.",
    "development_monthly": "How much of a month's gains and losses is in yet.",
    "shared_value": "What is taken off systems that had a hand in the same outcomes as others.",
    "tax_depreciation": "What a tax return may deduct for each asset by year (MACRS).",
    "maturity": "The share of its final outcomes that each month of each system has.",
    "quality_monthly": "How right a model version was in a month, with Wilson bounds.",
    "roi_monthly": "What a system returned, since the investment and over its evidence window.",
    "threshold_status_monthly": "Whether a system is worth running: status, bounds, rule, action.",
    "economics_monthly": "What a month was made of: volume, quality, worth of quality, cost.",
    "degradation_monthly": "How a model version wears off, and when it stops earning its cost.",
    "options_monthly": "Every way out of a system's situation, ranked by what it is worth.",
    "projection_monthly": "Where the cumulative net is heading if nothing is changed.",
    "sensitivity_monthly": "What a result depends on, and what it is under named scenarios.",
    "serving_mode_comparison_monthly": "Real time against batch: cost, value, what moving changes.",
    "unit_cost_monthly": "What a prediction, a token, an hour cost, by serving mode.",
    "tco_change_monthly": "Why a cost changed from the month before: price, volume, mix, other.",
}


def source_asset(dataset: str, months: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """Take in what has landed of a dataset."""
    group = "reference" if dataset in REFERENCES else "sources"

    @dg.asset(
        name=dataset,
        deps=sorted(compared_with(dataset) & {*DATASETS, *REFERENCES}),
        group_name=group,
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"parquet"},
        description=f"Delivered files of {dataset}: clean rows, receipts, quarantine.",
    )
    def take_in(books: Books) -> dg.MaterializeResult[Any]:
        report = books.session.ingest(dataset)
        if refused := list(report.refused):
            # Dagster skips what waits for a failed step, and files there may be good, or bad too.
            for later in waiting_for(dataset):
                refused += books.session.ingest(later).refused
            raise dg.Failure("; ".join(dict.fromkeys(refusal.reason for refusal in refused)))
        return _shown(books, dataset, {"new_files": len(report.receipts)})

    return take_in


def waiting_for(dataset: str) -> list[str]:
    """The datasets that are ingested after this one, directly or behind others, by name.

    >>> waiting_for("capex")
    ['asset_events', 'facilities']
    """
    found: set[str] = set()
    left = {dataset}
    while left:
        left = {name for name in {*DATASETS, *REFERENCES} - found if compared_with(name) & left} - {
            dataset
        }
        found |= left
    return sorted(found)


def view_spec(model: Model, sources: frozenset[str]) -> dg.AssetSpec:
    """A model that is a view: nothing to run, but the lineage shows it."""
    return dg.AssetSpec(
        model.name,
        deps=sorted(model.reads & sources),
        description=model.description,
        group_name=model.layer,
        kinds={"duckdb", "sql"},
        metadata={"grain": ", ".join(model.grain), "sql": dg.MetadataValue.md(_sql(model))},
    )


def cells_asset(
    models: Mapping[str, Model], months: dg.PartitionsDefinition[Any]
) -> dg.AssetsDefinition:
    """The one heavy step."""

    @dg.multi_asset(
        name="cells",
        specs=[
            dg.AssetSpec(
                name,
                deps=["predictions", "outcomes"],
                description=models[name].description,
                group_name="cells",
                kinds={"duckdb", "sql"},
                partitions_def=months,
                code_version=models[name].code_version,
            )
            for name in CELLS
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def build(books: Books) -> Any:
        stale = books.session.build_cells()
        for name in CELLS:
            yield _shown(books, name, {"rebuilt_months": len(stale)}, asset_key=name)

    return build


def compared_with(name: str) -> frozenset[str]:
    """The tables that a table's checks compare it with; a check would find them old or empty."""
    return _comparisons().get(name, frozenset())


@cache
def _comparisons() -> Mapping[str, frozenset[str]]:
    return {table: suite.reads for table, suite in suites().items()}


def upstream(name: str, models: Mapping[str, Model]) -> set[str]:
    """What a table and its checks read, and what the views they read read in turn: Dagster orders
    steps by the tables behind a view, since a view itself is not a step."""
    model = models.get(name)
    found: set[str] = set()
    left = set(model.reads if model else PYTHON_READS[name]) | compared_with(name)
    while left:
        read = left.pop()
        found.add(read)
        if read in models and models[read].layer in VIEWS:
            left |= models[read].reads - found
    if found & RECEIPT_TABLES:
        found |= {*DATASETS, *REFERENCES}
    return found - {name}


def table_asset(
    name: str,
    models: Mapping[str, Model],
    known: frozenset[str],
    months: dg.PartitionsDefinition[Any],
) -> dg.AssetsDefinition:
    """A table of the ledger, of the marts, or one that Python fills."""
    model = models.get(name)

    @dg.asset(
        name=name,
        deps=sorted(upstream(name, models) & known),
        group_name="ledger" if (model and model.layer == "ledger") or name in WHOLE else "marts",
        description=model.description if model else DESCRIPTIONS[name],
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        code_version=model.code_version if model else None,
        kinds={"duckdb", "sql" if model else "polars"},
    )
    def build(books: Books) -> dg.MaterializeResult[Any]:
        session = books.session
        if model and model.layer == "ledger":
            return _shown(books, name, {"rebuilt_months": len(session.build_ledger(name))})
        written = session.build_whole(name) if name in WHOLE else session.build_mart(name)
        return _shown(books, name, {"written_rows": written})

    return build


def edition_asset(
    marts: Sequence[str], months: dg.PartitionsDefinition[Any]
) -> dg.AssetsDefinition:
    """What people read."""

    @dg.asset(
        name=EDITION,
        deps=list(marts),
        group_name="publication",
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"parquet", "duckdb"},
        description="The marts as immutable Parquet files and marts.duckdb, current in one move.",
    )
    def publish(books: Books) -> dg.MaterializeResult[Any]:
        editions.refuse_unready(books.session)
        edition = editions.publish(books.session)
        return dg.MaterializeResult(
            metadata={
                "edition": edition.name,
                "months": len(edition.months),
                "folder": dg.MetadataValue.path(str(books.session.portfolio.marts / edition.name)),
            }
        )

    return publish


def all_assets(
    models: Mapping[str, Model], months: dg.PartitionsDefinition[Any]
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Every asset of a portfolio, in no particular order."""
    datasets = (*DATASETS, *REFERENCES)
    marts = monthly_marts(models)
    tables = [*WHOLE, *(m.name for m in models.values() if m.layer == "ledger"), *marts]
    views = [m for m in models.values() if m.layer in VIEWS]
    known = frozenset([*datasets, *CELLS, *tables, *(view.name for view in views)]) - RECEIPT_TABLES
    return [
        *(source_asset(dataset, months) for dataset in datasets),
        *(view_spec(view, known) for view in views),
        cells_asset(models, months),
        *(table_asset(name, models, known, months) for name in tables),
        edition_asset(marts, months),
    ]


def _shown(
    books: Books, name: str, numbers: Mapping[str, int], asset_key: str | None = None
) -> dg.MaterializeResult[Any]:
    """Row count, columns and each month's own numbers, which Dagster plots by partition.

    A backfill is one run with an event a month; columns are shown by the newest, so only it has
    them: writing them into each took a tenth of a long run.
    """
    con = books.session.con
    marts = monthly_marts(books.session.models)
    table = f"marts.{name}" if name in marts else name
    columns = rows(con, f"describe {table}")
    schema = [dg.TableColumn(column, kind, meaning(column, name)) for column, kind, *_ in columns]
    first, last = books.months
    told = _numbers_by_month(books, table, [column.name for column in schema], first, last)
    told.setdefault(last, {})["dagster/column_schema"] = dg.TableSchema(schema)
    for month, metadata in told.items():
        dg.AssetExecutionContext.get().add_asset_metadata(
            metadata, asset_key or name, partition_key=f"{month:%Y-%m-%d}"
        )
    return dg.MaterializeResult(
        asset_key=asset_key, metadata={"dagster/row_count": count(con, table), **numbers}
    )


def _numbers_by_month(
    books: Books, table: str, columns: Sequence[str], first: date, last: date
) -> dict[date, dict[str, Any]]:
    """What each month says, as numbers that plot: money by side and basis, never across them; of a
    mart with a total row, what stands there."""
    told: dict[date, dict[str, Any]] = {}
    if "month" not in columns:
        return told
    con, kinds = books.session.con, [kind for kind in SPLIT if kind in columns]
    plotted = [column for column in PLOTTED if column in columns]
    if "amount" in columns:
        named = " || '_' || ".join(["'amount'", *kinds])
        parts = f"and system_id <> '{TOTAL}'" if "system_id" in columns else ""
        query = (
            f"select month, {named} as name, sum(amount) from {table} "  # noqa: S608
            f"where month between $first and $last {parts} group by month, name order by all"
        )
    elif plotted and "system_id" in columns:
        query = (
            f"unpivot (select month, {', '.join(plotted)} from {table} "  # noqa: S608
            f"where month between $first and $last and system_id = '{TOTAL}') "
            f"on {', '.join(f'{column}::double as {column}' for column in plotted)} "
            "into name name value value order by all"
        )
    else:
        return told
    for month, name, value in rows(con, query, {"first": first, "last": last}):
        if value is not None:
            told.setdefault(month, {})[str(name)] = float(value)
    return told


def _sql(model: Model) -> str:
    return f"```sql\n{model.query}\n```"
