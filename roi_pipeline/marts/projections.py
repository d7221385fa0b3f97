"""Where each system is heading if nothing is changed: the cumulative net as a fan (method §5.3).

Said from the newest month only: a forecast made for a month long past would be made with today's
knowledge. What a closed month forecast stays with it.
"""

from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.simulation import DRAWS, PERCENTILES, Expected, Fan, fan
from roi_pipeline.marts.economics import MONEY, cents, read
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.outlook import Outlook, look_ahead, read_versions
from roi_pipeline.marts.terms import Terms

HORIZON = 24  # months; term projection_months
PROJECTION: dict[str, Any] = {
    "month": pl.Date,
    "system_id": pl.String,
    "horizon_month": pl.Date,
    **{f"cumulative_net_p{p}": MONEY for p in PERCENTILES},
    "cumulative_net_mean": MONEY,
    **dict.fromkeys(("probability_breakeven", "probability_recovered"), pl.Float64),
    **dict.fromkeys(("expected_quality", "quality_low", "quality_high"), pl.Float64),
    "missing_reason": pl.String,
    **dict.fromkeys(("draws", "seed"), pl.Int64),
    "currency": pl.String,
}


def projection_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Where a system's cumulative net is heading, month by month, if nothing is changed."""
    (currency,) = con.execute("select reporting_currency from setting").fetchall()[0]
    rows: list[dict[str, Any]] = []
    for ahead, now, months in newest(con):
        shared = {"month": ahead.month, "system_id": ahead.system_id, "currency": currency}
        if ahead.base is None:
            later = {"horizon_month": add_months(ahead.month, 1)}
            rows.append(shared | later | {"missing_reason": ahead.missing_reason})
            continue
        shared |= {"draws": DRAWS, "seed": ahead.seed}
        rows.extend(shared | row for row in _rows(ahead, simulate(ahead, now, months), months))
    return pl.DataFrame(rows, schema=PROJECTION)


def newest(con: duckdb.DuckDBPyConnection) -> list[tuple[Outlook, float, int]]:
    """The outlook of every system from the newest month, its cumulative net, and the horizon."""
    terms, versions = Terms.read(con), read_versions(con)
    (last,) = con.execute("select max(month) from run_month").fetchall()[0]
    found = []
    for system_id, months in read(con).items():
        if months[-1].month == last:
            ahead = look_ahead(system_id, months, versions.get(system_id, {}), terms)
            horizon = int(terms.number(system_id, last, "projection_months", HORIZON))
            found.append((ahead, float(months[-1].cumulative_net), horizon))
    return found


def simulate(ahead: Outlook, now: float, months: int, draws: int = DRAWS) -> Fan:
    """The fan of an outlook that has a base."""
    base = ahead.base
    assert base is not None  # noqa: S101
    quality, error = ahead.quality(months)
    expected = Expected(
        float(base.volume),
        float(base.unit_value),
        float(base.error_cost),
        float(base.cost),
        ahead.fixed,
        quality,
        error,
        ahead.volume_error,
        ahead.value_error,
        ahead.cost_error,
        ahead.month_error,
        ahead.freedom,
        ahead.correlation,
    )
    return fan(expected, now, ahead.hurdle, ahead.seed, draws)


def _rows(ahead: Outlook, found: Fan, months: int) -> list[dict[str, Any]]:
    quality, error = ahead.quality(months)
    return [
        {
            "horizon_month": add_months(ahead.month, k + 1),
            **{f"cumulative_net_p{p}": cents(found.percentiles[p][k]) for p in PERCENTILES},
            "cumulative_net_mean": cents(found.mean[k]),
            "probability_breakeven": rounded(found.reached[k]),
            "probability_recovered": rounded(found.standing[k]),
            "expected_quality": rounded(float(quality[k])),
            "quality_low": rounded(max(float(quality[k] - 1.645 * error[k]), 0.0)),
            "quality_high": rounded(min(float(quality[k] + 1.645 * error[k]), 1.0)),
        }
        for k in range(months)
    ]
