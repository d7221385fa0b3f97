"""Closing months: from then on a month says what it said, and what comes late is restated.

The rows of the month in every mart are copied out of the edition it is closed with; the journal
names each copy by its checksum. Both are as durable as the deliveries.
"""

from datetime import date

from roi_pipeline import files, warehouse
from roi_pipeline.domain.calendar import Months
from roi_pipeline.errors import RoiError
from roi_pipeline.models import registry
from roi_pipeline.pipeline.closed_months import CLOSED, refuse_lost
from roi_pipeline.pipeline.journal import CLOSE, Journal, closing_body
from roi_pipeline.pipeline.settings import first_month
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition


def close(portfolio: Portfolio, month: date, closed_by: str) -> list[date]:
    """Close every open month up to `month`; returns the months newly closed, oldest first.

    Raises RoiError when the month has not been published or the edition is damaged.
    """
    command = f"roi-pipeline run --month {month:%Y-%m}"
    unpublished = RoiError(f"{month:%Y-%m} has not been published: run `{command}`, then close it")
    if editions.current(portfolio.marts) is None:
        raise unpublished
    with editions.publishing(portfolio.marts):
        edition = editions.current(portfolio.marts)
        if edition is None or f"{month:%Y-%m}" not in edition.months:
            raise unpublished
        journal = Journal(portfolio.state / "journal")
        refuse_lost(portfolio, journal.closings())
        months = Months(first_month(portfolio), month)
        closing = [each for each in months if each not in journal.closings()]
        if closing:
            editions.verify(portfolio.marts / edition.name, edition.tables)
            kept = {each: _keep(portfolio, edition, each) for each in closing}
            body = closing_body(edition.name, edition.deliveries, kept)
            journal.append(CLOSE, closed_by, body)
            named = tuple(f"{each:%Y-%m}" for each in journal.closings())
            editions.note_closed(portfolio.marts, edition, named)
    return closing


def _keep(portfolio: Portfolio, edition: Edition, month: date) -> dict[str, str]:
    """Copy a month's rows of every mart that keeps them; the checksum of each copy by its table."""
    folder = portfolio.state / CLOSED / f"{month:%Y-%m}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tables = registry.load(portfolio.folder / "sql")
    kept = {}
    with warehouse.opened(portfolio) as con:
        for name in edition.tables:
            if name not in tables or not tables[name].keeps_closed_months:
                continue
            target = folder / f"{name}.parquet"
            rows = warehouse.files_query([portfolio.marts / edition.name / f"{name}.parquet"])
            with files.replacing(target) as part:
                warehouse.write_parquet(con, warehouse.in_months(rows, [month]), part)
                part.chmod(0o400)
                kept[name] = files.sha256_of(part)
    return kept
