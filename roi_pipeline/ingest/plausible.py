"""Is a bill whole? Its number of rows beside that of the bill it replaces (promise 6).

A CSV that was cut between two lines looks whole. Where the sender gives no manifest, the rows of
the same month delivered before, or of the month before, are the only witness.
"""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest import accounts
from roi_pipeline.ingest.discovery import Found
from roi_pipeline.ingest.months import MonthRows

WARN_BELOW = 0.8
REFUSE_BELOW = 0.5
_TOO_FEW_TO_TELL = 100


def compare(
    con: duckdb.DuckDBPyConnection,
    found: Found,
    months: Sequence[MonthRows],
    version_at: datetime,
    held: Sequence[Sequence[str]],
) -> list[str]:
    """Warnings about months with fewer than 80 % of the rows that the accounts it holds (`held`)
    had, or had in the month before.

    Raises DataRefused below 50 % for a month that is over. Only for files that replace others and
    are exports of their own: the parts of an export may have any size.
    """
    if found.source.mechanism != "overwrite" or found.export_group != found.path:
        return []
    warnings = []
    for part in months:
        if part.month is None:
            continue
        pairs = [(account, below) for said, account, below, *_ in held if said == str(part.month)]
        before, what = _before(con, found, part.month, pairs)
        if before < _TOO_FEW_TO_TELL or part.rows >= WARN_BELOW * before:
            continue
        told = f"{found.path}: {part.rows} rows for {part.month:%Y-%m}, {before} {what}: is it cut?"
        is_over = version_at.date() >= add_months(part.month, 1)
        if is_over and part.rows < REFUSE_BELOW * before:
            raise DataRefused(f"{told} If it is whole, put a manifest with its rows beside it")
        warnings.append(told)
    return warnings


def _before(
    con: duckdb.DuckDBPyConnection, found: Found, month: date, pairs: Sequence[accounts.Pair]
) -> tuple[int, str]:
    for earlier, what in ((month, "when delivered before"), (add_months(month, -1), "a month ago")):
        if pairs and (rows := accounts.rows_of(con, found.source.id, earlier, pairs)):
            return rows, what
        if pairs:
            continue
        ((rows,),) = con.execute(
            "select coalesce(sum(rows), 0) from delivery_months "
            "join deliveries using (dataset, delivery_id) "
            "where dataset = ? and source_id = ? and month = ? and is_live",
            [found.source.dataset, found.source.id, earlier],
        ).fetchall()
        if rows:
            return int(rows), what
    return 0, ""
