"""Which months and which cut-off a command line asks for. The only place that reads the clock to
decide anything: which month is the last that has ended."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click

from roi_pipeline.domain.calendar import add_months, month_of, parse_month
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.pipeline.settings import first_month
from roi_pipeline.portfolio import Portfolio

AHEAD_MONTHS = 24  # further ahead than any clock is wrong: the year was mistyped


@dataclass(frozen=True)
class Asked:
    """The months of a run: up to `through`; `first` begins the range that was asked for."""

    through: date
    first: date | None
    as_of: datetime | None
    note: str | None = None


def asked(
    portfolio: Portfolio,
    month: str | None,
    first: str | None,
    last: str | None,
    as_of: str | None,
    now: datetime | None = None,
) -> Asked:
    """What --month, --from, --to and --as-of mean for a portfolio.

    Raises click.UsageError for options that contradict each other, ConfigurationError for a month
    before the first investment or far ahead.
    """
    if month and (first or last):
        raise click.UsageError("give --month, or --from and --to, not both")
    ended = last_ended(portfolio, now)
    given = month or last
    through = parse_month(given) if given else ended
    start = parse_month(first) if first else None
    earliest = first_month(portfolio)
    if through < earliest:
        raise ConfigurationError(
            f"{through:%Y-%m} is before the first investment of the portfolio ({earliest:%Y-%m}): "
            "ask for a later month, or correct invested_on in portfolio.yaml"
        )
    if start and start > through:
        raise ConfigurationError(
            f"months {start:%Y-%m} to {through:%Y-%m} end before they begin: swap them"
        )
    if through > add_months(ended, AHEAD_MONTHS):
        raise ConfigurationError(
            f"{through:%Y-%m} is years ahead; the last month that has ended is {ended:%Y-%m}"
        )
    note = None
    if through > ended:
        note = f"{through:%Y-%m} has not ended yet: its numbers will still change"
    return Asked(
        through,
        max(start, earliest) if start else None,
        instant(as_of, portfolio.time_zone) if as_of else None,
        note,
    )


def last_ended(portfolio: Portfolio, now: datetime | None = None) -> date:
    """The month before the one that is running in the portfolio's zone."""
    here = (now or datetime.now(UTC)).astimezone(ZoneInfo(portfolio.time_zone))
    return add_months(month_of(here.date()), -1)


def today(portfolio: Portfolio, now: datetime | None = None) -> date:
    """The day that it is in the portfolio's zone."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(portfolio.time_zone)).date()


def instant(text: str, time_zone: str) -> datetime:
    """A cut-off as naive UTC: a date means its midnight in the portfolio's zone.

    >>> instant("2026-10-01", "America/New_York"), instant("2026-10-01T02:00:00+02:00", "UTC")
    (datetime.datetime(2026, 10, 1, 4, 0), datetime.datetime(2026, 10, 1, 0, 0))
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is not None and len(text) == len("2026-10-01"):
        found = found.replace(tzinfo=ZoneInfo(time_zone))
    if found is None or found.tzinfo is None:
        raise ConfigurationError(
            f"--as-of {text!r} is not an instant: write 2026-11-01, or a time with its offset, "
            "2026-11-01T00:00:00Z"
        )
    return found.astimezone(UTC).replace(tzinfo=None)
