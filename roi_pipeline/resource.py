"""Dagster's hold on the books: one open portfolio a run, for the months its partition asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from roi_pipeline import portfolio
from roi_pipeline.domain.calendar import add_months, month_of
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.pipeline.run import Run
from roi_pipeline.portfolio import Portfolio

PARTITION = "dagster/partition"
RANGE_FIRST = "dagster/asset_partition_range_start"
RANGE_LAST = "dagster/asset_partition_range_end"
AS_OF = "roi/as_of"


class Books(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The books of a portfolio, open for one run and closed at its end, also after a failure."""

    folder: str
    _run: Run = PrivateAttr()
    _months: tuple[date, date] = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Books"]:
        """Open the portfolio for the months of the run."""
        found = portfolio.load(Path(self.folder))
        tags = context.dagster_run.tags if context.dagster_run else {}
        first, last = asked_months(tags, found)
        as_of = datetime.fromisoformat(tags[AS_OF]) if AS_OF in tags else None
        with pipeline_run.opened(found, last, as_of) as opened:
            self._run, self._months = opened, (first, last)
            yield self

    @property
    def run(self) -> Run:
        """The open run."""
        return self._run

    @property
    def months(self) -> tuple[date, date]:
        """First and last month that this run was asked for."""
        return self._months


def asked_months(tags: "dict[str, str] | object", found: Portfolio) -> tuple[date, date]:
    """The months in a run's tags; without any, the last month that has ended."""
    given = dict(tags) if isinstance(tags, dict) else {}
    first = given.get(RANGE_FIRST) or given.get(PARTITION)
    last = given.get(RANGE_LAST) or given.get(PARTITION)
    if first and last:
        return date.fromisoformat(first), date.fromisoformat(last)
    ended = last_ended_month(found)
    return ended, ended


def last_ended_month(found: Portfolio, now: datetime | None = None) -> date:
    """The month before the one that is running in the portfolio's zone."""
    from zoneinfo import ZoneInfo

    instant = (now or datetime.now(UTC)).astimezone(ZoneInfo(found.time_zone))
    return add_months(month_of(instant.date()), -1)
