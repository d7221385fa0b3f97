"""How much of each month is known."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.calendar import month_end, months_between
from roi_pipeline.domain.development import maturities

MATURITY = {"month": pl.Date, "system_id": pl.String, "maturity": pl.Float64}


def maturity(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The share of its final outcomes that each month of each system has, and of the portfolio.

    1 once the horizon of the month's last day has passed, or when nothing is open any more; before,
    by how earlier months filled up (method §3.2); null while no month of the system is finished.
    """
    (as_of,) = con.execute("select as_of from run_scope").fetchall()[0]
    horizons = dict(con.execute("select system_id, outcome_horizon_days from systems").fetchall())
    horizons["portfolio"] = max(horizons.values())
    linked: dict[str, dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for system_id, month, observed_month, count in con.execute(
        """
        select coalesce(system_id, 'portfolio'), month, observed_month, sum(predictions)
        from outcome_cells where outcome_type = 'primary' and link = 'linked'
        group by grouping sets ((month, observed_month, system_id), (month, observed_month))
        """
    ).fetchall():
        linked[system_id][month][months_between(month, observed_month)] = int(count)
    closed = _with_nothing_open(con)
    rows: list[dict[str, Any]] = []
    for system_id in sorted(linked):
        months = sorted(linked[system_id])
        horizon = horizons.get(system_id, 0)
        shares = maturities(
            [triangle_row(linked[system_id][month], month, as_of) for month in months]
        )
        final = {
            month
            for month in months
            if (system_id, month) in closed or is_settled(month, horizon, as_of)
        }
        is_known = months[0] in final  # before, nobody knows how months end
        for month, share in zip(months, shares, strict=True):
            known = 1.0 if month in final else (share if is_known else None)
            rows.append({"month": month, "system_id": system_id, "maturity": known})
    return pl.DataFrame(rows, schema=MATURITY)


def triangle_row(
    by_age: Mapping[int, int] | Mapping[int, Decimal], month: date, as_of: datetime
) -> list[Decimal | None]:
    """What came in by age in months, cumulative, up to the age the cut-off allows."""
    last_known = (as_of - timedelta(microseconds=1)).date()
    age = months_between(month, last_known.replace(day=1))
    total, row = Decimal(0), list[Decimal | None]()
    for k in range(age + 1):
        total += by_age.get(k, 0)
        row.append(total)
    return row


def is_settled(month: date, horizon_days: int, as_of: datetime) -> bool:
    """Whether nothing that may still come can count: the horizon of the last day has passed."""
    return month_end(month) + timedelta(days=horizon_days + 1) <= as_of.date()


def _with_nothing_open(con: duckdb.DuckDBPyConnection) -> set[tuple[str, date]]:
    """The months of a system, and of the portfolio, in which every decision's outcome is known."""
    return {
        (system_id, month)
        for system_id, month in con.execute(
            """
            select coalesce(system_id, 'portfolio'), month from evidence_count
            group by grouping sets ((month, system_id), (month))
            having sum(acted) > 0 and sum(acted) = sum(linked)
            """
        ).fetchall()
    }
