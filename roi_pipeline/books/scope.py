"""What a run is about: the months, the cut-off, and the portfolio's own settings, as small tables
that every model can read; and which months are closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import duckdb

from roi_pipeline.domain.calendar import Months, add_months
from roi_pipeline.models import Model
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import transaction

DDL = """
create table if not exists closing (
    month date primary key, edition varchar, closed_by varchar, closed_at timestamptz,
    live varchar[]
);
create table if not exists built (name varchar, month date, fingerprint varchar);
create or replace table setting (
    reporting_currency varchar, time_zone varchar, shared_outcomes varchar
);
create or replace table run_scope (as_of timestamp, as_of_on date);
create or replace table run_month (month date);
create or replace table expected_cost (category varchar, months integer);
create or replace table systems (
    system_id varchar, name varchar, scenario varchar, owner varchar, serving_mode varchar,
    invested_on date, live_on date, outcome_horizon_days integer,
    positive_decisions varchar[], positive_outcomes varchar[], cluster_by varchar
);
create or replace table scenario_metric (scenario varchar, metric varchar);
create or replace table billed_by (source_id varchar, provider varchar, bill varchar);
"""


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


def write(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
    scope: Scope,
) -> None:
    """Put the scope and the portfolio's systems where the models find them."""
    with transaction(con):
        con.execute(DDL)
        con.execute(
            "insert into setting values (?, ?, ?)",
            [portfolio.reporting_currency, portfolio.time_zone, portfolio.shared_outcomes],
        )
        here = scope.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(portfolio.time_zone))
        con.execute("insert into run_scope values (?, ?)", [scope.as_of, here.date()])
        con.executemany("insert into run_month values (?)", [[month] for month in scope.months])
        for category, months in sorted(portfolio.expected_costs.items()):
            con.execute("insert into expected_cost values (?, ?)", [category, months])
        con.executemany(
            "insert into systems values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [
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
                ]
                for system in portfolio.systems
            ],
        )
        needed = [[m.name, need.name] for m in models.values() for need in m.baseline]
        con.executemany("insert into scenario_metric values (?, ?)", needed)
        for source in portfolio.sources:
            for provider, bill in source.billed_by.items():
                named = [source.id, provider.lower(), bill]
                con.execute("insert into billed_by values (?, ?, ?)", named)


def closed_through(con: duckdb.DuckDBPyConnection) -> date | None:
    """The last closed month; every month up to it is closed too."""
    (month,) = con.execute("select max(month) from closing").fetchall()[0]
    return None if month is None else month


def open_months(con: duckdb.DuckDBPyConnection, scope: Scope) -> list[date]:
    """The months of the scope whose books are still open."""
    closed = closed_through(con)
    return [month for month in scope.months if closed is None or month > closed]
