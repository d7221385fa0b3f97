"""Closing the books: from then on a month says what it said, and what comes late is restated."""

from datetime import UTC, date, datetime

from roi_pipeline.books.scope import open_months
from roi_pipeline.books.session import Session
from roi_pipeline.errors import RoiError
from roi_pipeline.publish.editions import current
from roi_pipeline.warehouse import rows, transaction


def close(session: Session, month: date, closed_by: str) -> list[date]:
    """Close the books up to `month`; returns the months newly closed, oldest first.

    What the ledger says of them is kept, and what arrives late becomes a restatement in the first
    open month. Raises RoiError when the month has not been published.
    """
    published = current(session.portfolio.marts)
    if published is None or f"{month:%Y-%m}" not in published.months:
        raise RoiError(f"{month:%Y-%m} has not been published: run it first, then close it")
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
    return closing
