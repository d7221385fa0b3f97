"""The clean files as the two logs that the models of sql/cells read, as DuckDB queries.

Knows how DuckDB reads Parquet fast; knows no model. What it replaces by constants it knows from the
files' own statistics, so the rows are exactly those of the files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.engines.cells import OUTCOME_COLUMNS, PREDICTION_COLUMNS, CellsStep, CleanFile
from roi_pipeline.warehouse import exactly, parquet

NO_HORIZON_DAYS = 3650  # for rows of a system the portfolio does not name
DAY_US = 86_400_000_000
# Adding an interval to an instant asks the calendar; adding microseconds does not.
PREDICTION_LOG = """
select {columns},
    make_timestamp(epoch_us(p.predicted_at) + {horizon_days} * {day_us}) as horizon_at,
    {day} as day
from {source} as p
where {in_bucket}
"""
# A day less its place in the month is the month: a sixth of the cost of date_trunc.
OUTCOME_LOG = """
select {columns}, {day} as observed_on, {day} - cast(day({day}) - 1 as integer) as observed_month
from {source} as o
where o.observed_at < getvariable('as_of') and {in_bucket}
"""
# Columns that have one value, or none, in every row group of every file.
CONSTANTS = """
with chunk as (
    select
        path_in_schema as name,
        stats_min_value as value,
        coalesce(stats_null_count = num_values, false) as is_null,
        coalesce(stats_null_count = 0 and min_is_exact and max_is_exact
            and stats_min_value = stats_max_value, false) as is_one
    from parquet_metadata([{files}])
)
select name, case when bool_and(is_one) then any_value(value) end
from chunk
group by name
having bool_and(is_null) or (bool_and(is_one) and count(distinct value) = 1)
"""
# Where a zone's clock is moved; every zone moves it at a quarter of an hour.
CLOCK = """
with quarter as (
    select
        instant,
        epoch_us(timezone($zone, timezone('UTC', instant))) - epoch_us(instant) as ahead_us
    from range($first::timestamp, $after::timestamp, interval 15 minutes) as quarters(instant)
)
select epoch_us(instant), ahead_us
from quarter
qualify ahead_us is distinct from lag(ahead_us) over (order by instant)
order by instant
"""


@dataclass(frozen=True)
class Calendar:
    """The portfolio's clock over a span of time: (from, microseconds ahead of UTC) in order."""

    zone: str
    changes: tuple[tuple[int, int], ...] = ()
    after_us: int = 0

    def day(self, instant: str) -> str:
        """SQL of the calendar day of a UTC instant.

        Asking the zone costs 0.5 µs a row, so that is left to instants outside the span.

        >>> Calendar("UTC").day("at")
        'cast(at as date)'
        """
        if self.zone == "UTC":
            return f"cast({instant} as date)"
        us = f"epoch_us({instant})"
        ahead = " ".join(
            f"when {us} < {until} then {ahead_us}"
            for (_, ahead_us), (until, _) in zip(
                self.changes, [*self.changes[1:], (self.after_us, 0)], strict=True
            )
        )
        return (
            f"cast(case when {us} >= {self.changes[0][0]} and {us} < {self.after_us} "
            f"then make_timestamp({us} + case {ahead} end) "
            f"else timezone({_text(self.zone)}, timezone('UTC', {instant})) end as date)"
        )


def calendar(con: duckdb.DuckDBPyConnection, step: CellsStep) -> Calendar:
    """The clock from a month before the step's days to the last observation that can count."""
    if step.time_zone == "UTC":
        return Calendar("UTC")
    horizon = max(step.horizon_days.values(), default=0)
    after = min(step.last_day + timedelta(days=horizon + 32), step.as_of.date())
    first, after = (
        step.first_day - timedelta(days=32),
        max(after, step.last_day) + timedelta(days=2),
    )
    span = {"zone": step.time_zone, "first": first, "after": after}
    changes = con.execute(CLOCK, span).fetchall()
    after_us = (after - date(1970, 1, 1)) // timedelta(microseconds=1)
    return Calendar(step.time_zone, tuple(changes), after_us)


