"""Closing the books: from then on a month says what it said, and what comes late is restated."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import duckdb

from roi_pipeline.books.scope import open_months
from roi_pipeline.books.session import Session
from roi_pipeline.errors import RoiError
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import (
    CHECK_RESULTS,
    CURRENT,
    MANIFEST,
    Edition,
    closed_months,
    current,
    ever_closed,
    note_closed,
)
from roi_pipeline.warehouse import parquet, rows, transaction


def close(session: Session, month: date, closed_by: str) -> list[date]:
    """Close the books up to `month`; returns the months newly closed, oldest first.

    What the ledger says of them is kept, and what arrives late becomes a restatement in the first
    open month. Raises RoiError when the month has not been published, or the books say something
    else of it by now than the edition does.
    """
    published = current(session.portfolio.marts)
    if published is None or f"{month:%Y-%m}" not in published.months:
        raise RoiError(f"{month:%Y-%m} has not been published: run it first, then close it")
    refuse_moved(session, published, ("ledger_monthly",), month)
    closing = [each for each in open_months(session.con, session.scope) if each <= month]
    live = rows(
        session.con, "select distinct delivery_id from delivery_months where is_live order by 1"
    )
    deliveries = [delivery for (delivery,) in live]
    with transaction(session.con):
        session.con.execute(
            "insert into closed_ledger by name select * from marts.ledger_monthly "
            "where list_contains($months, month)",
            {"months": closing},
        )
        for closed in closing:
            session.con.execute(
                "insert into closing values (?, ?, ?, ?, ?)",
                [closed, published.name, closed_by, datetime.now(UTC), deliveries],
            )
    note_closed(session.portfolio.marts, published, closed_months(session.con))
    return closing


def refuse_reopened(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> None:
    """Raise RoiError when the current edition says of a month that it is closed and the state does
    not: the state was lost or is older, and a run would publish the month as open again."""
    reopened = sorted(ever_closed(portfolio.marts) - {*closed_months(con)})
    if reopened:
        months = reopened[0] + (f" to {reopened[-1]}" if len(reopened) > 1 else "")
        raise RoiError(
            f"{portfolio.database}: the closing of {months} is missing, but {portfolio.marts} says "
            f"that it is closed ({CURRENT} and the {MANIFEST} of its editions): restore "
            f"{portfolio.state} from a backup made after the closing, then run again. A closed "
            "month cannot be opened again; nothing was published"
        )


def refuse_moved(
    opened: Session, edition: Edition, tables: Sequence[str], through: date | None
) -> None:
    """Raise RoiError when the books say something else than the edition that everybody reads.

    They do after a run that was refused or failed its checks: what it left was never published, so
    it must be neither closed nor published here. A look back works on a copy of the books.
    """
    moved = [name for name in tables if _differs(opened, edition, name, through)]
    if moved:
        raise RoiError(
            f"the books are not those of edition {edition.name} any more ({', '.join(moved[:5])} "
            "differ): a later run published nothing; run `roi-pipeline run` first"
        )


def _differs(opened: Session, edition: Edition, name: str, through: date | None) -> bool:
    """Whether a mart has other rows in the books than in the edition, up to a month."""
    file = (opened.portfolio.marts / edition.name / f"{name}.parquet").resolve()
    if not file.is_file():
        raise RoiError(f"{file}: is missing; run `roi-pipeline run`, which publishes it again")
    table = name if name == CHECK_RESULTS else f"marts.{name}"
    months = {column for column, *_ in rows(opened.con, f"describe {table}")}
    month = "month" if "month" in months else "month_last" if "month_last" in months else None
    last = through or opened.scope.months.last
    kept = f"where {month} <= date '{last.isoformat()}'" if month else ""
    published = f"select * from {parquet(file)} {kept}"  # noqa: S608
    columns = ", ".join(f'"{column}"' for column, *_ in rows(opened.con, f"describe {published}"))
    books = f"select {columns} from {table} {kept}"  # noqa: S608
    query = f"({books} except all {published}) union all ({published} except all {books})"
    (count,) = rows(opened.con, f"select count(*) from ({query})")[0]  # noqa: S608
    return bool(count)
