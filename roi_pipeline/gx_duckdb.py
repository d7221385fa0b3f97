"""Great Expectations over the DuckDB connection the run already holds.

Knows how GX is fed: the connection, the metrics it lacks or computes too dearly, its silence. Knows
no suite and no table. Importing this module imports Great Expectations (seconds of CPU), so only
a function that checks something may do so.

A cursor of a DuckDB connection does not see its TEMP views, and a second connection to an open
file is refused; therefore SQLAlchemy is given the very connection, and may neither close it nor
end its transactions. In autocommit one query that fails does not abort those after it.
"""

import contextlib
import functools
import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import duckdb_sqlalchemy
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.batch import Batch, LegacyBatchDefinition
from great_expectations.core.batch_spec import SqlAlchemyDatasourceBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.data_context.data_context.abstract_data_context import (
    AbstractDataContext,
)
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value
from great_expectations.expectations.metrics.query_metric_provider import QueryMetricProvider
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.validator import Validator

from roi_pipeline import warehouse
from roi_pipeline.errors import ConfigurationError

logging.captureWarnings(False)  # GX turns it on for the whole process
# Its messages repeat the text of failed queries, and with it values of the data.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)

# Counts, never sample values: those would carry personal data and raw HTML into what we keep.
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Result:
    """What GX found for one expectation: `details` is its `result`, `faults` its error messages."""

    passed: bool
    details: Mapping[str, Any]
    faults: tuple[str, ...]


class LentConnection(duckdb_sqlalchemy.ConnectionWrapper):
    """A connection that is its owner's to commit, roll back and close."""

    def close(self) -> None:
        """Leave it open."""

    def commit(self) -> None:
        """Leave the owner's transaction alone."""

    def rollback(self) -> None:
        """Leave the owner's transaction alone."""


class DuckDBEngine(SqlAlchemyExecutionEngine):
    """A class of its own, so that the metrics below serve DuckDB and nothing else."""


class Columns(TableMetricProvider):
    """Names and types by binding the table once, not through SQLAlchemy's whole reflection."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)
    default_kwarg_values = {"include_nested": True}  # noqa: RUF012  GX reads it from the class

    @metric_value(engine=DuckDBEngine)
    def _duckdb(
        cls,  # noqa: N805  GX calls it as a class method
        execution_engine: DuckDBEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> list[dict[str, str]]:
        table, _kwargs, _accessors = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        found = execution_engine.execute_query(
            sa.text(warehouse.description(str(table)))
        ).fetchall()
        return [{"name": row[0], "type": row[1]} for row in found]


class RepeatedRows(MetricProvider):
    """Rows whose value occurs more than once, by a hash aggregate: half the CPU of GX's window."""

    metric_name = "column_values.unique.unexpected_count"
    domain_keys = ColumnMapMetricProvider.condition_domain_keys

    @metric_value(engine=DuckDBEngine)
    def _duckdb(
        cls,  # noqa: N805
        execution_engine: DuckDBEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> int:
        table, _kwargs, accessors = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.COLUMN
        )
        column: sa.ColumnClause[Any] = sa.column(accessors["column"])
        source: Any = table.subquery() if isinstance(table, sa.Select) else table
        often = (
            sa.select(sa.func.count().label("times"))
            .select_from(source)
            .where(column.is_not(None))
            .group_by(column)
            .having(sa.func.count() > 1)
            .subquery()
        )
        total = sa.select(sa.func.coalesce(sa.func.sum(often.c.times), 0))
        return int(execution_engine.execute_query(total).scalar() or 0)


class UnexpectedRows(QueryMetricProvider):
    """No rows: GX would run the query a second time to fetch 200 of them, and we keep counts."""

    metric_name = "unexpected_rows_query.table"
    value_keys = ("unexpected_rows_query",)

    @metric_value(engine=DuckDBEngine)
    def _duckdb(cls, **_: Any) -> list[dict[str, Any]]:  # noqa: N805
        return []


def run(
    con: duckdb.DuckDBPyConnection,
    view: str,
    document: Mapping[str, Any],
    parameters: Mapping[str, object],
) -> dict[str, Result]:
    """Check a table, view or TEMP view of `con` against a suite; results by `meta.name`.

    `document` is the suite as GX writes it, `parameters` the values of its `$PARAMETER`s.
    Raises ConfigurationError when GX loads fewer expectations than the document holds.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # GX prints advice there
        configurations = _load(document)
        with _validator(con, view) as validator:
            ready = validator.process_expectations_for_validation(configurations, dict(parameters))
            found: list[Any] = list(validator.graph_validate(ready, {"result_format": COUNTS}))
    # the order of results is not that of the suite
    return {one.expectation_config.meta["name"]: _result(one) for one in found}


def _load(document: Mapping[str, Any]) -> list[Any]:
    """GX drops an expectation it does not understand, logs a line, and passes without it."""
    loaded: list[Any] = []
    for one in document["expectations"]:
        found, fault = [], ""
        try:
            found = gx.ExpectationSuite(document["name"], [one]).expectation_configurations
        except ValueError as error:  # what pydantic says of the kwargs
            fault = f" ({' '.join(str(error).split())})"
        if len(found) != 1:
            raise ConfigurationError(
                f"expectations/{document['name']}.json: {one['meta']['name']}: Great Expectations "
                f"does not understand it{fault}; compare type and kwargs with those of GX"
            )
        loaded += found
    return loaded


@contextlib.contextmanager
def _validator(con: duckdb.DuckDBPyConnection, view: str) -> Iterator[Validator]:
    lent = LentConnection(con)
    source = sa.create_engine(
        "duckdb://",
        creator=lambda: lent,
        poolclass=sa.pool.StaticPool,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
    engine = DuckDBEngine(engine=source, create_temp_table=False)
    batch = Batch(
        data=SqlAlchemyBatchData(execution_engine=engine, table_name=view),  # type: ignore[arg-type]
        batch_spec=SqlAlchemyDatasourceBatchSpec(table_name=view),
        batch_definition=LegacyBatchDefinition("duckdb", "lent", view, IDDict()),
    )
    try:
        yield Validator(execution_engine=engine, batches=[batch], data_context=_context())
    finally:
        engine.close()
        source.dispose()


@functools.cache
def _context() -> AbstractDataContext:
    """A context that lives in memory, writes nothing and draws no progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return context


def _result(found: Any) -> Result:
    information = found.exception_info
    faults = [information, *information.values()]
    return Result(
        passed=bool(found.success),  # numpy's bool, sometimes
        details=dict(found.result),
        faults=tuple(
            str(fault["exception_message"])
            for fault in faults
            if isinstance(fault, dict) and fault.get("raised_exception")
        ),
    )