def logs(
    con: duckdb.DuckDBPyConnection, step: CellsStep, buckets: int, bucket: int
) -> dict[str, str]:
    """The queries of `prediction_log` and `outcome_log` over one hash bucket of ids."""
    clock = calendar(con, step)
    as_uuid = all(file.has_uuids for file in (*step.predictions, *step.outcomes))
    return {
        "prediction_log": PREDICTION_LOG.format(
            columns=_columns(con, "p", step.predictions, PREDICTION_COLUMNS),
            horizon_days=_horizon_days(step.horizon_days),
            day_us=DAY_US,
            day=clock.day("p.predicted_at"),
            source=_source(
                step.predictions, PREDICTION_COLUMNS, clock.day("predicted_at"), as_uuid
            ),
            in_bucket=_in_bucket("p", buckets, bucket),
        ),
        "outcome_log": OUTCOME_LOG.format(
            columns=_columns(con, "o", step.outcomes, OUTCOME_COLUMNS),
            day=clock.day("o.observed_at"),
            source=_source(step.outcomes, OUTCOME_COLUMNS, clock.day("observed_at"), as_uuid),
            in_bucket=_in_bucket("o", buckets, bucket),
        ),
    }


def _in_bucket(log: str, buckets: int, bucket: int) -> str:
    return f"hash({log}.prediction_id) % {buckets} = {bucket}" if buckets > 1 else "true"


def _horizon_days(days: Mapping[str, int]) -> str:
    """SQL of a row's horizon; a look-up in a list is done once a dictionary entry, not a row."""
    if len(set(days.values())) == 1:
        return str(next(iter(days.values())))
    known = ", ".join(map(_text, days))
    place = f"list_position([{known}]::varchar[], p.system_id)"
    listed = ", ".join(map(str, days.values()))
    return f"coalesce(list_extract([{listed}]::bigint[], {place}), {NO_HORIZON_DAYS})"


def _columns(
    con: duckdb.DuckDBPyConnection,
    log: str,
    files: Sequence[CleanFile],
    columns: Mapping[str, str],
) -> str:
    constants = _constants(con, files, columns)
    return ", ".join(f"{constants.get(name, f'{log}.{name}')} as {name}" for name in columns)


def _constants(
    con: duckdb.DuckDBPyConnection, files: Sequence[CleanFile], columns: Mapping[str, str]
) -> dict[str, str]:
    """SQL of the columns that need not be read, hashed or multiplied row by row.

    Labels and decimals only: the text of their statistics is their value.
    """
    if not files:
        return {}
    listed = ", ".join(_text(exactly(file.path)) for file in files)
    found = dict(con.execute(CONSTANTS.format(files=listed)).fetchall())
    return {
        name: f"cast({'null' if found[name] is None else _text(found[name])} as {kind})"
        for name, kind in columns.items()
        if name in found
        and name != "prediction_id"
        and (found[name] is None or kind.startswith(("varchar", "decimal")))
    }


def _source(files: Sequence[CleanFile], columns: Mapping[str, str], day: str, as_uuid: bool) -> str:
    """The rows of the clean files that count, or none of the same shape when nothing came.

    Ids are compared as UUIDs where every file of both logs has them, as text otherwise.
    """
    if not files:
        nulls = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns.items())
        return f"(select {nulls} where false)"
    named = ", ".join(
        "cast(prediction_id as varchar) as prediction_id"
        if column == "prediction_id" and not as_uuid
        else column
        for column in columns
    )
    parts = [
        f"select {named} from {_read(paths)}"  # noqa: S608
        for has in (True, False)
        if (paths := [f.path for f in files if f.months is None and f.has_uuids is has])
    ]
    parts += [
        f"select {named} from {_read([file.path])} where {_in_months(day, file.months)}"  # noqa: S608
        for file in files
        if file.months is not None
    ]
    return f"({' union all '.join(parts)})"


def _read(paths: Sequence[Path]) -> str:
    return parquet(*paths)


def _in_months(day: str, months: Sequence[date]) -> str:
    spans = (f"{day} between date '{m}' and date '{month_end(m)}'" for m in months)
    return f"({' or '.join(spans)})"


def around(first: date, last: date) -> str:
    """SQL that no prediction of these days fails in any zone, and by which row groups are skipped.

    >>> around(date(2026, 10, 1), date(2026, 10, 31))
    "predicted_at >= timestamp '2026-09-30' and predicted_at < timestamp '2026-11-02'"
    """
    start, after = first - timedelta(days=1), last + timedelta(days=2)
    return f"predicted_at >= timestamp '{start}' and predicted_at < timestamp '{after}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
