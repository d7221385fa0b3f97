"""What a run knows before it reads any data: the months, the cut-off, the portfolio's own settings
and what was closed, as small tables that models read. They are leaves: their rows are
their content.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.domain.calendar import Months, add_months
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.journal import Closing
from roi_pipeline.portfolio import Portfolio

SHAPES: Mapping[str, str] = {
    "setting": "reporting_currency varchar, time_zone varchar, shared_outcomes varchar",
    "run_scope": "as_of timestamp, as_of_on date",
    "run_month": "month date",
    "expected_cost": "category varchar, months integer",
    "systems": "system_id varchar, name varchar, scenario varchar, owner varchar, "
    "serving_mode varchar, invested_on date, live_on date, outcome_horizon_days integer, "
    "positive_decisions varchar[], positive_outcomes varchar[], cluster_by varchar",
    "scenario_metric": "scenario varchar, metric varchar",
    "billed_by": "source_id varchar, provider varchar, bill varchar",
    "closing": "month date, edition varchar, closed_by varchar, closed_at timestamptz, "
    "live varchar[]",
}
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Scope:
    """The months an edition covers, and how far the truth was known (`as_of`, exclusive, UTC)."""

    months: Months
    as_of: datetime

    @classmethod
    def through(cls, portfolio: Portfolio, last: date, as_of: datetime | None = None) -> "Scope":
        """From the first investment to `last`; what came true until that month ended, in the
        portfolio's zone, is known."""
        end, zone = add_months(last, 1), ZoneInfo(portfolio.time_zone)
        midnight = datetime(end.year, end.month, 1, tzinfo=zone).astimezone(UTC)
        return cls(Months(first_month(portfolio), last), as_of or midnight.replace(tzinfo=None))


def first_month(portfolio: Portfolio) -> date:
    """The month of the earliest investment: month 0 of the portfolio's cash view."""
    return min(system.invested_on for system in portfolio.systems).replace(day=1)


def rows_of(
    portfolio: Portfolio,
    tables: Mapping[str, Table],
    scope: Scope,
    closings: Mapping[date, Closing],
) -> dict[str, Rows]:
    """The rows of every settings table, in a fixed order."""
    here = scope.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(portfolio.time_zone))
    return {
        "setting": [(portfolio.reporting_currency, portfolio.time_zone, portfolio.shared_outcomes)],
        "run_scope": [(scope.as_of, here.date())],
        "run_month": [(month,) for month in scope.months],
        "expected_cost": sorted(portfolio.expected_costs.items()),
        "systems": [
            (
                system.id,
                system.name,
                system.scenario,
                system.owner,
                system.serving_mode,
                system.invested_on,
                system.live_on,
                system.outcome_horizon_days,
                list(system.positive.decision) if system.positive else None,
                list(system.positive.outcome) if system.positive else None,
                system.cluster_by,
            )
            for system in portfolio.systems
        ],
        "scenario_metric": [
            (table.name, need.name) for table in tables.values() for need in table.baseline
        ],
        "billed_by": [
            (source.id, provider.lower(), bill)
            for source in portfolio.sources
            for provider, bill in source.billed_by.items()
        ],
        "closing": [
            (c.month, c.edition, c.closed_by, c.closed_at, list(c.deliveries))
            for c in closings.values()
        ],
    }


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the settings tables, empty."""
    for name, shape in SHAPES.items():
        warehouse.create_empty(con, name, shape)


def write(con: duckdb.DuckDBPyConnection, rows: Mapping[str, Rows]) -> None:
    """Make the settings tables and fill them."""
    create_tables(con)
    for name, given in rows.items():
        warehouse.insert_rows(con, name, given)


def checksum(rows: Rows) -> str:
    """Checksum of the rows of a settings table."""
    return sha256(json.dumps(rows, default=str).encode()).hexdigest()
