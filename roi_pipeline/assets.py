"""Dagster's view of the books: one asset a dataset, ledger table and mart; a body is one call."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from roi_pipeline.engines.cells import CELLS
from roi_pipeline.models import registry
from roi_pipeline.models.columns import meaning
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.checks import all_suites
from roi_pipeline.pipeline.leaves import RECEIPTS
from roi_pipeline.portfolio import DATASETS, REFERENCES
from roi_pipeline.publish import editions
from roi_pipeline.resource import Books
from roi_pipeline.warehouse import count, described, sums_by_month, values_by_month

EDITION = "edition"
TOTAL = "portfolio"  # the row of a mart that adds up its systems
SPLIT = ("side", "basis", "view")
PLOTTED = ("value", "tco_cash", "tco_accrual", "cumulative_net_cash", "roi_cumulative_cash")


def source_asset(dataset: str, months: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """Ingest what has landed of a dataset."""
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
    def ingest(books: Books) -> dg.MaterializeResult[Any]:
        report = books.run.ingest(dataset)
        if refused := list(report.refused):
            # Dagster skips what waits for a failed step, and files there may be good, or bad too.
            for later in waiting_for(dataset):
                refused += books.run.ingest(later).refused
            raise dg.Failure("; ".join(dict.fromkeys(refusal.reason for refusal in refused)))
        return _shown(books, dataset, {"new_files": len(report.receipts)})

    return ingest


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


def view_spec(model: Table, sources: frozenset[str]) -> dg.AssetSpec:
    """A model that is a view: nothing to run, but the lineage shows it."""
    return dg.AssetSpec(
        model.name,
        deps=sorted(model.reads & sources),
        description=model.row,
        group_name=model.layer,
        kinds={"duckdb", "sql"},
        metadata={"grain": ", ".join(model.grain), "sql": dg.MetadataValue.md(_sql(model))},
    )


def cells_asset(
    models: Mapping[str, Table], months: dg.PartitionsDefinition[Any]
) -> dg.AssetsDefinition:
    """The one heavy step."""

    @dg.multi_asset(
        name="cells",
        specs=[
            dg.AssetSpec(
                name,
                deps=["predictions", "outcomes"],
                description=models[name].row,
                group_name="cells",
                kinds={"duckdb", "sql"},
                partitions_def=months,
                code_version=models[name].code[:12],
            )
            for name in CELLS
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def build(books: Books) -> Any:
        for name in CELLS:
            stale = books.run.build(name)
            yield _shown(books, name, {"rebuilt_months": len(stale)}, asset_key=name)

    return build


def compared_with(name: str) -> frozenset[str]:
    """The tables that a table's checks compare it with; a check would find them old or empty."""
    suite = all_suites().get(name)
    return suite.reads if suite else frozenset()


def upstream(name: str, models: Mapping[str, Table]) -> set[str]:
    """What a table and its checks read, through views down to what is stored or delivered.

    What reads receipts waits for the ingestion of every dataset.
    """
    found: set[str] = set(registry.stored_reads(models, name)) | {*compared_with(name)}
    for read in compared_with(name):
        if read in models and models[read].build == "view":
            found |= registry.stored_reads(models, read)
    if found & {*RECEIPTS}:
        found |= {*DATASETS, *REFERENCES}
    return found - {name, *RECEIPTS}


def table_asset(
    name: str,
    models: Mapping[str, Table],
    known: frozenset[str],
    months: dg.PartitionsDefinition[Any],
) -> dg.AssetsDefinition:
    """A stored table, whether SQL or Python computes it."""
    model = models[name]

    @dg.asset(
        name=name,
        deps=sorted(upstream(name, models) & known),
        group_name=model.layer,
        description=model.row,
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        code_version=model.code[:12],
        kinds={"duckdb", "sql" if model.query is not None else "polars"},
    )
    def build(books: Books) -> dg.MaterializeResult[Any]:
        return _shown(books, name, {"rebuilt": len(books.run.build(name))})

    return build


def edition_asset(
    tables: Sequence[str], months: dg.PartitionsDefinition[Any]
) -> dg.AssetsDefinition:
    """What people read."""

    @dg.asset(
        name=EDITION,
        deps=list(tables),
        group_name="publication",
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"parquet", "duckdb"},
        description="The marts as immutable Parquet files and marts.duckdb, current in one move.",
    )
    def publish(books: Books) -> dg.MaterializeResult[Any]:
        edition = editions.publish(books.run)
        return dg.MaterializeResult(
            metadata={
                "edition": edition.name,
                "months": len(edition.months),
                "folder": dg.MetadataValue.path(str(books.run.portfolio.marts / edition.name)),
            }
        )

    return publish


def all_assets(
    models: Mapping[str, Table], months: dg.PartitionsDefinition[Any]
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Every asset of a portfolio, in no particular order."""
    datasets = (*DATASETS, *REFERENCES)
    tables = [name for name, each in models.items() if each.build in ("month", "whole")]
    views = [each for each in models.values() if each.build == "view"]
    known = frozenset([*datasets, *CELLS, *tables, *(view.name for view in views)])
    return [
        *(source_asset(dataset, months) for dataset in datasets),
        *(view_spec(view, known - {*RECEIPTS}) for view in views),
        cells_asset(models, months),
        *(table_asset(name, models, known, months) for name in tables),
        edition_asset(tables, months),
    ]


def _shown(
    books: Books, name: str, numbers: Mapping[str, int], asset_key: str | None = None
) -> dg.MaterializeResult[Any]:
    """Row count, columns and each month's own numbers, which Dagster plots by partition.

    A backfill is one run with an event a month; columns are shown by the newest, so only it has
    them: writing them into each took a tenth of a long run.
    """
    con, table = books.run.con, books.run.named(name)
    books.run.show([name])
    columns = described(con, table)
    schema = [
        dg.TableColumn(column, kind, meaning(column, name)) for column, kind in columns.items()
    ]
    first, last = books.months
    by_month = _numbers_by_month(books, table, [*columns], first, last)
    by_month.setdefault(last, {})["dagster/column_schema"] = dg.TableSchema(schema)
    for month, metadata in by_month.items():
        dg.AssetExecutionContext.get().add_asset_metadata(
            metadata, asset_key or name, partition_key=f"{month:%Y-%m-%d}"
        )
    return dg.MaterializeResult(
        asset_key=asset_key, metadata={"dagster/row_count": count(con, table), **numbers}
    )


def _numbers_by_month(
    books: Books, table: str, columns: Sequence[str], first: date, last: date
) -> dict[date, dict[str, Any]]:
    """The numbers of each month to plot: money by side and basis, never across them; of a mart with
    a total row, those of that row."""
    numbers: dict[date, dict[str, Any]] = {}
    if "month" not in columns:
        return numbers
    con, kinds = books.run.con, [kind for kind in SPLIT if kind in columns]
    plotted = [column for column in PLOTTED if column in columns]
    if "amount" in columns:
        other = TOTAL if "system_id" in columns else None
        sums = sums_by_month(con, table, kinds, (first, last), without=other)
    elif plotted and "system_id" in columns:
        sums = values_by_month(con, table, plotted, (first, last), system_id=TOTAL)
    else:
        return numbers
    for month, name, value in sums:
        if value is not None:
            numbers.setdefault(month, {})[str(name)] = float(value)
    return numbers


def _sql(model: Table) -> str:
    return f"```sql\n{model.query}\n```"
