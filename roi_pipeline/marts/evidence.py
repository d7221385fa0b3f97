"""How much of each month is known, and how right the models were."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.calendar import month_end, months_between
from roi_pipeline.domain.development import maturities
from roi_pipeline.domain.uncertainty import wilson

MATURITY = {"month": pl.Date, "system_id": pl.String, "maturity": pl.Float64}
QUALITY = {
    "month": pl.Date,
    "system_id": pl.String,
    "model_version": pl.String,
    **dict.fromkeys(("n", "tp", "fp", "fn", "tn", "correct"), pl.Int64),
    **dict.fromkeys(
        (
            *("accuracy", "accuracy_low", "accuracy_high"),
            *("precision", "precision_low", "precision_high"),
            *("recall", "recall_low", "recall_high"),
        ),
        pl.Float64,
    ),
}


def maturity(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The share of its final outcomes that each month of each system has, and of the portfolio.

    1 once the horizon of the month's last day has passed; before, by how earlier months filled up
    (method §3.2); null while no month of the system has run its whole horizon.
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
    rows: list[dict[str, Any]] = []
    for system_id in sorted(linked):
        months = sorted(linked[system_id])
        horizon = horizons.get(system_id, 0)
        shares = maturities([_row(linked[system_id][month], month, as_of) for month in months])
        is_known = _is_settled(months[0], horizon, as_of)  # before, nobody knows how months end
        for month, share in zip(months, shares, strict=True):
            settled = 1.0 if _is_settled(month, horizon, as_of) else None
            known = settled or (share if is_known else None)
            rows.append({"month": month, "system_id": system_id, "maturity": known})
    return pl.DataFrame(rows, schema=MATURITY)


def quality_monthly(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Counts and rates a model version and month, with Wilson bounds (method §4.2).

    A class that did not occur is 0; a rate without a denominator is null.
    """
    rows = []
    for month, system_id, version, n, tp, fp, fn, tn, judged, correct, labelled in con.execute(
        """
        select month, system_id, model_version, n, tp, fp, fn, tn, judged, correct, labelled
        from quality_count order by all
        """
    ).fetchall():
        tp, fp, fn, tn, judged, correct, labelled = (
            int(count or 0) for count in (tp, fp, fn, tn, judged, correct, labelled)
        )
        right, seen = (tp + tn, judged) if judged else (correct, labelled)
        rows.append(
            {
                "month": month,
                "system_id": system_id,
                "model_version": version,
                "n": int(n),
                **({"tp": tp, "fp": fp, "fn": fn, "tn": tn} if judged else {}),
                "correct": right if seen else None,
                **_rate("accuracy", right, seen),
                **_rate("precision", tp, tp + fp),
                **_rate("recall", tp, tp + fn),
            }
        )
    return pl.DataFrame(rows, schema=QUALITY)


def _row(by_age: dict[int, int], month: date, as_of: datetime) -> list[Decimal | None]:
    """Linked outcomes by age in months, cumulative, up to the age the cut-off allows."""
    last_known = (as_of - timedelta(microseconds=1)).date()
    age = months_between(month, last_known.replace(day=1))
    total, row = Decimal(0), list[Decimal | None]()
    for k in range(age + 1):
        total += by_age.get(k, 0)
        row.append(total)
    return row


def _is_settled(month: date, horizon_days: int, as_of: datetime) -> bool:
    """Whether nothing that may still come can count: the horizon of the last day has passed."""
    return month_end(month) + timedelta(days=horizon_days + 1) <= as_of.date()


def _rate(name: str, hits: int, n: int) -> dict[str, float | None]:
    bounds = wilson(hits, n) if n else None
    return {
        name: round(hits / n, 6) if n else None,
        f"{name}_low": round(bounds.low, 6) if bounds else None,
        f"{name}_high": round(bounds.high, 6) if bounds else None,
    }
