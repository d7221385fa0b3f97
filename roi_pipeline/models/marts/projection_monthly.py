"""Where the cumulative net is heading if nothing is changed."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import projections
from roi_pipeline.models.table import Read, table


@table(
    grain=("month", "system_id", "horizon_month"),
    columns=projections.PROJECTION,
    reads=(
        "degradation_monthly",
        "economics_monthly",
        "roi_monthly",
        "run_month",
        "setting",
        "terms",
    ),
)
def projection_monthly(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """Where the cumulative net is heading if nothing is changed."""
    return projections.projection_monthly(read, months)
